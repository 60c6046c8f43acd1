use crate::ErrorKind;
use crate::proto::testing::{
    Actor, Stage, Told, body, credential, failed, granted, head, hello_digest, no_credential, received, session, start,
    woken,
};
use crate::proto::{Delete, HostProfile, Machine, PullBlob, Session, Step, TransportErrorKind};

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
            (start(), "ask r.test/a/b"),
            (credential("u", "p"), "GET /v2/a/b/blobs/D [Bearer t1]"),
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
    pull().rows(
        stage,
        [
            (start(), "ask r.test/a/b"),
            (credential("u", "p"), with_basic),
            (head(200, &[]), "receive…"),
        ],
    );
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
            (
                body(""),
                "failed Unauthorized: the credentials of `u` do not suffice on r.test",
            ),
        ],
    );
}

#[test]
fn a25_no_credential_is_no_empty_one() {
    let (stage, wanted) = (&mut Stage::new(), "failed Unauthorized: r.test wants credentials");
    let basic = || challenge("Basic realm=\"x\"");
    // Nothing can be added to what was refused: it is not sent again.
    pull().rows(stage, [(start(), BLOB), (basic(), "ask r.test/a/b"), (no_credential(), wanted)]);
    // Another repository's challenge says nothing of this one.
    let rows = [(start(), "ask…"), (no_credential(), BLOB), (basic(), "buffer 65536"), (body(""), wanted)];
    pull().rows(stage, rows);
    pull().rows(stage, [(start(), "ask…"), (no_credential(), BLOB), (head(200, &[]), "receive 0..5")]);
}

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
                (
                    body("<html>"),
                    "failed Unauthorized: the token endpoint refuses the credentials of `u`",
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
            (body(""), "failed Server: failed before: 503 Service Unavailable (4 times)"),
        ],
    );
    let mut actor = pull();
    actor.rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "p"), TOKEN),
            (failed(TransportErrorKind::Tls), "failed Transport"),
        ],
    );
}

#[test]
fn a19_a_token_is_fetched_again_before_it_expires() {
    let stage = &mut with_token(BEARER);
    stage.pass(3_239);
    pull().rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "p"), "GET /v2/a/b/blobs/D [Bearer t1]"),
        ],
    );
    stage.pass(1);
    pull().rows(stage, [(start(), "ask…"), (credential("u", "p"), TOKEN)]);
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
fn a5_a20_a_refused_token_is_replaced_a_bounded_number_of_times() {
    let (stage, mut actor) = (&mut with_token(BEARER), pull());
    let wider = r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push",error="insufficient_scope""#;
    let more = "GET /token?account=u&service=s&scope=repository%3Aa%2Fb%3Apull%2Cpush [Basic u:p]";
    actor.rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "p"), "GET /v2/a/b/blobs/D [Bearer t1]"),
            (challenge(BEARER), TOKEN),
            (head(200, &[]), "buffer…"),
            (token("t2", 60), "GET /v2/a/b/blobs/D [Bearer t2]"),
            (challenge(wider), more),
            (head(200, &[]), "buffer…"),
            (token("t3", 60), "GET /v2/a/b/blobs/D [Bearer t3]"),
            (challenge(wider), "buffer 65536"),
            (
                body(""),
                "failed Unauthorized: the credentials of `u` do not suffice on r.test for `repository:a/b:pull,push`",
            ),
        ],
    );
}

#[test]
fn a16_a_challenge_that_is_another_each_time_comes_to_an_end() {
    for credentials in [true, false] {
        let (stage, mut actor) = (&mut Stage::new(), pull());
        let mut step = actor.tell(stage, start());
        for number in 0..40 {
            let bearer = format!("Bearer realm=\"https://r.test/t{number}\",scope=\"repository:a/b:x{number}\"");
            let line = if number % 3 == 2 {
                "Basic realm=x".to_owned()
            } else {
                bearer
            };
            step = match &step {
                Step::Send(request) if request.uri().path().starts_with("/v2/") => actor.tell(stage, challenge(&line)),
                Step::Send(_) => actor.tell(stage, head(200, &[])),
                Step::Buffer { limit: 131_072 } => actor.tell(stage, token("t", 60)),
                Step::Buffer { .. } => actor.tell(stage, body("")),
                Step::Ask(_) if credentials => actor.tell(stage, credential("u", "p")),
                Step::Ask(_) => actor.tell(stage, no_credential()),
                Step::Done(result) => {
                    assert_eq!(result.as_ref().unwrap_err().kind(), ErrorKind::Unauthorized);
                    return;
                }
                other => panic!("{other:?}"),
            };
        }
        panic!("it does not end");
    }
}

#[test]
fn a_token_that_worked_may_be_refused_as_often_as_there_are_requests() {
    let (stage, mut actor) = (&mut with_token(BEARER), pull());
    actor.rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "p"), "GET /v2/a/b/blobs/D [Bearer t1]"),
        ],
    );
    let mut old = "t1".to_owned();
    for number in 2..8 {
        let new = format!("t{number}");
        let again = format!("GET /v2/a/b/blobs/D [Bearer {new}]");
        actor.rows(
            stage,
            [
                (challenge(BEARER), TOKEN),
                (head(200, &[]), "buffer…"),
                (token(&new, 60), &*again),
                (head(200, &[]), "receive 0..5"),
                (failed_body(), "sleep…"),
            ],
        );
        assert!(!again.contains(&format!(" {old}]")));
        old = new;
        if number > 4 {
            return;
        }
        actor.rows(stage, [(woken(), &*again)]);
    }
}

fn failed_body() -> Told {
    let error = crate::proto::TransportError::new(TransportErrorKind::Timeout, "stalled").into();
    Told::Input(crate::proto::Input::Broken { len: 0, error })
}

#[test]
fn a17_a_token_serves_nobody_else_and_nothing_more() {
    let stage = &mut with_token(BEARER);
    pull().rows(stage, [(start(), "ask…"), (no_credential(), ANONYMOUS_TOKEN)]);
    let other = "GET /token?account=v&service=s&scope=repository%3Aa%2Fb%3Apull [Basic v:p]";
    pull().rows(stage, [(start(), "ask…"), (credential("v", "p"), other)]);
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
    pull().rows(stage, [(start(), "ask…"), (credential("u", "p"), TOKEN)]);
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
            (no_credential(), wide),
            (head(200, &[]), "buffer…"),
            (token("wide", 60), "DELETE /v2/a/b/blobs/D [Bearer wide]"),
        ],
    );
    pull().rows(
        stage,
        [
            (start(), "ask…"),
            (no_credential(), "GET /v2/a/b/blobs/D [Bearer wide]"),
        ],
    );
}

/// Two pulls that know the challenge, of which the first fetches the token and the second waits.
fn leader_and_follower(stage: &mut Stage) -> (Actor<Session<PullBlob>>, Actor<Session<PullBlob>>) {
    pull().rows(stage, [(start(), BLOB), (challenge(BEARER), "ask…")]);
    let (mut leader, mut follower) = (pull(), pull());
    leader.rows(stage, [(start(), "ask…"), (credential("u", "p"), TOKEN)]);
    follower.rows(stage, [(start(), "ask…"), (credential("u", "p"), "wait")]);
    assert!(!follower.is_called(stage));
    (leader, follower)
}

#[test]
fn a17_one_exchange_serves_all_who_wait() {
    let stage = &mut Stage::new();
    let (mut leader, follower) = leader_and_follower(stage);
    let mut followers = vec![follower];
    for _ in 0..62 {
        let mut follower = pull();
        follower.rows(stage, [(start(), "ask…"), (credential("u", "p"), "wait")]);
        followers.push(follower);
    }
    leader.rows(
        stage,
        [
            (head(200, &[]), "buffer…"),
            (token("t1", 60), "GET /v2/a/b/blobs/D [Bearer t1]"),
        ],
    );
    for mut follower in followers {
        assert!(follower.is_called(stage));
        follower.rows(stage, [(granted(), "GET /v2/a/b/blobs/D [Bearer t1]")]);
    }
}

#[test]
fn a17_whoever_waits_takes_over_from_a_leader_that_is_dropped() {
    for reading in [false, true] {
        let stage = &mut Stage::new();
        let (mut leader, mut follower) = leader_and_follower(stage);
        if reading {
            leader.rows(stage, [(head(200, &[]), "buffer…")]);
        }
        drop(leader);
        stage.host.sweep();
        assert!(follower.is_called(stage));
        follower.rows(stage, [(granted(), TOKEN)]);
    }
}

#[test]
fn a17_whoever_waits_takes_over_from_a_leader_that_fails() {
    let ways: [fn() -> Vec<(Told, &'static str)>; 4] = [
        || vec![(head(403, &[]), "buffer…"), (body(""), "failed Unauthorized")],
        || {
            vec![
                (head(200, &[]), "buffer…"),
                (failed(TransportErrorKind::TooLarge), "failed TooLarge"),
            ]
        },
        || vec![(failed(TransportErrorKind::Tls), "failed Transport")],
        || vec![(received(1), "failed Misuse")],
    ];
    for way in ways {
        let stage = &mut Stage::new();
        let (mut leader, mut follower) = leader_and_follower(stage);
        for row in way() {
            leader.rows(stage, [row]);
        }
        assert!(follower.is_called(stage));
        follower.rows(
            stage,
            [
                (granted(), TOKEN),
                (head(200, &[]), "buffer…"),
                (token("t1", 60), "GET /v2/a/b/blobs/D [Bearer t1]"),
            ],
        );
    }
}

#[test]
fn p06_the_pause_that_a_token_endpoint_asks_for_holds_for_those_who_wait() {
    let stage = &mut Stage::new();
    let (mut leader, mut follower) = leader_and_follower(stage);
    leader.rows(
        stage,
        [(head(429, &[("retry-after", "7")]), "buffer…"), (body(""), "sleep 7s")],
    );
    assert!(follower.is_called(stage));
    follower.rows(stage, [(granted(), "sleep 7s"), (woken(), TOKEN)]);
    leader.rows(stage, [(Told::Input(crate::proto::Input::Woken), "wait")]);
}

#[test]
fn a01_two_who_learn_the_challenge_at_once_both_go_on() {
    for (line, asked) in [(BEARER, TOKEN), ("Basic realm=\"x\"", "GET /v2/a/b/blobs/D [Basic u:p]")] {
        let (stage, mut first, mut second) = (&mut Stage::new(), pull(), pull());
        first.rows(stage, [(start(), BLOB)]);
        second.rows(stage, [(start(), BLOB)]);
        first.rows(stage, [(challenge(line), "ask…"), (credential("u", "p"), asked)]);
        second.rows(stage, [(challenge(line), "ask…")]);
    }
}

#[test]
fn a_credential_source_that_fails_is_an_error() {
    let error = crate::Error::new(ErrorKind::Store, "the helper is broken");
    let told = Told::Input(crate::proto::Input::Failed {
        error,
        sent: crate::proto::Sent::default(),
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
    let profile = HostProfile::new("r.test".parse().unwrap()).with_trusted_realm("Token.Test");
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

#[test]
fn a_wrong_input_in_the_middle_of_an_exchange_is_an_error() {
    fn bring<const N: usize>(rows: [(Told, &str); N]) -> (Stage, Actor<Session<PullBlob>>) {
        let (mut stage, mut actor) = (Stage::new(), pull());
        actor.rows(&mut stage, rows);
        (stage, actor)
    }
    fn refuses<M: Machine<Output = ()>>((mut stage, actor): (Stage, Actor<M>)) {
        actor.refuses(&mut stage, received(1));
    }
    refuses(bring([(start(), BLOB)]));
    refuses(bring([(start(), BLOB), (challenge(BEARER), "ask…")]));
    refuses(bring([
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (no_credential(), ANONYMOUS_TOKEN),
    ]));
    refuses(bring([
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (no_credential(), ANONYMOUS_TOKEN),
        (head(200, &[]), "buffer…"),
    ]));
    let stage = &mut Stage::new();
    let (_leader, follower) = leader_and_follower(stage);
    let ticket = stage.strange_ticket();
    follower.refuses(stage, Told::Input(crate::proto::Input::Granted(ticket)));
}
