//! Token exchanges and the credential source, by their requests (A05, A07, A08, A13, A17, A19).

use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::join_all;
use oci_client_core::proto::{HostProfile, TokenMethod};
use oci_client_core::runtime::Runtime as _;

use super::*;
use crate::support::profile;

/// A registry with tokens, which takes those that `endpoint` gives.
fn with_tokens<F: Fn(&Request<Bytes>) -> Reply + Send + Sync + 'static>(
    login: &Login,
    endpoint: F,
) -> Recorder<impl Transport + use<F>> {
    Recorder::new(Responder::new(&login.runtime, move |request: &Request<Bytes>| {
        let value = request.headers().get("authorization");
        match (request.uri().host().unwrap(), request.uri().path()) {
            (HOST, "/token") => endpoint(request),
            (HOST, _) if value.is_some_and(|value| value.as_bytes().starts_with(b"Bearer ")) => Reply::new(404),
            (HOST, _) => Reply::new(401).with_header(
                "www-authenticate",
                format!("Bearer realm=\"{ORIGIN}/token\",service=\"s\",scope=\"repository:app:pull\""),
            ),
            _ => Reply::new(200),
        }
    }))
}

fn granted() -> Reply {
    Reply::new(200).with_json(r#"{"token":"t","expires_in":300}"#)
}

/// A source that counts how often it is asked, and names what it holds.
#[derive(Clone)]
struct Counting {
    asked: Arc<AtomicUsize>,
    held: Arc<Mutex<Credential>>,
}

impl Counting {
    fn new(credential: Credential) -> Self {
        Self {
            asked: Arc::default(),
            held: Arc::new(Mutex::new(credential)),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

#[async_trait]
impl CredentialSource for Counting {
    async fn credential(&self, _: &CredentialQuery) -> Result<Option<Credential>, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(Some(self.held.lock().unwrap().clone()))
    }
}

#[test]
fn a17_many_cold_requests_at_once_exchange_one_token() {
    let login = Login::new();
    let recorder = with_tokens(&login, |_| granted());
    let app = login.app(recorder.clone());
    let work = join_all((0..64).map(|_| {
        let app = app.clone();
        async move { app.resolve(&target("v1")).await }
    }));
    for found in login.runtime.run(work) {
        assert_eq!(found.unwrap(), None);
    }
    assert_eq!(recorder.count_where(|request| request.path.starts_with("/token")), 1);
}

#[test]
fn a7_a_token_costs_three_requests_and_then_one_and_the_source_is_asked_once() {
    let login = Login::new();
    let recorder = with_tokens(&login, |_| granted());
    let source = Counting::new(Credential::password("me", login.canary.text().to_owned()));
    let client = builder(&login.runtime, recorder.clone())
        .credentials(source.clone())
        .build();
    let app = app(&client);
    for requests in [3, 4, 5] {
        assert_eq!(login.run(app.resolve(&target("v1"))).unwrap(), None);
        assert_eq!((recorder.count(), source.asked()), (requests, 1));
    }
    recorder.assert_confined(&login.canary, &[ORIGIN]);
}

#[test]
fn a19_a_token_is_renewed_before_it_expires() {
    let login = Login::new();
    let recorder = with_tokens(&login, |_| granted());
    let app = login.app(recorder.clone());
    login.run(app.resolve(&target("v1"))).unwrap();
    for (wait, requests) in [(269, 4), (1, 6)] {
        login.runtime.run(login.runtime.sleep(Duration::from_secs(wait)));
        login.run(app.resolve(&target("v1"))).unwrap();
        assert_eq!(recorder.count(), requests, "after {wait} more seconds");
    }
    assert_eq!(recorder.count_where(|request| request.status == Some(401)), 1);
}

#[test]
fn a15_a_password_that_was_replaced_is_noticed_within_the_operation() {
    let login = Login::new();
    let (old, new) = (Canary::new(), login.canary.clone());
    let expired = Arc::new(AtomicUsize::new(0));
    let (good, ended) = (Canary::text(&new).to_owned(), expired.clone());
    let recorder = Recorder::new(Responder::new(&login.runtime, move |request: &Request<Bytes>| {
        let value = request
            .headers()
            .get("authorization")
            .map(|value| value.to_str().unwrap().to_owned());
        let new = value.as_ref().is_some_and(|value| *value == basic_of(&good));
        match value {
            Some(_) if new || ended.load(Ordering::Relaxed) == 0 => Reply::new(404),
            _ => wanting_basic(),
        }
    }));
    let source = Counting::new(Credential::password("me", old.text().to_owned()));
    let client = builder(&login.runtime, recorder.clone())
        .credentials(source.clone())
        .build();
    let app = app(&client);
    assert_eq!(login.run(app.resolve(&target("v1"))).unwrap(), None);
    *source.held.lock().unwrap() = Credential::password("me", new.text().to_owned());
    expired.store(1, Ordering::Relaxed);
    assert_eq!(login.run(app.resolve(&target("v1"))).unwrap(), None);
    assert_eq!((recorder.count(), source.asked()), (4, 2));
}

fn basic_of(password: &str) -> String {
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("me:{password}"));
    format!("Basic {pair}")
}

/// A client with `credential`, whose passwords go in forms.
fn posting(login: &Login, transport: impl Transport + 'static, credential: Credential) -> Repository {
    let profile: HostProfile = profile(Default::default()).with_token_method(TokenMethod::Post);
    let credentials = StaticCredentials::new().with(HOST.parse().unwrap(), credential);
    let client = builder(&login.runtime, transport)
        .profile(profile)
        .credentials(credentials);
    app(&client.build())
}

#[test]
fn a08_a13_a_form_goes_to_the_realm_and_is_shown_nowhere() {
    let login = Login::new();
    let (text, successor) = (login.canary.text().to_owned(), Canary::new());
    for credential in [
        Credential::password("me", text.clone()),
        Credential::identity_token(text.clone()),
    ] {
        let next = successor.text().to_owned();
        let recorder = with_tokens(&login, move |request| match request.method().as_str() {
            "POST" => Reply::new(200).with_json(format!(r#"{{"access_token":"t","refresh_token":"{next}"}}"#)),
            _ => Reply::new(405),
        });
        let app = posting(&login, recorder.clone(), credential);
        assert_eq!(login.run(app.resolve(&target("v1"))).unwrap(), None);
        let requests = recorder.requests();
        assert!(login.canary.is_in(&requests[1].content) && !login.canary.is_in(requests[1].path.as_bytes()));
        for canary in [&login.canary, &successor] {
            recorder.assert_confined(canary, &[ORIGIN]);
            canary.assert_absent_from("the client", [format!("{app:?}").as_bytes()]);
        }
    }
}

#[test]
fn a08_a_form_is_not_repeated_where_a_redirect_leads() {
    for status in [301, 302, 303, 307, 308] {
        let login = Login::new();
        let recorder = with_tokens(&login, move |_| {
            Reply::new(status).with_header("location", "https://evil.test/token")
        });
        let credential = Credential::password("me", login.canary.text().to_owned());
        let app = posting(&login, recorder.clone(), credential);
        let error = login.run(app.resolve(&target("v1"))).unwrap_err();
        assert_eq!((error.kind(), recorder.count()), (ErrorKind::UnsafeUrl, 2));
        recorder.assert_confined(&login.canary, &[ORIGIN]);
    }
}

#[test]
fn a05_no_kind_of_credential_goes_to_a_realm_of_somebody_else() {
    let login = Login::new();
    let text = login.canary.text().to_owned();
    for credential in [
        Credential::password("me", text.clone()),
        Credential::identity_token(text.clone()),
        Credential::registry_token(text),
    ] {
        let recorder = Recorder::new(Responder::new(&login.runtime, |_: &Request<Bytes>| {
            Reply::new(401).with_header("www-authenticate", "Bearer realm=\"https://evil.test/token\"")
        }));
        let app = posting(&login, recorder.clone(), credential);
        login.run(app.resolve(&target("v1"))).unwrap_err();
        recorder.assert_confined(&login.canary, &[ORIGIN]);
        assert!(recorder.requests().iter().all(|request| request.origin == ORIGIN));
    }
}

#[test]
fn a07_a_redirect_to_an_address_inside_is_not_followed() {
    for location in [
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/x",
        "https://0x7f.1/x",
        "https://localhost/x",
    ] {
        let runtime = SimRuntime::new();
        let recorder = Recorder::new(Responder::new(&runtime, move |_: &Request<Bytes>| {
            Reply::new(307).with_header("location", location)
        }))
        .with_budget(1);
        let blob = repository(&runtime, recorder).blob(&layer(b"content")).unwrap();
        let error = runtime.run(blob.bytes(1000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnsafeUrl, "{location}: {error}");
    }
}

#[test]
fn a5_a_denial_names_what_was_asked_for() {
    let login = Login::new();
    let recorder = Recorder::new(Responder::new(
        &login.runtime,
        |request: &Request<Bytes>| match request.uri().path() {
            "/token" => granted(),
            _ => Reply::new(401).with_header(
                "www-authenticate",
                format!("Bearer realm=\"{ORIGIN}/token\",scope=\"repository:app:pull\",error=\"insufficient_scope\""),
            ),
        },
    ))
    .with_budget(3);
    let error = login.run(login.app(recorder).resolve(&target("v1"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("`repository:app:pull`"), "{error}");
}
