//! A registry that wants a token for everything, and does its best to have the secrets told elsewhere.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use http::{Method, Request, Response};
use oci_client_core::Error;
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::Registry;
use test_support::{Canary, Recorder, Rng};

use crate::support::ORIGIN;

/// Where the content of blobs is.
pub(super) const CDN: &str = "https://cdn.test";

/// Where nothing should go that is secret.
pub(super) const EVIL: &str = "https://evil.test";

/// Everything that nobody else may see.
#[derive(Clone)]
pub(super) struct Secrets {
    pub(super) password: Canary,
    refresh: Canary,
    signature: Canary,
    token: Canary,
}

impl Secrets {
    pub(super) fn new() -> Self {
        Self {
            password: Canary::new(),
            refresh: Canary::new(),
            signature: Canary::new(),
            token: Canary::new(),
        }
    }

    pub(super) fn assert_absent_from(&self, place: &str, text: &[u8]) {
        for canary in self.all() {
            canary.assert_absent_from(place, [text]);
        }
    }

    pub(super) fn assert_absent_from_error(&self, error: &Error) {
        for canary in self.all() {
            canary.assert_absent_from_error(error);
        }
        self.assert_absent_from("the URL of an error", error.url().unwrap_or_default().as_bytes());
    }

    /// That each went to its own origin, and to no other.
    pub(super) fn assert_confined<T: Transport>(&self, recorder: &Recorder<T>) {
        for canary in [&self.password, &self.refresh, &self.token] {
            recorder.assert_confined(canary, &[ORIGIN]);
        }
        recorder.assert_confined(&self.signature, &[CDN]);
    }

    const fn all(&self) -> [&Canary; 4] {
        [&self.password, &self.refresh, &self.signature, &self.token]
    }
}

#[derive(Clone)]
pub(super) struct Trap {
    /// It has a referrers API.
    lists_referrers: bool,
    registry: Registry,
    rng: Arc<Mutex<Rng>>,
    secrets: Secrets,
}

impl Trap {
    pub(super) fn new(registry: Registry, secrets: Secrets, seed: u64) -> Self {
        let rng = Arc::new(Mutex::new(Rng::new(seed)));
        Self {
            lists_referrers: seed.is_multiple_of(2),
            registry,
            rng,
            secrets,
        }
    }

    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let uri = request.uri();
        let origin = format!("{}://{}", uri.scheme_str().unwrap(), uri.authority().unwrap());
        let path = uri.path().to_owned();
        match (origin.as_str(), path.as_str()) {
            (CDN, _) if self.dice(5) == 0 => Ok(answer(403, &[], "<Error>expired</Error>")),
            (CDN, _) => self.registry.send(request).await,
            (ORIGIN, "/token") => Ok(self.token()),
            (ORIGIN, _) if !self.has_token(&request) => Ok(challenge("Bearer", ORIGIN)),
            (ORIGIN, _) if self.dice(6) == 0 => Ok(self.trick()),
            (ORIGIN, _) if request.method() == Method::GET && path.contains("/blobs/sha256:") => {
                let signature = self.secrets.signature.text();
                let location = format!("{CDN}{path}?X-Amz-Signature={signature}&X-Amz-Expires=60");
                Ok(answer(307, &[("location", &location)], ""))
            }
            (ORIGIN, _) if path.contains("/referrers/") && !self.lists_referrers => Ok(answer(404, &[], "")),
            (ORIGIN, _) => {
                let mut response = self.registry.send(request).await?;
                if !self.lists_referrers {
                    response.headers_mut().remove("oci-subject");
                }
                Ok(response)
            }
            _ => Ok(self.lure()),
        }
    }

    /// An answer of the token endpoint: most often a token.
    fn token(&self) -> Response<Body> {
        let (token, refresh) = (self.secrets.token.text(), self.secrets.refresh.text());
        let given = format!(r#"{{"token":"{token}","refresh_token":"{refresh}","expires_in":300}}"#);
        match self.dice(20) {
            0 => answer(401, &[], &given),
            1 => answer(307, &[("location", &format!("{EVIL}/token"))], ""),
            2 => answer(200, &[], &given.replace('}', "")),
            3 => answer(200, &[], &given.replace("300", "[]")),
            4 => answer(200, &[], &given.replace(token, &format!("{token}\\n"))),
            5 => answer(503, &[], &given),
            _ => answer(200, &[], &given),
        }
    }

    fn has_token(&self, request: &Request<Body>) -> bool {
        let expected = format!("Bearer {}", self.secrets.token.text());
        request
            .headers()
            .get("authorization")
            .is_some_and(|value| *value == *expected)
    }

    /// An answer of the registry that leads away from what was asked for.
    fn trick(&self) -> Response<Body> {
        let page = r#"{"name":"app","tags":["a"],"repositories":["a"],"manifests":[],"schemaVersion":2}"#;
        let next = format!("<{EVIL}/v2/next>; rel=\"next\"");
        match self.dice(14) {
            0..4 => answer(307, &[("location", &format!("{EVIL}/there"))], ""),
            4 => answer(307, &[("location", "http://registry.test/there")], ""),
            5 => answer(307, &[("location", "https://registry.test:444/there")], ""),
            6 => answer(308, &[("location", "https://me:pw@registry.test/there")], ""),
            7 => challenge("Bearer", EVIL),
            8 => challenge("Basic", ORIGIN),
            9 => challenge("Bearer", ORIGIN),
            10 => answer(200, &[("link", &next)], page),
            11 => answer(202, &[("location", &format!("{EVIL}/upload"))], ""),
            12 => answer(201, &[("location", &format!("{EVIL}/stored"))], ""),
            _ => answer(403, &[], r#"{"errors":[{"code":"DENIED","message":"no"}]}"#),
        }
    }

    /// An answer of a stranger.
    fn lure(&self) -> Response<Body> {
        match self.dice(4) {
            0 => challenge("Basic", EVIL),
            1 => challenge("Bearer", EVIL),
            2 => answer(307, &[("location", &format!("{ORIGIN}/v2/app/tags/list"))], ""),
            _ => answer(200, &[], "{}"),
        }
    }

    fn dice(&self, sides: u64) -> u64 {
        self.rng.lock().unwrap().below(sides)
    }
}

#[async_trait]
impl Transport for Trap {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        self.answer(request).await
    }
}

fn challenge(scheme: &str, realm: &str) -> Response<Body> {
    let line = format!(r#"{scheme} realm="{realm}/token",service="registry.test",scope="repository:app:pull,push""#);
    answer(401, &[("www-authenticate", &line)], "")
}

fn answer(status: u16, fields: &[(&str, &str)], body: &str) -> Response<Body> {
    let mut response = Response::builder().status(status);
    for (name, value) in fields {
        response = response.header(*name, *value);
    }
    response.body(bytes::Bytes::from(body.to_owned()).into()).unwrap()
}
