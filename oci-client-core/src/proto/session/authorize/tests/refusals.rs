//! A registry that refuses what it is sent.

use super::*;

#[test]
fn a5_a20_a_refused_token_is_replaced_a_bounded_number_of_times() {
    let (stage, mut actor) = (&mut with_token(BEARER), pull());
    let wider = r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push",error="insufficient_scope""#;
    let more = "GET /token?account=u&service=s&scope=repository%3Aa%2Fb%3Apull%2Cpush [Basic u:p]";
    actor.rows(
        stage,
        [
            (start(), "GET /v2/a/b/blobs/D [Bearer t1]"),
            (challenge(BEARER), TOKEN),
            (head(200, &[]), "buffer…"),
            (token("t2", 60), "GET /v2/a/b/blobs/D [Bearer t2]"),
            (challenge(wider), more),
            (head(200, &[]), "buffer…"),
            (token("t3", 60), "GET /v2/a/b/blobs/D [Bearer t3]"),
            (challenge(wider), "buffer 65536"),
            // The answer of the source was an earlier operation's.
            (body(""), "ask…"),
            (
                credential("u", "p"),
                "failed Denied: the password of `u` does not suffice on r.test for `repository:a/b:pull,push`",
            ),
        ],
    );
}

#[test]
fn a16_a_challenge_that_is_another_each_time_comes_to_an_end() {
    assert_eq!(challenged_for_ever(|| credential("u", "p")), ErrorKind::Denied);
    assert_eq!(challenged_for_ever(no_credential), ErrorKind::Unauthorized);
}

/// What becomes of a pull whose every request is answered with a challenge that was not there before.
fn challenged_for_ever(credential: fn() -> Told) -> ErrorKind {
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
            Step::Ask(_) => actor.tell(stage, credential()),
            Step::Sleep(_) => actor.tell(stage, woken()),
            Step::Buffer { limit: 131_072 } => actor.tell(stage, token("t", 60)),
            Step::Buffer { .. } => actor.tell(stage, body("")),
            Step::Done(result) => return result.as_ref().unwrap_err().kind(),
            Step::Send(request) if request.uri().path().starts_with("/v2/") => actor.tell(stage, challenge(&line)),
            Step::Send(_) => actor.tell(stage, head(200, &[])),
            other => panic!("{other:?}"),
        };
    }
    panic!("it does not end");
}

#[test]
fn a_token_may_be_refused_again_after_it_has_worked() {
    let (stage, mut actor) = (&mut with_token(BEARER), pull());
    let mut with = "GET /v2/a/b/blobs/D [Bearer t1]".to_owned();
    actor.rows(stage, [(start(), &*with)]);
    for number in 2..=5 {
        let new = format!("t{number}");
        with = format!("GET /v2/a/b/blobs/D [Bearer {new}]");
        actor.rows(
            stage,
            [
                (challenge(BEARER), TOKEN),
                (head(200, &[]), "buffer…"),
                (token(&new, 60), &*with),
                (head(200, &[]), "receive 0..5"),
                (stalled(), "sleep…"),
                (woken(), &*with),
            ],
        );
    }
}

fn stalled() -> Told {
    let error = TransportError::new(TransportErrorKind::Timeout, "stalled").into();
    Told::Input(Input::Broken { len: 0, error })
}
