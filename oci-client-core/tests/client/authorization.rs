//! Where credentials go and where they are shown (A01, A05, A11, A13, A15, A25): to the registry, and nowhere.

mod tokens;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use oci_client_core::client::Repository;
use oci_client_core::credentials::{CredentialSource, StaticCredentials};
use oci_client_core::proto::{Credential, CredentialQuery};
use oci_client_core::transport::Transport;
use oci_client_core::{Error, ErrorKind};
use test_support::{Canary, Recorder, Reply, Responder, SimRuntime, traced};

use crate::support::{HOST, Image, ORIGIN, app, builder, layer, noise, repository, target};

/// A client with a password, and what it gave away.
struct Login {
    canary: Canary,
    runtime: SimRuntime,
}

impl Login {
    fn new() -> Self {
        Self {
            canary: Canary::new(),
            runtime: SimRuntime::new(),
        }
    }

    fn app(&self, transport: impl Transport + 'static) -> Repository {
        let credential = Credential::password("me", self.canary.text().to_owned());
        let credentials = StaticCredentials::new().with(HOST.parse().unwrap(), credential);
        let client = builder(&self.runtime, transport).credentials(credentials).build();
        self.canary
            .assert_absent_from("the client", [format!("{client:?}").as_bytes()]);
        app(&client)
    }

    /// Runs `work` and looks for the password in everything that is traced.
    fn run<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let (result, text) = traced(|| self.runtime.run(work));
        assert!(!text.is_empty());
        self.canary.assert_absent_from("the trace", [text.as_bytes()]);
        if let Err(error) = &result {
            self.canary.assert_absent_from_error(error);
        }
        result
    }
}

fn basic(request: &Request<Bytes>) -> bool {
    request
        .headers()
        .get("authorization")
        .is_some_and(|value| value.to_str().unwrap().starts_with("Basic "))
}

fn wanting_basic() -> Reply {
    Reply::new(401).with_header("www-authenticate", "Basic realm=\"x\"")
}

#[test]
fn ch2_a01_a_redirect_to_a_cdn_takes_neither_password_nor_token_along() {
    let content = noise(1, 1000);
    for scheme in ["Basic", "Bearer"] {
        let login = Login::new();
        let (signature, secret) = (Canary::new(), Canary::new());
        let (signed, token, body) = (signature.text().to_owned(), secret.text().to_owned(), content.clone());
        let recorder = Recorder::new(Responder::new(&login.runtime, move |request: &Request<Bytes>| {
            match (request.uri().host().unwrap(), request.uri().path()) {
                ("cdn.test", _) => Reply::new(200).with_body(body.clone()),
                (_, "/token") => Reply::new(200).with_json(format!(r#"{{"token":"{token}"}}"#)),
                _ if request.headers().contains_key("authorization") => {
                    Reply::new(307).with_header("location", format!("https://cdn.test/blob?X-Amz-Signature={signed}"))
                }
                _ => Reply::new(401).with_header("www-authenticate", format!("{scheme} realm=\"{ORIGIN}/token\"")),
            }
        }));
        let blob = login.app(recorder.clone()).blob(&layer(&content)).unwrap();
        let (read, text) = traced(|| login.runtime.run(blob.bytes(1000)));
        assert_eq!(read.unwrap(), content);
        for canary in [&login.canary, &secret] {
            recorder.assert_confined(canary, &[ORIGIN]);
            canary.assert_absent_from("the trace", [text.as_bytes()]);
        }
        recorder.assert_confined(&signature, &["https://cdn.test"]);
        signature.assert_absent_from("the trace", [text.as_bytes()]);
    }
}

#[test]
fn a13_a_signed_url_that_fails_is_shown_without_its_signature() {
    let login = Login::new();
    let signature = Canary::new();
    let signed = format!(
        "https://cdn.test/blob?X-Amz-Signature={}&X-Amz-Expires=60",
        signature.text()
    );
    let recorder = Recorder::new(Responder::new(
        &login.runtime,
        move |request: &Request<Bytes>| match request.uri().host().unwrap() {
            "cdn.test" => Reply::new(403).with_body("expired"),
            _ => Reply::new(307).with_header("location", &signed),
        },
    ));
    let blob = login.app(recorder.clone()).blob(&layer(b"content")).unwrap();
    let error = login.run(blob.bytes(1000)).unwrap_err();
    assert!(
        error.to_string().contains("https://cdn.test/blob?X-Amz-Signature=..&"),
        "{error}"
    );
    signature.assert_absent_from_error(&error);
}

#[test]
fn a15_a_password_that_is_refused_is_an_error_and_not_a_reason_to_be_anonymous() {
    let login = Login::new();
    let recorder = Recorder::new(Responder::new(&login.runtime, |request: &Request<Bytes>| {
        match (request.uri().path(), basic(request)) {
            ("/token", true) => Reply::new(401),
            ("/token", false) => Reply::new(200).with_json(r#"{"token":"anonymous"}"#),
            _ if request.headers().contains_key("authorization") => Reply::new(200),
            _ => Reply::new(401).with_header("www-authenticate", format!("Bearer realm=\"{ORIGIN}/token\"")),
        }
    }));
    let error = login
        .run(login.app(recorder.clone()).manifest(&target("v1")))
        .unwrap_err();
    assert_eq!((error.kind(), recorder.count()), (ErrorKind::Unauthorized, 2));
    assert!(error.to_string().contains("`me`"), "{error}");

    let recorder = Recorder::new(Responder::new(&login.runtime, |_: &Request<Bytes>| wanting_basic())).with_budget(2);
    let error = login.run(login.app(recorder).manifest(&target("v1"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}

#[test]
fn a25_a_basic_challenge_without_credentials_is_answered_with_nothing() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_: &Request<Bytes>| wanting_basic())).with_budget(1);
    let error = runtime
        .run(repository(&runtime, recorder.clone()).manifest(&target("v1")))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("wants credentials"), "{error}");
    assert_eq!(recorder.requests()[0].header("authorization"), None);
}

#[test]
fn a05_a_password_does_not_go_to_a_realm_of_somebody_else() {
    for realm in [
        "https://evil.test/token",
        "http://registry.test/token",
        "https://registry.test.evil.test/token",
    ] {
        let login = Login::new();
        let recorder = Recorder::new(Responder::new(&login.runtime, move |_: &Request<Bytes>| {
            Reply::new(401).with_header("www-authenticate", format!("Bearer realm=\"{realm}\""))
        }))
        .with_budget(1);
        let error = login
            .run(login.app(recorder.clone()).manifest(&target("v1")))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsafeUrl);
        recorder.assert_confined(&login.canary, &[]);
    }
}

#[test]
fn ch2_a11_an_upload_that_is_sent_elsewhere_takes_nothing_there() {
    for location in [
        "https://evil.test/upload",
        "//evil.test/upload",
        "https://registry.test:444/upload",
        "http://registry.test/u",
    ] {
        let login = Login::new();
        let recorder = Recorder::new(Responder::new(&login.runtime, move |request: &Request<Bytes>| {
            if basic(request) {
                Reply::new(202).with_header("location", location)
            } else {
                wanting_basic()
            }
        }));
        let content = Bytes::from_static(b"private content");
        let app = login.app(recorder.clone());
        let error = login
            .run(app.push_blob(&layer(&content), Arc::new(content.clone())))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsafeUrl, "{error}");
        assert!(
            recorder.requests().iter().all(|request| request.origin == ORIGIN),
            "{location}"
        );
    }
}

#[test]
fn a34_credentials_of_one_registry_do_not_go_to_another() {
    let login = Login::new();
    let recorder = Recorder::new(Responder::new(&login.runtime, |_: &Request<Bytes>| wanting_basic()));
    let credential = Credential::password("me", login.canary.text().to_owned());
    let credentials = StaticCredentials::new().with(HOST.parse().unwrap(), credential);
    let client = builder(&login.runtime, recorder.clone())
        .credentials(credentials)
        .build();
    for host in [
        "other.test",
        "registry.test:444",
        "sub.registry.test",
        "registry.test.evil.test",
    ] {
        let other = client
            .registry(&host.parse().unwrap())
            .repository("app".parse().unwrap());
        login.run(other.manifest(&target("v1"))).unwrap_err();
    }
    recorder.assert_confined(&login.canary, &[]);
}

/// A source that counts how often it is asked, and has nothing but an error.
#[derive(Clone, Default)]
struct Broken(Arc<AtomicUsize>);

#[async_trait]
impl CredentialSource for Broken {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        assert_eq!(
            (
                query.host.to_string().as_str(),
                query.repository.as_ref().unwrap().as_str()
            ),
            (HOST, "app")
        );
        self.0.fetch_add(1, Ordering::Relaxed);
        Err(Error::new(ErrorKind::Store, "the keychain is locked"))
    }
}

#[test]
fn a32_credentials_that_cannot_be_had_are_an_error_once_they_are_needed() {
    let (runtime, source) = (SimRuntime::new(), Broken::default());
    let mut open = true;
    let recorder = Recorder::new(Responder::new(&runtime, move |_: &Request<Bytes>| {
        if std::mem::take(&mut open) {
            Reply::new(404)
        } else {
            wanting_basic()
        }
    }))
    .with_budget(2);
    let app = app(&builder(&runtime, recorder).credentials(source.clone()).build());
    assert_eq!(runtime.run(app.resolve(&target("v1"))).unwrap(), None);
    assert_eq!(source.0.load(Ordering::Relaxed), 0);
    let error = runtime.run(app.resolve(&target("v1"))).unwrap_err();
    assert!(
        error.kind() == ErrorKind::Store && error.to_string().contains("the keychain is locked"),
        "{error}"
    );
    assert_eq!(source.0.load(Ordering::Relaxed), 1);
}

#[test]
fn a_password_pushes_and_pulls() {
    let login = Login::new();
    let registry = oci_registry::Registry::in_memory();
    let gate = Recorder::new(Responder::new(&login.runtime, move |request: &Request<Bytes>| {
        if !basic(request) {
            return wanting_basic();
        }
        let response = oci_client_core::runtime::block_on(async {
            let response = registry.handle(request.clone().map(Into::into)).await;
            let (parts, body) = response.into_parts();
            (parts, body.collect(1 << 20).await.unwrap())
        });
        let (parts, body) = response;
        let reply = Reply::new(parts.status.as_u16());
        parts
            .headers
            .iter()
            .fold(reply, |reply, (name, value)| reply.with_header(name.as_str(), value))
            .with_body(body)
    }));
    let image = Image::new(1, &[10]);
    let app = login.app(gate.clone());
    let store = image.store("v1");
    let options = oci_client_core::store::CopyOptions::new().with_jobs(1);
    let tag = "v1".parse().unwrap();
    login
        .run(oci_client_core::store::copy(
            &store,
            &target("v1"),
            &app,
            Some(&tag),
            &options,
        ))
        .unwrap();
    assert_eq!(login.run(app.manifest(&target("v1"))).unwrap().digest(), image.digest());
    // One 401 in all: the challenge is remembered.
    assert_eq!(gate.count_where(|request| request.status == Some(401)), 1);
}
