use std::time::Duration;

use async_trait::async_trait;
use http::{Method, Request, StatusCode};
use oci_client_core::transport::Body;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::auth::Form;
use crate::hooks::{Answer, Hook, Next, refuse};

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("public"),
        hooks,
        host: "tester.azurecr.io",
        logins: &[
            Login::Password("tester", PASSWORD),
            Login::Issued("00000000-0000-0000-0000-000000000000"),
            Login::RefreshToken("tester"),
        ],
        name: "acr",
        origins: Origins::new("https://tester.azurecr.io").with_content("https://tester.blob.core.windows.net"),
        owner: owner(""),
        repository: "app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(4500),
            path: "/oauth2/token",
            service: "tester.azurecr.io",
        },
    }
}

fn hooks(setting: &Setting) -> Hooks {
    Hooks::new()
        .after(setting.redirect(StatusCode::TEMPORARY_REDIRECT, false))
        .token(NoPasswordGrant)
}

/// Takes passwords by GET only.
struct NoPasswordGrant;

#[async_trait]
impl Hook for NoPasswordGrant {
    async fn answer(&self, request: Request<Body>, next: Next<'_>) -> Answer {
        if request.method() != Method::POST {
            return next.run(request).await;
        }
        let (parts, body) = request.into_parts();
        let bytes = body.collect(FORM_LIMIT).await?;
        if Form::parse(&bytes).first("grant_type") == Some("password") {
            let message = "this grant type is not supported";
            return Ok(refuse(StatusCode::BAD_REQUEST, "UNSUPPORTED", message));
        }
        next.run(Request::from_parts(parts, bytes.into())).await
    }
}

/// The largest form that is read.
const FORM_LIMIT: usize = 64 * 1024;
