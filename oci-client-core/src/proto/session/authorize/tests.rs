mod answers;
mod asking;
mod exchange;
mod post;
mod queue;
mod refusals;
mod scopes;

use crate::ErrorKind;
use crate::proto::testing::{
    Actor, Stage, Told, body, credential, failed, granted, head, hello_digest, no_credential, received, session, start,
    woken,
};
use crate::proto::{
    Delete, HostProfile, Input, Machine, PullBlob, Sent, Session, Step, TransportError, TransportErrorKind,
};

const BEARER: &str = r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull""#;
const BLOB: &str = "GET /v2/a/b/blobs/D";
const TOKEN: &str = "GET /token?account=u&service=s&scope=repository%3Aa%2Fb%3Apull [Basic u:p]";
const ANONYMOUS_TOKEN: &str = "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull";

fn pull() -> Actor<Session<PullBlob>> {
    session(PullBlob::new("a/b".parse().unwrap(), hello_digest(), 5, 0), &["pull"])
}

fn delete() -> Actor<Session<Delete>> {
    session(
        Delete::blob("a/b".parse().unwrap(), hello_digest()),
        &["delete", "pull"],
    )
}

fn challenge(line: &str) -> Told {
    head(401, &[("www-authenticate", line)])
}

/// The same challenge to a token that allows too little.
fn insufficient(line: &str) -> String {
    format!("{line},error=\"insufficient_scope\"")
}

fn token(token: &str, lifetime: u64) -> Told {
    body(format!(r#"{{"token":"{token}","expires_in":{lifetime}}}"#))
}

/// A stage on which the challenge is known, and a token `t1` for an hour.
fn with_token(line: &str) -> Stage {
    let mut stage = Stage::new();
    pull().rows(
        &mut stage,
        [
            (start(), BLOB),
            (challenge(line), "ask r.test/a/b"),
            (credential("u", "p"), TOKEN),
            (head(200, &[]), "buffer 131072"),
            (token("t1", 3_600), "GET /v2/a/b/blobs/D [Bearer t1]"),
            (head(200, &[]), "receive 0..5"),
            (received(5), "done ()"),
        ],
    );
    stage
}

#[test]
fn a1_a2_a7_a_challenge_is_learned_and_its_token_remembered() {
    let stage = &mut with_token(BEARER);
    pull().rows(
        stage,
        [
            (start(), "GET /v2/a/b/blobs/D [Bearer t1]"),
            (head(200, &[]), "receive 0..5"),
            (received(5), "done ()"),
        ],
    );
}

#[test]
fn a1_the_challenge_may_be_the_last_of_many() {
    with_token(&format!("Negotiate, Basic realm=\"x\", {BEARER}"));
    let stage = &mut Stage::new();
    let lines = [("www-authenticate", "Basic realm=\"x\""), ("www-authenticate", BEARER)];
    pull().rows(
        stage,
        [
            (start(), BLOB),
            (head(401, &lines), "ask r.test/a/b"),
            (credential("u", "p"), TOKEN),
        ],
    );
}

#[test]
fn basic_is_sent_with_the_first_request_from_then_on() {
    let stage = &mut Stage::new();
    let with_basic = "GET /v2/a/b/blobs/D [Basic u:p]";
    pull().rows(
        stage,
        [
            (start(), BLOB),
            (challenge("Basic realm=\"x\""), "ask r.test/a/b"),
            (credential("u", "p"), with_basic),
            (head(200, &[]), "receive 0..5"),
            (received(5), "done ()"),
        ],
    );
    pull().rows(stage, [(start(), with_basic), (head(200, &[]), "receive…")]);
}

#[test]
fn a15_a_password_that_basic_refuses_is_never_left_out() {
    pull().rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (challenge("Basic realm=\"x\""), "ask r.test/a/b"),
            (credential("u", "p"), "GET /v2/a/b/blobs/D [Basic u:p]"),
            (challenge("Basic realm=\"x\""), "buffer 65536"),
            // It may have been replaced since it was got.
            (body("denied"), "ask r.test/a/b"),
            (
                credential("u", "p"),
                "failed Unauthorized: r.test refuses the password of `u` for `repository:a/b:pull`; check it, or log in again",
            ),
        ],
    );
}

#[test]
fn a25_no_credential_is_no_empty_one() {
    let (stage, wanted) = (&mut Stage::new(), "failed Unauthorized: r.test wants credentials");
    let basic = || challenge("Basic realm=\"x\"");
    // Nothing can be added to what was refused: it is not sent again.
    pull().rows(
        stage,
        [(start(), BLOB), (basic(), "ask r.test/a/b"), (no_credential(), wanted)],
    );
    // That there was nothing is remembered, but somebody may have logged in since.
    let rows = [
        (start(), BLOB),
        (basic(), "buffer 65536"),
        (body(""), "ask…"),
        (no_credential(), wanted),
    ];
    pull().rows(stage, rows);
    // What one request was refused for says nothing of the next.
    pull().rows(stage, [(start(), BLOB), (head(200, &[]), "receive 0..5")]);
    let rows = [
        (start(), BLOB),
        (basic(), "buffer 65536"),
        (body(""), "ask…"),
        (credential("u", "p"), "GET /v2/a/b/blobs/D [Basic u:p]"),
    ];
    pull().rows(stage, rows);
}

#[test]
fn a24_a_challenge_that_cannot_be_met_is_named() {
    for (line, expected) in [
        ("Negotiate", "failed Unauthorized: negotiate"),
        (
            "Digest realm=\"x\", nonce=\"y\", NTLM",
            "failed Unauthorized: digest, ntlm",
        ),
        ("Bearer service=\"s\"", "failed Unauthorized: bearer"),
        ("Bearer realm=\"\"", "failed Unauthorized: bearer"),
        ("Bearer realm=\"http://[\"", "failed Unauthorized: bearer"),
        ("\"", "failed Unauthorized: no challenge"),
    ] {
        let rows = [(start(), BLOB), (challenge(line), "buffer 65536"), (body(""), expected)];
        pull().rows(&mut Stage::new(), rows);
    }
    let rows = [
        (start(), BLOB),
        (head(401, &[]), "buffer 65536"),
        (body(""), "failed Unauthorized: no challenge"),
    ];
    pull().rows(&mut Stage::new(), rows);
}

#[test]
fn a17_a_token_serves_nobody_else_and_nothing_more() {
    let stage = &mut with_token(BEARER);
    stage.forget_credentials();
    pull().rows(stage, [(start(), "ask…"), (no_credential(), ANONYMOUS_TOKEN)]);
    stage.forget_credentials();
    let other = "GET /token?account=v&service=s&scope=repository%3Aa%2Fb%3Apull [Basic v:p]";
    pull().rows(stage, [(start(), "ask…"), (credential("v", "p"), other)]);
    stage.forget_credentials();
    pull().rows(
        stage,
        [
            (start(), "ask…"),
            (
                credential("u", "q"),
                "GET /token?account=u&service=s&scope=repository%3Aa%2Fb%3Apull [Basic u:q]",
            ),
        ],
    );
    stage.forget_credentials();
    let wider = "GET /token?account=u&service=s&scope=repository%3Aa%2Fb%3Adelete%2Cpull [Basic u:p]";
    delete().rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "p"), wider),
            (head(200, &[]), "buffer…"),
            (token("wide", 3_600), "DELETE /v2/a/b/blobs/D [Bearer wide]"),
        ],
    );
    stage.pass(3_239);
    pull().rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "p"), "GET /v2/a/b/blobs/D [Bearer t1]"),
        ],
    );
    stage.pass(1);
    pull().rows(stage, [(start(), TOKEN)]);
}

#[test]
fn a17_a_wider_token_serves_narrower_needs() {
    let stage = &mut Stage::new();
    let wide = "GET /token?service=s&scope=repository%3Aa%2Fb%3Adelete%2Cpull";
    delete().rows(
        stage,
        [
            (start(), "DELETE /v2/a/b/blobs/D"),
            (challenge(BEARER), "ask…"),
            (no_credential(), "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull"),
            (head(200, &[]), "buffer…"),
            (token("narrow", 60), "DELETE /v2/a/b/blobs/D [Bearer narrow]"),
            // What the registry named did not suffice.
            (challenge(BEARER), wide),
            (head(200, &[]), "buffer…"),
            (token("wide", 60), "DELETE /v2/a/b/blobs/D [Bearer wide]"),
        ],
    );
    pull().rows(stage, [(start(), "GET /v2/a/b/blobs/D [Bearer wide]")]);
}

#[test]
fn a05_what_the_challenge_asks_for_comes_before_what_the_operation_would_ask_for() {
    let quay = r#"Bearer realm="https://r.test/token",service=s,scope="repository:a/b:pull,push""#;
    delete().rows(
        &mut Stage::new(),
        [
            (start(), "DELETE /v2/a/b/blobs/D"),
            (challenge(quay), "ask…"),
            (
                no_credential(),
                "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull%2Cpush",
            ),
        ],
    );
}

#[test]
fn a16_a_denial_by_a_fresh_token_is_final() {
    pull().rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (credential("u", "p"), TOKEN),
            (head(200, &[]), "buffer…"),
            (token("t", 60), "GET /v2/a/b/blobs/D [Bearer t]"),
            (challenge(&insufficient(BEARER)), "buffer 65536"),
            (
                body(""),
                "failed Denied: the password of `u` does not suffice on r.test for `repository:a/b:pull`",
            ),
        ],
    );
}

#[test]
fn a_credential_source_that_fails_is_an_error() {
    let error = crate::Error::new(ErrorKind::Store, "the helper is broken");
    let told = Told::Input(Input::Failed {
        error,
        sent: Sent::default(),
    });
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (told, "failed Store: the helper is broken"),
    ];
    pull().rows(&mut Stage::new(), rows);
}

#[test]
fn a_credential_that_no_header_can_carry_is_an_error() {
    for (username, password) in [("u:v", "p"), ("u\n", "p")] {
        let rows = [(start(), BLOB), (challenge("Basic realm=x"), "ask…")];
        let (stage, mut actor) = (&mut Stage::new(), pull());
        actor.rows(stage, rows);
        let step = actor.tell(stage, credential(username, password));
        match step {
            // A line break is carried within base64; a colon would move the border between name and password.
            Step::Send(_) => assert!(!username.contains(':')),
            Step::Done(Err(error)) => assert_eq!(error.kind(), ErrorKind::Invalid),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn every_authorization_is_marked_as_sensitive() {
    let (stage, mut actor) = (&mut Stage::new(), pull());
    let rows = [
        start(),
        challenge(BEARER),
        credential("u", "p"),
        head(200, &[]),
        token("t", 60),
    ];
    let mut seen = 0;
    for told in rows {
        if let Step::Send(request) = actor.tell(stage, told) {
            for value in request.headers().get_all(http::header::AUTHORIZATION) {
                assert!(value.is_sensitive());
                seen += 1;
            }
        }
    }
    assert_eq!(seen, 2);
}

#[test]
fn a05_a_realm_elsewhere_gets_no_password() {
    let line = r#"Bearer realm="https://token.test/token",service="s""#;
    let token_url = "GET https://token.test/token?";
    let query = "service=s&scope=repository%3Aa%2Fb%3Apull";
    let refused = "failed UnsafeUrl: token.test is not known to belong to r.test";
    pull().rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (challenge(line), "ask…"),
            (credential("u", "p"), refused),
        ],
    );
    let anonymous = format!("{token_url}{query}");
    pull().rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (challenge(line), "ask…"),
            (no_credential(), &*anonymous),
        ],
    );
    let profile = HostProfile::new("r.test".parse().unwrap()).with_trusted_realm("Token.Test".parse().unwrap());
    let trusted = format!("{token_url}account=u&{query} [Basic u:p]");
    pull().rows(
        &mut Stage::with(profile),
        [
            (start(), BLOB),
            (challenge(line), "ask…"),
            (credential("u", "p"), &*trusted),
        ],
    );
}
