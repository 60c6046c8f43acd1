//! The token endpoint and its answers.

use super::*;
use crate::proto::{HeadBlob, Resolve, Upload};

#[test]
fn an_anonymous_token_is_asked_for_without_credential() {
    pull().rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (challenge(BEARER), "ask r.test/a/b"),
            (no_credential(), ANONYMOUS_TOKEN),
            (head(200, &[]), "buffer 131072"),
            (body(r#"{"access_token":"t"}"#), "GET /v2/a/b/blobs/D [Bearer t]"),
        ],
    );
}

#[test]
fn a15_a_refused_password_is_an_error_that_says_so() {
    for status in [400, 401, 403] {
        pull().rows(
            &mut Stage::new(),
            [
                (start(), BLOB),
                (challenge(BEARER), "ask r.test/a/b"),
                (credential("u", "p"), TOKEN),
                (head(status, &[]), "buffer 131072"),
                (body("<html>"), "ask r.test/a/b"),
                (
                    credential("u", "p"),
                    "failed Unauthorized: the token endpoint refuses the password of `u`",
                ),
            ],
        );
    }
    for (told, expected) in [
        (head(404, &[]), "failed Protocol: the token endpoint failed"),
        (head(405, &[]), "failed Protocol: the token endpoint failed"),
        (head(413, &[]), "failed Protocol: the token endpoint failed"),
        (head(204, &[]), "failed Protocol"),
        (head(200, &[]), "failed Protocol: no usable token"),
    ] {
        let rows = [
            (start(), BLOB),
            (challenge(BEARER), "ask r.test/a/b"),
            (credential("u", "p"), TOKEN),
            (told, "buffer 131072"),
            (body("<html>"), expected),
        ];
        pull().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a15_a_token_endpoint_that_fails_is_asked_again_and_never_done_without() {
    let (stage, mut actor) = (&mut Stage::new(), pull());
    actor.rows(
        stage,
        [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (credential("u", "p"), TOKEN),
        ],
    );
    for _ in 0..4 {
        actor.rows(
            stage,
            [
                (head(503, &[]), "buffer 131072"),
                (body(""), "sleep…"),
                (woken(), TOKEN),
            ],
        );
    }
    actor.rows(
        stage,
        [
            (head(503, &[]), "buffer 131072"),
            (
                body(""),
                "failed Server: failed before: 503 Service Unavailable (4 times)",
            ),
        ],
    );
    let mut actor = pull();
    actor.rows(
        stage,
        [(start(), TOKEN), (failed(TransportErrorKind::Tls), "failed Transport")],
    );
}

#[test]
fn a19_a_token_is_fetched_again_before_it_expires() {
    let stage = &mut with_token(BEARER);
    stage.pass(3_239);
    let rows = [
        (start(), "ask…"),
        (credential("u", "p"), "GET /v2/a/b/blobs/D [Bearer t1]"),
    ];
    pull().rows(stage, rows);
    stage.pass(1);
    pull().rows(stage, [(start(), TOKEN)]);
}

#[test]
fn a19_no_lifetime_that_a_server_names_is_believed_beyond_reason() {
    let rows = [
        (r#"{"token":"t"}"#, 53, 54),
        (r#"{"token":"t","expires_in":0}"#, 53, 54),
        (r#"{"token":"t","expires_in":-1}"#, 53, 54),
        (r#"{"token":"t","expires_in":"300"}"#, 269, 270),
        (r#"{"token":"t","expires_in":1e300}"#, 77_759, 77_760),
        (
            r#"{"token":"t","expires_in":300,"issued_at":"1970-01-01T00:00:00Z"}"#,
            269,
            270,
        ),
        (r#"{"token":"t","expires_in":300,"issued_at":"nonsense"}"#, 269, 270),
    ];
    for (answer, good, bad) in rows {
        for (after, expected) in [(good, "GET /v2/a/b/blobs/D [Bearer t]"), (bad, ANONYMOUS_TOKEN)] {
            let stage = &mut Stage::new();
            pull().rows(
                stage,
                [
                    (start(), BLOB),
                    (challenge(BEARER), "ask…"),
                    (no_credential(), ANONYMOUS_TOKEN),
                    (head(200, &[]), "buffer…"),
                    (body(answer), "GET /v2/a/b/blobs/D [Bearer t]"),
                ],
            );
            stage.pass(after);
            stage.forget_credentials();
            pull().rows(stage, [(start(), "ask…"), (no_credential(), expected)]);
        }
    }
}

#[test]
fn a21_a22_token_answers() {
    let wrong = "failed Protocol: no usable token";
    let rows = [
        (r#"{"token":"a","access_token":"b"}"#, "GET /v2/a/b/blobs/D [Bearer a]"),
        (r#"{"access_token":"b"}"#, "GET /v2/a/b/blobs/D [Bearer b]"),
        (r#"{"token":"","access_token":"b"}"#, "GET /v2/a/b/blobs/D [Bearer b]"),
        (r#"{"token":""}"#, wrong),
        (r#"{"token":null}"#, wrong),
        (r#"{"token":7}"#, wrong),
        (r#"{"token":"a\r\nX: y"}"#, wrong),
        (r#"{"token":"a\u0000"}"#, wrong),
        (r#"{"token":"é"}"#, wrong),
        ("{}", wrong),
        ("[]", wrong),
        ("", wrong),
    ];
    for (answer, expected) in rows {
        let rows = [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (no_credential(), ANONYMOUS_TOKEN),
            (head(200, &[]), "buffer 131072"),
            (body(answer), expected),
        ];
        pull().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a23_a_token_answer_that_is_too_large_is_an_error() {
    pull().rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (no_credential(), ANONYMOUS_TOKEN),
            (head(200, &[]), "buffer 131072"),
            (failed(TransportErrorKind::TooLarge), "failed TooLarge"),
        ],
    );
}

#[test]
fn a08_a_token_is_never_fetched_through_a_redirect() {
    for status in [301, 302, 303, 307, 308] {
        for location in ["https://evil.test/token", "https://r.test/other"] {
            pull().rows(
                &mut Stage::new(),
                [
                    (start(), BLOB),
                    (challenge(BEARER), "ask…"),
                    (credential("u", "p"), TOKEN),
                    (head(status, &[("location", location)]), "buffer 131072"),
                    (body(""), "failed UnsafeUrl: never fetched through a redirect"),
                ],
            );
        }
    }
}

#[test]
fn a15_a_token_endpoint_that_refuses_says_nothing_of_what_was_asked_for() {
    let name = || "a/b".parse().unwrap();
    let tag = || "v1".parse().unwrap();
    gets_no_token(404, HeadBlob::new(name(), hello_digest()));
    gets_no_token(404, Resolve::new(name(), tag()));
    gets_no_token(405, Resolve::new(name(), tag()));
    gets_no_token(404, Delete::manifest(name(), tag()));
    gets_no_token(416, PullBlob::new(name(), hello_digest(), 5, 4));
    gets_no_token(404, Upload::new(name(), hello_digest(), 5));
}

/// The machine has nothing to say when the token endpoint answers with `status`.
#[track_caller]
fn gets_no_token<M: Machine<Output: std::fmt::Debug>>(status: u16, machine: M) {
    let (stage, mut actor) = (&mut Stage::new(), session(machine, &["pull"]));
    // The first answer is lost, so that the request may have had its effect.
    let _ = actor.tell(stage, start());
    let _ = actor.tell(stage, failed(TransportErrorKind::Reset));
    actor.rows(
        stage,
        [
            (challenge(BEARER), "ask…"),
            (no_credential(), ANONYMOUS_TOKEN),
            (head(status, &[]), "buffer 131072"),
            (body(""), "failed Protocol: the token endpoint failed"),
        ],
    );
}
