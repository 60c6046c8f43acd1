//! Content that lies with somebody else, and tokens that expire on the way there (P10, P13).

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_client_core::transport::TransportErrorKind;
use oci_spec_types::Mismatch;
use test_support::{Exchange, Recorder, Reply, Responder, ScriptedTransport, SimRuntime};

use crate::support::{ORIGIN, blob_path, layer, noise, repository};

const CDN: &str = "https://cdn.test";

fn to_cdn(path: &str) -> Reply {
    Reply::new(307).with_header("location", format!("{CDN}{path}"))
}

fn rest(content: &Bytes, first: usize) -> Reply {
    let last = content.len() - 1;
    Reply::new(206)
        .with_header("content-range", format!("bytes {first}-{last}/{}", content.len()))
        .with_body(content.slice(first..))
}

#[test]
fn p10_a_body_that_breaks_at_a_cdn_is_asked_for_at_the_registry_again() {
    let content = noise(1, 1000);
    let path = blob_path(&layer(&content).digest);
    let broken = Reply::new(200)
        .with_piece(content.slice(..400))
        .breaking_off(TransportErrorKind::Reset);
    let runtime = SimRuntime::new();
    let server = ScriptedTransport::new(
        &runtime,
        [
            Exchange::get(&path, to_cdn("/signed-1"))
                .at(ORIGIN)
                .without_header("range"),
            Exchange::get("/signed-1", broken)
                .at(CDN)
                .without_header("authorization"),
            Exchange::get(&path, to_cdn("/signed-2"))
                .at(ORIGIN)
                .with_header("range", "bytes=400-999"),
            Exchange::get("/signed-2", rest(&content, 400))
                .at(CDN)
                .with_header("range", "bytes=400-999"),
        ],
    );
    let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);
}

#[test]
fn p10_a_signed_url_that_has_expired_is_asked_for_again_once() {
    let content = noise(2, 1000);
    let path = blob_path(&layer(&content).digest);
    for status in [400, 401, 403, 410] {
        let runtime = SimRuntime::new();
        let server = ScriptedTransport::new(
            &runtime,
            [
                Exchange::get(&path, to_cdn("/signed-1")),
                Exchange::get("/signed-1", Reply::new(status)),
                Exchange::get(&path, to_cdn("/signed-2")),
                Exchange::get("/signed-2", Reply::new(200).with_body(content.clone())),
            ],
        );
        let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
        assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content, "{status}");

        let recorder = Recorder::new(Responder::new(&runtime, move |request: &Request<Bytes>| {
            if request.uri().host() == Some("cdn.test") {
                Reply::new(status)
            } else {
                to_cdn("/signed")
            }
        }));
        let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
        let error = runtime.run(blob.bytes(1000)).unwrap_err();
        assert_eq!(
            (error.status().unwrap().as_u16(), recorder.count()),
            (status, 4),
            "{error}"
        );
    }
}

#[test]
fn cp9_p13_a_range_that_cannot_be_had_is_an_error() {
    let content = noise(3, 1000);
    let path = blob_path(&layer(&content).digest);
    let runtime = SimRuntime::new();
    let broken = Reply::new(200)
        .with_piece(content.slice(..400))
        .breaking_off(TransportErrorKind::Reset);
    let refused = Reply::new(416).with_header("content-range", "bytes */400");
    let server = ScriptedTransport::new(&runtime, [broken, refused].map(|reply| Exchange::get(&path, reply)));
    let error = runtime
        .run(repository(&runtime, server).blob(&layer(&content)).unwrap().bytes(1000))
        .unwrap_err();
    assert!(
        matches!(
            error.mismatch(),
            Some(Mismatch::TooShort {
                expected: 1000,
                found: 400,
                ..
            })
        ),
        "{error}"
    );
}

/// A server whose tokens are each good for so many requests.
fn with_short_tokens(
    uses: usize,
    mut answer: impl FnMut(&Request<Bytes>) -> Reply + Send,
) -> impl FnMut(&Request<Bytes>) -> Reply + Send {
    let (mut token, mut left) = (0, 0);
    move |request: &Request<Bytes>| {
        if request.uri().path() == "/token" {
            (token, left) = (token + 1, uses);
            return Reply::new(200).with_json(format!(r#"{{"token":"t{token}"}}"#));
        }
        let known = request
            .headers()
            .get("authorization")
            .is_some_and(|value| *value == format!("Bearer t{token}"));
        if !known || left == 0 {
            return Reply::new(401).with_header("www-authenticate", format!("Bearer realm=\"{ORIGIN}/token\""));
        }
        left -= 1;
        answer(request)
    }
}

#[test]
fn a_token_that_expires_between_two_parts_of_a_blob_is_renewed() {
    let content = noise(4, 1000);
    let body = content.clone();
    let runtime = SimRuntime::new();
    let server = Responder::new(
        &runtime,
        with_short_tokens(1, move |request| {
            match request.headers().get("range").map(|range| range.to_str().unwrap()) {
                None => Reply::new(200)
                    .with_piece(body.slice(..400))
                    .breaking_off(TransportErrorKind::Reset),
                Some(range) => {
                    assert_eq!(range, "bytes=400-999");
                    rest(&body, 400)
                }
            }
        }),
    );
    let recorder = Recorder::new(server);
    let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);
    assert_eq!(
        (
            recorder.count(),
            recorder.count_where(|request| request.status == Some(401))
        ),
        (6, 2)
    );
}

/// P05: what the session has kept by then is not sent again, and a part that is refused is all that is.
#[test]
fn p05_a_token_that_expires_during_an_upload_is_renewed_and_the_upload_goes_on() {
    let content = noise(5, 2 << 20);
    let expected = content.clone();
    let runtime = SimRuntime::new();
    let server = Responder::new(
        &runtime,
        with_short_tokens(1, move |request| match request.method().as_str() {
            "POST" => Reply::new(202).with_header("location", "/v2/app/blobs/uploads/1?state=x"),
            "GET" => Reply::new(204).with_header("range", "0-1048575"),
            "PATCH" => {
                assert_eq!(request.headers()["content-range"], "1048576-2097151");
                assert_eq!(request.body(), &expected[1 << 20..]);
                Reply::new(202).with_header("range", "0-2097151")
            }
            "PUT" => {
                assert!(request.uri().query().unwrap().starts_with("state=x&digest=sha256"));
                assert!(request.body().is_empty());
                Reply::new(201)
            }
            method => panic!("{method}"),
        }),
    );
    let recorder = Recorder::new(server);
    let there = repository(&runtime, recorder.clone());
    runtime
        .run(there.push_blob(&layer(&content), Arc::new(content.clone())))
        .unwrap();
    let answered: Vec<_> = recorder
        .requests()
        .iter()
        .filter(|request| !request.path.starts_with("/token"))
        .map(|request| format!("{} {} {}", request.method, request.status.unwrap(), request.sent))
        .collect();
    let expected = [
        "POST 401 0",
        "POST 202 0",
        "PUT 401 2097152",
        "GET 204 0",
        "PATCH 401 1048576",
        "PATCH 202 1048576",
        "PUT 401 0",
        "PUT 201 0",
    ];
    assert_eq!(answered, expected);
}
