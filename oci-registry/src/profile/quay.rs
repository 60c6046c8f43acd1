use std::time::Duration;

use async_trait::async_trait;
use http::{Request, StatusCode};
use oci_client_core::transport::Body;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::auth::{Form, Scope};
use crate::hooks::{Answer, Hook, KnownTypes, Mounts, Next, NoReferrers, OpaquePages, set_target};

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("acme/public"),
        hooks,
        host: "quay.io",
        logins: &[Login::Password("acme+robot", PASSWORD)],
        name: "quay",
        origins: Origins::new("https://quay.io").with_content("https://cdn01.quay.io"),
        owner: owner("acme"),
        repository: "acme/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(3600),
            path: "/v2/auth",
            service: "quay.io",
        },
    }
}

pub(super) fn self_hosted() -> Profile {
    Profile {
        hooks: self_hosted_hooks,
        host: "quay.example.com",
        name: "quay-self-hosted",
        origins: Origins::new("https://quay.example.com").with_content("https://storage.example.com"),
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(3600),
            path: "/v2/auth",
            service: "quay.example.com",
        },
        ..profile()
    }
}

fn hooks(setting: &Setting) -> Hooks {
    Hooks::new()
        .deletes_need(&["pull", "push"])
        .after(Mounts::From)
        .after(OpaquePages { entries: 50 })
        .after(setting.redirect(StatusCode::FOUND, true))
        .token(NoDeleteScope)
}

fn self_hosted_hooks(setting: &Setting) -> Hooks {
    hooks(setting).after(KnownTypes { known: IMAGES }).after(NoReferrers {
        status: 404,
        claims_subject: false,
    })
}

/// Gives whoever asks for `delete` a token that allows nothing.
struct NoDeleteScope;

#[async_trait]
impl Hook for NoDeleteScope {
    async fn answer(&self, mut request: Request<Body>, next: Next<'_>) -> Answer {
        let form = Form::parse(request.uri().query().unwrap_or_default().as_bytes());
        let asked = form.all("scope").flat_map(str::split_ascii_whitespace);
        if asked.filter_map(Scope::parse).any(|scope| scope.has("delete")) {
            let pairs = request.uri().query().unwrap_or_default().split('&');
            let kept: Vec<&str> = pairs.filter(|pair| !pair.starts_with("scope=")).collect();
            let target = format!("{}?{}", request.uri().path(), kept.join("&"));
            set_target(&mut request, &target);
        }
        next.run(request).await
    }
}

/// The types of images, which registries took before there were artifacts.
const IMAGES: &[&str] = &[
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.oci.image.config.v1+json",
];
