use std::time::Duration;

use http::{Response, StatusCode};
use oci_client_core::transport::Body;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::auth::Action;
use crate::hooks::{PullLimit, RequestRate, plain, refuse};

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("library"),
        hooks,
        host: "docker.io",
        logins: &[Login::Password("tester", PASSWORD)],
        name: "docker-hub",
        origins: Origins::new("https://registry-1.docker.io")
            .with_token("https://auth.docker.io")
            .with_content("https://production.cloudflare.docker.com")
            .with_content("https://docker-images-prod.r2.cloudflarestorage.com"),
        owner: owner("tester").and_below("library", &[Action::Pull]),
        repository: "tester/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(300),
            path: "/token",
            service: "registry.docker.io",
        },
    }
}

fn hooks(setting: &Setting) -> Hooks {
    Hooks::new()
        .before(RequestRate {
            window: setting.window(REQUESTS, Duration::from_secs(60)),
            refusal: abuse,
        })
        .after(PullLimit {
            window: setting.window(PULLS, Duration::from_secs(6 * 3600)),
            refusal: too_many_pulls,
        })
        .after(setting.redirect(StatusCode::TEMPORARY_REDIRECT, false))
}

fn abuse() -> Response<Body> {
    plain(StatusCode::TOO_MANY_REQUESTS, "text/plain", "Too Many Requests\n")
}

fn too_many_pulls() -> Response<Body> {
    let message = "the limit of pulls is reached; log in or wait";
    refuse(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", message)
}

/// How many manifests can be pulled in six hours.
const PULLS: u64 = 100;
/// How many requests are answered in a minute.
const REQUESTS: u64 = 600;
