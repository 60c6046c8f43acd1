//! Several machines and one token.

use super::*;

/// Two pulls that know the challenge, of which the first fetches the token and the second waits.
fn leader_and_follower(stage: &mut Stage) -> (Actor<Session<PullBlob>>, Actor<Session<PullBlob>>) {
    pull().rows(stage, [(start(), BLOB), (challenge(BEARER), "ask…")]);
    let (mut leader, mut follower) = (pull(), pull());
    leader.rows(stage, [(start(), "ask…"), (credential("u", "p"), TOKEN)]);
    follower.rows(stage, [(start(), "wait")]);
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
        follower.rows(stage, [(start(), "wait")]);
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
    type Way = fn() -> Vec<(Told, &'static str)>;
    let ways: [Way; 4] = [
        || {
            vec![
                (head(403, &[]), "buffer…"),
                (body(""), "ask…"),
                (credential("u", "p"), "failed Unauthorized"),
            ]
        },
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
    leader.rows(stage, [(Told::Input(Input::Woken), "wait")]);
}

#[test]
fn a1_two_who_learn_the_challenge_at_once_both_go_on() {
    for (line, asked) in [
        (BEARER, TOKEN),
        ("Basic realm=\"x\"", "GET /v2/a/b/blobs/D [Basic u:p]"),
    ] {
        let (stage, mut first, mut second) = (&mut Stage::new(), pull(), pull());
        first.rows(stage, [(start(), BLOB)]);
        second.rows(stage, [(start(), BLOB)]);
        first.rows(stage, [(challenge(line), "ask…"), (credential("u", "p"), asked)]);
        let second_asks = if asked == TOKEN { "wait" } else { asked };
        second.rows(stage, [(challenge(line), second_asks)]);
    }
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
    follower.refuses(stage, Told::Input(Input::Granted(ticket)));
}
