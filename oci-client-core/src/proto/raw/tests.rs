use http::Method;
use http::header::{ACCEPT, HeaderValue};

use super::*;
use crate::proto::testing::{
    Actor, Stage, body, credential, failed, head, refused, refuses_all_but, session, start, woken,
};
use crate::proto::{HostProfile, Session, TransportErrorKind};

fn request(method: &str, uri: &str) -> Request<Bytes> {
    Request::builder().method(method).uri(uri).body(Bytes::new()).unwrap()
}

fn repository(method: &str, uri: &str) -> Actor<RawRequest> {
    Actor::new(RawRequest::to_repository(request(method, uri), "a/b".parse().unwrap()))
}

fn registry(method: &str, uri: &str) -> Actor<RawRequest> {
    Actor::new(RawRequest::to_registry(request(method, uri)))
}

#[test]
fn x1_x2_a_path_is_below_the_repository_or_the_registry() {
    for (uri, expected) in [
        ("/tags/list?n=2&last=a%2Fb", "GET /v2/a/b/tags/list?n=2&last=a%2Fb"),
        ("/_oci/ext/discover", "GET /v2/a/b/_oci/ext/discover"),
        ("https://r.test/v2/c/tags/list", "GET /v2/c/tags/list"),
        ("https://r.test:443/api?x=%2B+", "GET /api?x=%2B+"),
    ] {
        repository("GET", uri).rows(&mut Stage::new(), [(start(), expected)]);
    }
    for (uri, expected) in [
        ("/v2/_catalog?n=2", "GET /v2/_catalog?n=2"),
        ("/api/v2.0/projects", "GET /api/v2.0/projects"),
        ("/", "GET /"),
    ] {
        registry("GET", uri).rows(&mut Stage::new(), [(start(), expected)]);
    }
    let base = url::Url::parse("https://r.test/prefix").unwrap();
    let profile = HostProfile::new("r.test".parse().unwrap()).with_base(base).unwrap();
    repository("GET", "/tags/list").rows(
        &mut Stage::with(profile.clone()),
        [(start(), "GET /prefix/v2/a/b/tags/list")],
    );
    registry("GET", "/../x").rows(&mut Stage::with(profile), [(start(), "failed Invalid: leads out")]);
}

#[test]
fn a02_nothing_goes_to_another_origin() {
    for uri in [
        "https://evil.test/v2/",
        "http://r.test/v2/",
        "https://r.test:444/v2/",
        "https://user:password@r.test/v2/",
    ] {
        repository("GET", uri).rows(&mut Stage::new(), [(start(), "failed UnsafeUrl: credentials belong")]);
        registry("GET", uri).rows(&mut Stage::new(), [(start(), "failed UnsafeUrl")]);
    }
    for uri in ["/../c/tags/list", "/%2e%2e/c/tags/list", "/x/../../../c"] {
        repository("GET", uri).rows(&mut Stage::new(), [(start(), "failed Invalid: leads out")]);
    }
}

#[test]
fn a02_fields_of_authorization_and_framing_are_the_client_s() {
    for name in RESERVED {
        let mut request = request("GET", "/x");
        request.headers_mut().insert(&name, HeaderValue::from_static("hunter2"));
        let actor = &mut Actor::new(RawRequest::to_registry(request));
        let Step::Done(Err(error)) = actor.tell(&mut Stage::new(), start()) else {
            panic!("{name} is sent");
        };
        assert!(error.to_string().contains(name.as_str()) && !error.to_string().contains("hunter2"));
    }
}

#[test]
fn x4_the_caller_s_own_fields_and_content_go_along() {
    let mut request = Request::builder()
        .method(Method::PATCH)
        .uri("/x")
        .body(Bytes::from_static(b"hello"))
        .unwrap();
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("text/plain"));
    request
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("7"));
    let step = Actor::new(RawRequest::to_registry(request)).tell(&mut Stage::new(), start());
    let Step::Send(sent) = step else {
        panic!("it is not sent");
    };
    assert_eq!(sent.headers().get(ACCEPT).unwrap(), "text/plain");
    assert_eq!(sent.headers().get(CONTENT_LENGTH).unwrap(), "5");
    assert_eq!(*sent.body(), Payload::Bytes(Bytes::from_static(b"hello")));
}

#[test]
fn the_head_is_the_end() {
    for status in [200, 204, 304] {
        registry("GET", "/x").rows(
            &mut Stage::new(),
            [(start(), "GET /x"), (head(status, &[]), "done Parts…")],
        );
    }
    registry("GET", "/x").rows(
        &mut Stage::new(),
        [(start(), "GET /x"), (refused(404), "failed NotFound")],
    );
}

fn within(method: &str) -> Actor<Session<RawRequest>> {
    session(RawRequest::to_registry(request(method, "/x")), &["pull"])
}

#[test]
fn p07_only_a_method_that_may_be_repeated_is() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let again = format!("{method} /x");
        let rows = [
            (start(), &*again),
            (failed(TransportErrorKind::Reset), &*again),
            (failed(TransportErrorKind::Reset), "sleep…"),
            (woken(), &*again),
        ];
        within(method).rows(&mut Stage::new(), rows);
    }
    for method in ["POST", "PATCH"] {
        let (once, stage) = (format!("{method} /x"), &mut Stage::new());
        let rows = [
            (start(), &*once),
            (failed(TransportErrorKind::Reset), "failed Transport"),
        ];
        within(method).rows(stage, rows);
        // A 401 says that nothing was done.
        let challenge = [("www-authenticate", "Basic realm=\"r\"")];
        let authorized = format!("{method} /x [Basic me:pw]");
        let rows = [
            (start(), &*once),
            (head(401, &challenge), "ask r.test/a/b"),
            (credential("me", "pw"), &*authorized),
            (head(201, &[]), "done Parts…"),
        ];
        within(method).rows(stage, rows);
    }
}

#[test]
fn a01_what_follows_a_redirect_to_another_origin_is_not_the_caller_s_own_fields() {
    let mut request = request("GET", "/x");
    let headers = request.headers_mut();
    headers.insert("x-api-key", HeaderValue::from_static("hunter2"));
    headers.insert(ACCEPT, HeaderValue::from_static("text/plain"));
    let (mut actor, stage) = (session(RawRequest::to_registry(request), &["pull"]), &mut Stage::new());
    actor.rows(stage, [(start(), "GET /x")]);
    let location = [("location", "https://cdn.test/y")];
    let Step::Send(sent) = actor.tell(stage, head(307, &location)) else {
        panic!("it is followed");
    };
    assert_eq!(sent.uri(), "https://cdn.test/y");
    assert!(!sent.headers().contains_key("x-api-key"), "{:?}", sent.headers());
    assert_eq!(sent.headers().get(ACCEPT).unwrap(), "text/plain");
}

#[test]
fn e1_a_refusal_is_an_error_with_the_registry_s_words() {
    within("GET").rows(
        &mut Stage::new(),
        [
            (start(), "GET /x"),
            (head(405, &[]), "buffer 65536"),
            (
                body(r#"{"errors":[{"code":"EXTENSION_UNKNOWN","message":"no such thing"}]}"#),
                "failed Unsupported: no such thing",
            ),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| registry("GET", "/x"));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = registry("GET", "/x");
        actor.rows(stage, [(start(), "GET /x")]);
        actor
    });
}
