//! How often the credential source is asked.

use super::*;

const BASIC: &str = "Basic realm=\"x\"";
const WITH_PASSWORD: &str = "GET /v2/a/b/blobs/D [Basic u:p]";
const WITH_NEW_PASSWORD: &str = "GET /v2/a/b/blobs/D [Basic u:new]";
const NEW_TOKEN: &str = "GET /token?account=u&service=s&scope=repository%3Aa%2Fb%3Apull [Basic u:new]";

/// A stage on which the source has named the password `p`, and the registry has taken it.
fn with_password(line: &str, rows: usize) -> Stage {
    let mut stage = Stage::new();
    let mut actor = pull();
    actor.rows(&mut stage, [(start(), BLOB), (challenge(line), "ask r.test/a/b")]);
    let told = [credential("u", "p"), head(200, &[]), token("t1", 60)];
    for told in told.into_iter().take(rows) {
        let _ = actor.tell(&mut stage, told);
    }
    stage
}

#[test]
fn the_source_is_asked_once_for_many_operations_and_again_after_a_while() {
    let stage = &mut with_password(BASIC, 1);
    for _ in 0..3 {
        stage.pass(99);
        pull().rows(stage, [(start(), WITH_PASSWORD)]);
    }
    stage.pass(3);
    pull().rows(
        stage,
        [(start(), "ask r.test/a/b"), (credential("u", "new"), WITH_NEW_PASSWORD)],
    );
    pull().rows(stage, [(start(), WITH_NEW_PASSWORD)]);
}

#[test]
fn what_was_said_for_one_repository_is_not_for_another() {
    let stage = &mut with_password(BASIC, 1);
    let name: oci_spec_types::RepositoryName = "c".parse().unwrap();
    let query = crate::proto::CredentialQuery::new("r.test".parse().unwrap(), Some(name.clone()));
    let scopes = crate::proto::auth::Scopes::repository(&name, &["pull"]);
    let machine = PullBlob::new(name, hello_digest(), 5, 0);
    let mut actor = Actor::new(Session::new(
        machine,
        crate::proto::Operation::new("test", query, scopes),
    ));
    actor.rows(stage, [(start(), "ask r.test/c")]);
}

#[test]
fn a15_a_password_that_has_expired_is_asked_for_once_more() {
    for status in [401, 403] {
        let stage = &mut with_password(BASIC, 1);
        let refusal = || head(status, &[("www-authenticate", BASIC)]);
        let rows = [
            (start(), WITH_PASSWORD),
            (refusal(), "buffer 65536"),
            (body(""), "ask r.test/a/b"),
            (credential("u", "new"), WITH_NEW_PASSWORD),
            (head(200, &[]), "receive 0..5"),
        ];
        pull().rows(stage, rows);
        // What came of it is remembered, and one that is refused as well is not asked for a third time.
        let rows = [
            (start(), WITH_NEW_PASSWORD),
            (refusal(), "buffer 65536"),
            (body(""), "ask r.test/a/b"),
            (credential("u", "p"), WITH_PASSWORD),
            (refusal(), "buffer 65536"),
            (
                body(""),
                if status == 401 {
                    "failed Unauthorized: r.test refuses the password of `u`"
                } else {
                    "failed Denied: the password of `u` does not suffice"
                },
            ),
        ];
        pull().rows(stage, rows);
    }
}

#[test]
fn a15_a_password_that_the_token_endpoint_refuses_is_asked_for_once_more() {
    for status in [400, 401, 403] {
        let stage = &mut with_password(BEARER, 3);
        stage.pass(60);
        let rows = [
            (start(), TOKEN),
            (head(status, &[]), "buffer 131072"),
            (body(""), "ask r.test/a/b"),
            (credential("u", "new"), NEW_TOKEN),
            (head(200, &[]), "buffer 131072"),
            (token("t2", 60), "GET /v2/a/b/blobs/D [Bearer t2]"),
        ];
        pull().rows(stage, rows);
        let rows = [
            (start(), "GET /v2/a/b/blobs/D [Bearer t2]"),
            (challenge(BEARER), NEW_TOKEN),
            (head(status, &[]), "buffer 131072"),
            (body(""), "ask r.test/a/b"),
            (credential("u", "p"), TOKEN),
            (head(status, &[]), "buffer 131072"),
            (
                body(""),
                "failed Unauthorized: the token endpoint refuses the password of `u`",
            ),
        ];
        pull().rows(stage, rows);
    }
}

#[test]
fn a15_whoever_had_a_password_refused_is_not_made_anonymous() {
    let stage = &mut with_password(BASIC, 1);
    let rows = [
        (start(), WITH_PASSWORD),
        (challenge(BASIC), "buffer 65536"),
        (body(""), "ask…"),
        (
            no_credential(),
            "failed Unauthorized: r.test refuses the password of `u`",
        ),
    ];
    pull().rows(stage, rows);
    let stage = &mut Stage::new();
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (credential("u", "p"), TOKEN),
        (head(401, &[]), "buffer 131072"),
        (body(""), "ask…"),
        (
            no_credential(),
            "failed Unauthorized: the token endpoint refuses the password of `u`",
        ),
    ];
    pull().rows(stage, rows);
}

#[test]
fn somebody_who_has_logged_in_is_noticed() {
    let stage = &mut Stage::new();
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (no_credential(), ANONYMOUS_TOKEN),
        (head(401, &[]), "buffer 131072"),
        (body(""), "failed Unauthorized: no anonymous token"),
    ];
    pull().rows(stage, rows);
    let rows = [
        (start(), ANONYMOUS_TOKEN),
        (head(401, &[]), "buffer 131072"),
        (body(""), "ask…"),
        (credential("u", "p"), TOKEN),
    ];
    pull().rows(stage, rows);
}

#[test]
fn a_source_that_fails_the_second_time_is_the_error() {
    let stage = &mut with_password(BASIC, 1);
    let error = crate::Error::new(ErrorKind::Store, "the keychain is locked");
    let sent = Sent::default();
    let rows = [
        (start(), WITH_PASSWORD),
        (challenge(BASIC), "buffer 65536"),
        (body(""), "ask…"),
        (
            Told::Input(Input::Failed { error, sent }),
            "failed Store: the keychain is locked",
        ),
    ];
    pull().rows(stage, rows);
    // What was refused is not remembered.
    pull().rows(stage, [(start(), "ask…")]);
}

#[test]
fn a29_a_source_that_takes_too_long_is_not_asked_again_and_again() {
    for kind in [ErrorKind::Timeout, ErrorKind::Server, ErrorKind::RateLimited] {
        let (error, sent) = (crate::Error::new(kind, "no answer within 30s"), Sent::default());
        let failed = format!("failed {kind:?}: no answer within 30s");
        let rows = [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (Told::Input(Input::Failed { error, sent }), &*failed),
        ];
        pull().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a_long_operation_may_see_its_password_expire_more_than_once() {
    let (stage, mut actor) = (&mut with_password(BASIC, 1), pull());
    let mut with = WITH_PASSWORD.to_owned();
    actor.rows(stage, [(start(), &*with)]);
    for number in 0..3 {
        let password = format!("p{number}");
        let (before, after) = (with.clone(), format!("GET /v2/a/b/blobs/D [Basic u:{password}]"));
        let error = TransportError::new(TransportErrorKind::Timeout, "stalled").into();
        let rows = [
            (challenge(BASIC), "buffer 65536"),
            (body(""), "ask…"),
            (credential("u", &password), &*after),
            (head(200, &[]), "receive 0..5"),
            (Told::Input(Input::Broken { len: 0, error }), "sleep…"),
        ];
        assert_ne!(before, after);
        actor.rows(stage, rows);
        let step = actor.tell(stage, woken());
        assert!(matches!(step, Step::Send(_)), "{step:?}");
        with = after;
    }
}
