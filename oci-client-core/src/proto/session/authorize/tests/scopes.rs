//! What a token is asked to allow, and what comes of one that allows too little.

use super::*;
use crate::proto::auth::{Scope, Scopes};
use crate::proto::{CredentialQuery, Operation, Upload};

const DELETE: &str = "DELETE /v2/a/b/blobs/D";

fn asks(scopes: &str) -> String {
    let scopes = scopes.replace(':', "%3A").replace('/', "%2F").replace(',', "%2C");
    let scopes: Vec<_> = scopes.split(' ').map(|scope| format!("&scope={scope}")).collect();
    format!("GET /token?account=u&service=s{} [Basic u:p]", scopes.concat())
}

/// Tells the actor that the endpoint has given the token that it asked for.
fn grant(actor: &mut Actor<Session<Delete>>, stage: &mut Stage, name: &str) {
    let with = format!("{DELETE} [Bearer {name}]");
    actor.rows(stage, [(head(200, &[]), "buffer…"), (token(name, 60), &*with)]);
}

#[test]
fn a5_a6_a_deletion_asks_for_delete_and_then_for_everything() {
    for status in [401, 403] {
        let (stage, mut actor) = (&mut Stage::new(), delete());
        let line = insufficient(BEARER);
        let refusal = || head(status, &[("www-authenticate", &line)]);
        actor.rows(stage, [(start(), DELETE), (challenge(BEARER), "ask…")]);
        actor.rows(stage, [(credential("u", "p"), &*asks("repository:a/b:pull"))]);
        grant(&mut actor, stage, "t1");
        actor.rows(stage, [(refusal(), &*asks("repository:a/b:delete,pull"))]);
        grant(&mut actor, stage, "t2");
        let all = asks("repository:a/b:*");
        actor.rows(stage, [(refusal(), &*all)]);
        grant(&mut actor, stage, "t3");
        let denied = "failed Denied: the password of `u` does not suffice on r.test for `repository:a/b:*`";
        actor.rows(stage, [(refusal(), "buffer 65536"), (body(""), denied)]);
    }
}

#[test]
fn a5_a_deletion_whose_kept_token_has_expired_still_gets_to_everything() {
    let (stage, mut actor) = (&mut Stage::new(), delete());
    let line = insufficient(BEARER);
    let bare = "Bearer realm=\"https://r.test/token\",service=s";
    actor.rows(stage, [(start(), DELETE), (challenge(bare), "ask…")]);
    actor.rows(stage, [(credential("u", "p"), &*asks("repository:a/b:delete,pull"))]);
    grant(&mut actor, stage, "t1");
    actor.rows(stage, [(head(202, &[]), "done ()")]);
    let mut actor = delete();
    actor.rows(stage, [(start(), "DELETE /v2/a/b/blobs/D [Bearer t1]")]);
    actor.rows(stage, [(challenge(BEARER), &*asks("repository:a/b:pull"))]);
    grant(&mut actor, stage, "t2");
    actor.rows(stage, [(challenge(&line), &*asks("repository:a/b:delete,pull"))]);
    grant(&mut actor, stage, "t3");
    actor.rows(stage, [(challenge(&line), &*asks("repository:a/b:*"))]);
}

/// What the registry wants for a deletion; whoever asks its token endpoint for `delete` gets nothing.
const PUSH: &str = r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push""#;

#[test]
fn a5_what_has_sufficed_where_the_own_scope_gives_nothing_is_asked_for_at_once() {
    let stage = &mut with_token(BEARER);
    let (own, push) = (asks("repository:a/b:delete,pull"), asks("repository:a/b:pull,push"));
    let mut actor = delete();
    actor.rows(stage, [(start(), &*own)]);
    grant(&mut actor, stage, "t2");
    actor.rows(stage, [(challenge(PUSH), &*push)]);
    grant(&mut actor, stage, "t3");
    actor.rows(stage, [(head(202, &[]), "done ()")]);
    let with = |name: &str| format!("{DELETE} [Bearer {name}]");
    delete().rows(stage, [(start(), &*with("t3")), (head(202, &[]), "done ()")]);
    // A token that ends before its time is replaced by one for the same.
    let mut actor = delete();
    actor.rows(stage, [(start(), &*with("t3")), (challenge(PUSH), &*push)]);
    grant(&mut actor, stage, "t4");
    actor.rows(stage, [(head(202, &[]), "done ()")]);
    delete().rows(stage, [(start(), &*with("t4")), (head(202, &[]), "done ()")]);
    stage.pass(601);
    delete().rows(stage, [(start(), "ask r.test/a/b"), (credential("u", "p"), &*own)]);
}

#[test]
fn a5_what_has_sufficed_and_does_so_no_more_is_forgotten() {
    let stage = &mut with_token(BEARER);
    let (own, push) = (asks("repository:a/b:delete,pull"), asks("repository:a/b:pull,push"));
    let mut actor = delete();
    actor.rows(stage, [(start(), &*own)]);
    grant(&mut actor, stage, "t2");
    actor.rows(stage, [(challenge(PUSH), &*push)]);
    grant(&mut actor, stage, "t3");
    actor.rows(stage, [(head(202, &[]), "done ()")]);
    // Now it is `delete` that is wanted: all that is refused leads to what the operation needs, as it did at first.
    let wants = PUSH.replace("pull,push", "delete");
    let mut actor = delete();
    let with = format!("{DELETE} [Bearer t3]");
    actor.rows(
        stage,
        [(start(), &*with), (challenge(&wants), &*asks("repository:a/b:delete"))],
    );
    grant(&mut actor, stage, "t4");
    actor.rows(stage, [(challenge(&wants), &*own)]);
    grant(&mut actor, stage, "t5");
    actor.rows(stage, [(head(202, &[]), "done ()")]);
    let with = format!("{DELETE} [Bearer t5]");
    delete().rows(stage, [(start(), &*with)]);
}

#[test]
fn a5_a_denial_without_a_challenge_leads_to_what_the_operation_needs() {
    let (stage, mut actor) = (&mut Stage::new(), delete());
    actor.rows(stage, [(start(), DELETE), (challenge(BEARER), "ask…")]);
    actor.rows(stage, [(credential("u", "p"), &*asks("repository:a/b:pull"))]);
    grant(&mut actor, stage, "t1");
    actor.rows(stage, [(head(403, &[]), &*asks("repository:a/b:delete,pull"))]);
    grant(&mut actor, stage, "t2");
    actor.rows(stage, [(head(200, &[]), "done ()")]);
}

#[test]
fn a5_a_denial_that_nothing_can_be_added_to_is_final() {
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (credential("u", "p"), TOKEN),
        (head(200, &[]), "buffer…"),
        (token("t1", 60), "GET /v2/a/b/blobs/D [Bearer t1]"),
        (head(403, &[]), "buffer 65536"),
        (
            body(""),
            "failed Denied: the password of `u` does not suffice on r.test for `repository:a/b:pull`",
        ),
    ];
    pull().rows(&mut Stage::new(), rows);
}

#[test]
fn a5_a_scope_that_only_the_denial_names_is_asked_for_once() {
    let wider = r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push",error="insufficient_scope""#;
    for status in [401, 403] {
        let stage = &mut Stage::new();
        let refusal = || head(status, &[("www-authenticate", wider)]);
        let more = asks("repository:a/b:pull,push");
        let rows = [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (credential("u", "p"), TOKEN),
            (head(200, &[]), "buffer…"),
            (token("t1", 60), "GET /v2/a/b/blobs/D [Bearer t1]"),
            (refusal(), &*more),
            (head(200, &[]), "buffer…"),
            (token("t2", 60), "GET /v2/a/b/blobs/D [Bearer t2]"),
            (refusal(), "buffer 65536"),
            (body(""), "failed Denied: for `repository:a/b:pull,push`"),
        ];
        pull().rows(stage, rows);
    }
}

#[test]
fn a20_a_fresh_token_that_is_not_valid_yet_gets_one_more_chance() {
    for line in [BEARER.to_owned(), format!("{BEARER},error=\"invalid_token\"")] {
        let (stage, mut actor) = (&mut Stage::new(), pull());
        let before = stage.now.monotonic;
        actor.rows(
            stage,
            [
                (start(), BLOB),
                (challenge(BEARER), "ask…"),
                (credential("u", "p"), TOKEN),
                (head(200, &[]), "buffer…"),
                (token("t1", 60), "GET /v2/a/b/blobs/D [Bearer t1]"),
                (challenge(&line), "sleep…"),
                (woken(), TOKEN),
                (head(200, &[]), "buffer…"),
                (token("t2", 60), "GET /v2/a/b/blobs/D [Bearer t2]"),
            ],
        );
        let pause = (stage.now.monotonic - before).as_millis();
        assert!((500..=1000).contains(&pause), "{pause}");
        let kind = if line == BEARER {
            "failed Denied"
        } else {
            "failed Unauthorized"
        };
        actor.rows(stage, [(challenge(&line), "buffer 65536"), (body(""), kind)]);
    }
}

#[test]
fn a24_repositories_may_have_challenges_of_their_own() {
    let stage = &mut Stage::new();
    let other = r#"Bearer realm="https://r.test/other",service="o""#;
    let open = |name: &str| {
        let name: oci_spec_types::RepositoryName = name.parse().unwrap();
        let scopes = Scopes::repository(&name, &["pull"]);
        let query = CredentialQuery::new("r.test".parse().unwrap(), Some(name.clone()));
        Actor::new(Session::new(
            PullBlob::new(name, hello_digest(), 5, 0),
            Operation::new("test", query, scopes),
        ))
    };
    for (name, line, realm) in [("a/b", BEARER, "token"), ("c", other, "other")] {
        let mut actor = open(name);
        let mut step = actor.tell(stage, start());
        // The other repository's challenge may be tried first.
        while let Step::Ask(_) | Step::Buffer { .. } | Step::Send(_) = &step {
            step = match &step {
                Step::Ask(_) => actor.tell(stage, no_credential()),
                Step::Buffer { .. } => actor.tell(stage, token(realm, 3_600)),
                Step::Send(request) if request.uri().path() == format!("/{realm}") => actor.tell(stage, head(200, &[])),
                Step::Send(request) if request.uri().path().starts_with("/v2/") => {
                    let value = request.headers().get("authorization");
                    let mine = value.is_some_and(|value| *value == *format!("Bearer {realm}"));
                    actor.tell(stage, if mine { head(200, &[]) } else { challenge(line) })
                }
                _ => actor.tell(stage, head(200, &[])),
            };
        }
        assert!(matches!(step, Step::Receive { .. }), "{name}: {step:?}");
    }
    for _ in 0..2 {
        open("a/b").rows(stage, [(start(), "GET /v2/a/b/blobs/D [Bearer token]")]);
        open("c").rows(stage, [(start(), "GET /v2/c/blobs/D [Bearer other]")]);
    }
}

/// An upload into `a/b` that may mount from `src`.
fn mounting() -> Actor<Session<Upload>> {
    let (name, source): (oci_spec_types::RepositoryName, _) = ("a/b".parse().unwrap(), "src".parse().unwrap());
    let mut scopes = Scopes::repository(&name, &["pull", "push"]);
    scopes.add(Scope::repository(&source, &["pull"]));
    let query = CredentialQuery::new("r.test".parse().unwrap(), Some(name.clone()));
    let upload = Upload::new(name, hello_digest(), 5);
    Actor::new(Session::new(upload, Operation::new("test", query, scopes)))
}

#[test]
fn a6_a18_a_mount_asks_for_both_repositories_in_one_token_the_target_first() {
    let stage = &mut Stage::new();
    let both = asks("repository:a/b:pull,push repository:src:pull");
    let line = r#"Bearer realm="https://r.test/token",service="s",scope="repository:a/b:pull,push""#;
    let mut actor = mounting();
    let _ = actor.tell(stage, start());
    actor.rows(stage, [(challenge(line), "ask…"), (credential("u", "p"), &*both)]);
    drop(actor);
    stage.host.sweep();
    mounting().rows(stage, [(start(), &*both)]);
}

#[test]
fn a18_a_challenge_about_something_else_is_not_added_to() {
    let line = r#"Bearer realm="https://r.test/token",service="s",scope="repository:proxy/a/b:pull,push""#;
    let (stage, mut actor) = (&mut Stage::new(), mounting());
    let _ = actor.tell(stage, start());
    let only = asks("repository:proxy/a/b:pull,push");
    actor.rows(stage, [(challenge(line), "ask…"), (credential("u", "p"), &*only)]);
}
