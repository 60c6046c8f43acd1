use std::time::Duration;

use http::{Method, StatusCode};

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::auth::Action;
use crate::hooks::{DigestsAmongTags, ExactAccept, KnownBlobs, LastChunkOnly, Mounts, NoReferrers, Reword};

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("public"),
        hooks,
        host: "docker.artifactory.example.com",
        logins: &[Login::Password("tester", PASSWORD)],
        name: "artifactory",
        origins: Origins::new("https://docker.artifactory.example.com")
            .with_token("https://artifactory.example.com:443"),
        owner: owner("docker-local").and_below("docker-remote", &[Action::Pull]),
        repository: "docker-local/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(3600),
            path: "/artifactory/api/docker/docker/v2/token",
            service: "artifactory.example.com:443",
        },
    }
}

fn hooks(_: &Setting) -> Hooks {
    Hooks::new()
        .after(Reword {
            when: reads_remote_tag,
            from: StatusCode::NOT_FOUND,
            status: StatusCode::FORBIDDEN,
            code: "DENIED",
            message: "the manifest could not be downloaded",
        })
        .after(Reword {
            when: |method, path| method == Method::PUT && path.contains("/manifests/"),
            from: StatusCode::BAD_REQUEST,
            status: StatusCode::BAD_REQUEST,
            code: "MANIFEST_INVALID",
            message: "manifest invalid",
        })
        .after(ExactAccept)
        .after(NoReferrers {
            status: 406,
            claims_subject: false,
        })
        .after(LastChunkOnly::new())
        .after(Mounts::Never)
        .after(KnownBlobs::new())
        .after(DigestsAmongTags::new())
}

fn reads_remote_tag(method: &Method, path: &str) -> bool {
    let tag = path.rsplit_once("/manifests/").map(|(_, tag)| tag);
    let reads = matches!(*method, Method::GET | Method::HEAD);
    reads && path.starts_with("/v2/docker-remote/") && tag.is_some_and(|tag| !tag.contains(':'))
}
