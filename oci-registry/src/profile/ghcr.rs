use std::time::Duration;

use async_trait::async_trait;
use http::header::AUTHORIZATION;
use http::{Method, Request, Response, StatusCode};
use oci_client_core::transport::Body;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::auth::{Form, Scope};
use crate::hooks::{
    Answer, ChunkLimit, EmptyLastPage, Hook, Next, NoReferrers, Refuse, RequestRate, UploadState, refuse,
};
use crate::registry::Registry;

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("tester/public"),
        hooks,
        host: "ghcr.io",
        logins: &[Login::Password("tester", PASSWORD)],
        name: "ghcr",
        origins: Origins::new("https://ghcr.io"),
        owner: owner("tester"),
        repository: "tester/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(300),
            path: "/token",
            service: "ghcr.io",
        },
    }
}

fn hooks(setting: &Setting) -> Hooks {
    Hooks::new()
        .before(RequestRate {
            window: setting.window(REQUESTS, Duration::from_secs(60)),
            refusal: too_many,
        })
        .before(UploadState)
        .after(Refuse {
            when: |request| request.method() == Method::DELETE && !request.uri().path().contains("/uploads/"),
            status: 405,
            code: "UNSUPPORTED",
            message: "the operation is unsupported",
        })
        .after(ChunkLimit {
            bytes: 4 << 20,
            message: "the chunk is too large: it must be smaller than 4.00MiB",
        })
        .after(NoReferrers {
            status: 404,
            claims_subject: false,
        })
        .after(EmptyLastPage)
        .token(UnknownPackages {
            registry: setting.registry.clone(),
        })
}

/// Gives no token without an account for a package that is not there.
struct UnknownPackages {
    registry: Registry,
}

impl UnknownPackages {
    async fn has(&self, scope: &Scope) -> bool {
        let path = format!("/v2/{}/tags/list?n=0", scope.name());
        let Ok(request) = Request::get(path).body(Body::empty()) else {
            return false;
        };
        self.registry.handle(request).await.status() == StatusCode::OK
    }
}

#[async_trait]
impl Hook for UnknownPackages {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if request.headers().contains_key(AUTHORIZATION) {
            return next.run(request).await;
        }
        let query = request.uri().query().unwrap_or_default();
        let form = Form::parse(query.as_bytes());
        for scope in form.all("scope").filter_map(Scope::parse) {
            if !self.has(&scope).await {
                let message = "requested access to the resource is denied";
                return Ok(refuse(StatusCode::FORBIDDEN, "DENIED", message));
            }
        }
        next.run(request).await
    }
}

fn too_many() -> Response<Body> {
    let message = format!("retry later; allowed: {REQUESTS}/minute");
    refuse(StatusCode::TOO_MANY_REQUESTS, "TOOMANYREQUESTS", &message)
}

/// How many requests are answered in a minute.
const REQUESTS: u64 = 600;
