use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{
    Actor, Stage, body, credential, failed, head, no_credential, refused, refuses_all_but, session, start,
};

#[test]
fn ch6_a_registry_is_one_that_answers_below_v2() {
    for (told, expected) in [
        (head(200, &[]), "done Open"),
        (refused(404), "failed NotFound: this is not a registry"),
        (refused(401), "failed Unauthorized"),
        (refused(403), "failed Denied"),
        (refused(503), "failed Server"),
        (head(304, &[]), "failed Protocol: makes no sense"),
        (failed(TransportErrorKind::Tls), "failed Transport"),
    ] {
        let (mut actor, mut stage) = (Actor::new(Ping::new()), Stage::new());
        actor.rows(&mut stage, [(start(), "GET /v2/"), (told, expected)]);
    }
}

#[test]
fn ch4_what_only_docker_defines_decides_nothing() {
    for version in ["registry/2.0", "registry/1.0", "nonsense"] {
        let field = [("docker-distribution-api-version", version)];
        for (told, expected) in [
            (head(200, &field), "done Open"),
            (head(404, &field), "buffer 65536"),
            (head(401, &field), "buffer 65536"),
        ] {
            let mut actor = session(Ping::new(), &[]);
            actor.rows(&mut Stage::new(), [(start(), "GET /v2/"), (told, expected)]);
        }
    }
    for code in ["TAG_INVALID", "MANIFEST_UNVERIFIED", "ANYTHING_ELSE"] {
        for (status, expected) in [
            (400, "failed Refused: 400"),
            (404, "failed NotFound"),
            (403, "failed Denied: 403"),
        ] {
            let error = format!("{{\"errors\":[{{\"code\":\"{code}\"}}]}}");
            let rows = [
                (start(), "GET /v2/"),
                (head(status, &[]), "buffer 65536"),
                (body(error), expected),
            ];
            session(Ping::new(), &[]).rows(&mut Stage::new(), rows);
        }
    }
}

#[test]
fn ch6_a_credential_that_was_asked_for_is_known_to_be_right() {
    let basic = &[("www-authenticate", "Basic realm=\"x\"")];
    let (mut actor, mut stage) = (session(Ping::new(), &[]), Stage::new());
    actor.rows(
        &mut stage,
        [
            (start(), "GET /v2/"),
            (head(401, basic), "ask r.test/a/b"),
            (credential("me", "pw"), "GET /v2/ [Basic me:pw]"),
            (head(200, &[]), "done Authorized"),
        ],
    );
}

#[test]
fn a25_without_a_credential_a_basic_challenge_is_answered_with_nothing() {
    let basic = &[("www-authenticate", "Basic realm=\"x\"")];
    let (mut actor, mut stage) = (session(Ping::new(), &[]), Stage::new());
    actor.rows(
        &mut stage,
        [
            (start(), "GET /v2/"),
            (head(401, basic), "ask r.test/a/b"),
            (no_credential(), "failed Unauthorized: r.test wants credentials"),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| Actor::new(Ping::new()));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = Actor::new(Ping::new());
        actor.rows(stage, [(start(), "GET…")]);
        actor
    });
}
