use std::time::Duration;

use http::{Method, Request, StatusCode};
use oci_client_core::transport::Body;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::auth::Action;
use crate::hooks::{Cookies, Refuse, Reword, UnlikeHeads};

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("public"),
        hooks,
        host: "harbor.example.com",
        logins: &[
            Login::Password("tester", PASSWORD),
            Login::Password("robot$library+ci", PASSWORD),
        ],
        name: "harbor",
        origins: Origins::new("https://harbor.example.com"),
        owner: owner("library")
            .and_below("proxy", &[Action::Pull, Action::Push])
            .and_below("quarantine", &[Action::Pull, Action::Push]),
        repository: "library/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(1800),
            path: "/service/token",
            service: "harbor-registry",
        },
    }
}

fn hooks(_: &Setting) -> Hooks {
    Hooks::new()
        .before(Cookies)
        .after(Refuse {
            when: writes_to_proxy,
            status: 403,
            code: "DENIED",
            message: "nothing can be pushed to a proxy project",
        })
        .after(Refuse {
            when: reads_quarantine,
            status: 412,
            code: "PROJECTPOLICYVIOLATION",
            message: "the policy of the project holds the image back",
        })
        .after(Reword {
            when: |_, _| true,
            from: StatusCode::NOT_FOUND,
            status: StatusCode::NOT_FOUND,
            code: "UNKNOWN",
            message: "not found",
        })
        .after(UnlikeHeads)
}

fn writes_to_proxy(request: &Request<Body>) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    request.uri().path().starts_with("/v2/proxy/") && !reads
}

fn reads_quarantine(request: &Request<Body>) -> bool {
    let path = request.uri().path();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    path.starts_with("/v2/quarantine/") && path.contains("/manifests/") && reads
}
