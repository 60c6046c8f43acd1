//! Several machines and one credential source.

use super::*;

const BASIC: &str = "Basic realm=\"x\"";
const WITH_BASIC: &str = "GET /v2/a/b/blobs/D [Basic u:p]";

type Pull = Actor<Session<PullBlob>>;

/// So many who have all been challenged: the first asks the source, the others wait.
fn asker_and_followers<const N: usize>(stage: &mut Stage, line: &str) -> (Pull, [Pull; N]) {
    let (mut asker, mut followers) = (pull(), [(); N].map(|()| pull()));
    asker.rows(stage, [(start(), BLOB)]);
    for follower in &mut followers {
        follower.rows(stage, [(start(), BLOB)]);
    }
    asker.rows(stage, [(challenge(line), "ask r.test/a/b")]);
    for follower in &mut followers {
        follower.rows(stage, [(challenge(line), "wait")]);
        assert!(!follower.is_called(stage));
    }
    (asker, followers)
}

#[test]
fn a17_one_asks_the_credential_source_and_the_others_have_its_answer() {
    type Answer = fn() -> (Told, &'static str, &'static str);
    let answers: [Answer; 4] = [
        || (credential("u", "p"), WITH_BASIC, WITH_BASIC),
        || (no_credential(), "failed Unauthorized", "failed Unauthorized"),
        || (credential("u", "p"), TOKEN, "wait"),
        || (no_credential(), ANONYMOUS_TOKEN, "wait"),
    ];
    for (line, answer) in [BASIC, BASIC, BEARER, BEARER].into_iter().zip(answers) {
        let stage = &mut Stage::new();
        let (mut asker, followers) = asker_and_followers::<7>(stage, line);
        let (told, asked, others) = answer();
        asker.rows(stage, [(told, asked)]);
        for mut follower in followers {
            assert!(follower.is_called(stage));
            follower.rows(stage, [(granted(), others)]);
        }
    }
}

#[test]
fn a17_another_one_asks_where_the_asker_is_dropped_or_hears_nothing() {
    let drops: fn(&mut Stage, Pull) = |stage, asker| {
        drop(asker);
        stage.host.sweep();
    };
    let fails: fn(&mut Stage, Pull) = |stage, mut asker| {
        asker.rows(stage, [(failed(TransportErrorKind::Other), "failed Transport")]);
    };
    let errs: fn(&mut Stage, Pull) = |stage, mut asker| asker.rows(stage, [(received(1), "failed Misuse")]);
    for leave in [drops, fails, errs] {
        let stage = &mut Stage::new();
        let (asker, [mut second, mut third]) = asker_and_followers(stage, BASIC);
        leave(stage, asker);
        assert!(second.is_called(stage) && third.is_called(stage));
        second.rows(stage, [(granted(), "ask r.test/a/b")]);
        third.rows(stage, [(granted(), "wait")]);
        second.rows(stage, [(credential("u", "p"), WITH_BASIC)]);
        third.rows(stage, [(granted(), WITH_BASIC)]);
    }
}

/// An asker that is not driven any more keeps nobody from it for longer than a minute.
#[test]
fn a17_another_one_asks_after_a_while() {
    let stage = &mut Stage::new();
    let (mut asker, [mut follower]) = asker_and_followers(stage, BASIC);
    stage.pass(60);
    follower.rows(
        stage,
        [(granted(), "ask r.test/a/b"), (credential("u", "p"), WITH_BASIC)],
    );
    asker.rows(stage, [(credential("u", "q"), "GET /v2/a/b/blobs/D [Basic u:q]")]);
}

/// A password that all of them have sent is asked for once more, and not by each of them.
#[test]
fn a15_a_password_that_is_refused_to_many_is_asked_for_once_more() {
    let refused_with_basic = |stage: &mut Stage| {
        let (mut asker, mut followers) = asker_and_followers::<3>(stage, BASIC);
        asker.rows(
            stage,
            [(credential("u", "p"), WITH_BASIC), (challenge(BASIC), "buffer 65536")],
        );
        for follower in &mut followers {
            follower.rows(stage, [(granted(), WITH_BASIC), (challenge(BASIC), "buffer 65536")]);
        }
        asker.rows(stage, [(body(""), "ask r.test/a/b")]);
        (asker, followers)
    };
    for (password, then) in [("q", "GET /v2/a/b/blobs/D [Basic u:q]"), ("p", "failed Unauthorized")] {
        let stage = &mut Stage::new();
        let (mut asker, [mut early, mut late, mut latest]) = refused_with_basic(stage);
        early.rows(stage, [(body(""), "wait")]);
        asker.rows(stage, [(credential("u", password), then)]);
        early.rows(stage, [(granted(), then)]);
        // Those whose refusals come after the new answer take it.
        late.rows(stage, [(body(""), then)]);
        latest.rows(stage, [(body(""), then)]);
    }
}

#[test]
fn other_repositories_are_asked_about_at_the_same_time() {
    let stage = &mut Stage::new();
    let (_asker, [_follower]) = asker_and_followers(stage, BASIC);
    let name: oci_spec_types::RepositoryName = "c".parse().unwrap();
    let query = crate::proto::CredentialQuery::new("r.test".parse().unwrap(), Some(name.clone()));
    let operation = crate::proto::Operation::new("test", query, crate::proto::auth::Scopes::none());
    let mut other = Actor::new(Session::new(PullBlob::new(name, hello_digest(), 5, 0), operation));
    other.rows(
        stage,
        [
            (start(), "ask r.test/c"),
            (credential("u", "c"), "GET /v2/c/blobs/D [Basic u:c]"),
        ],
    );
}
