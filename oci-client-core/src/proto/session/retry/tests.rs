use crate::proto::testing::{
    Actor, Stage, Told, body, broken, failed, head, hello_digest, received, session, show, start, woken,
};
use crate::proto::{Delete, HeadBlob, HostProfile, Input, PullBlob, RetryPolicy, Session, Step, TransportError};

use super::*;

const BLOB: &str = "GET /v2/a/b/blobs/D";
const DELETE: &str = "DELETE /v2/a/b/blobs/D";

fn delete() -> Actor<Session<Delete>> {
    session(
        Delete::blob("a/b".parse().unwrap(), hello_digest()),
        &["delete", "pull"],
    )
}

fn pull(size: u64) -> Actor<Session<PullBlob>> {
    session(
        PullBlob::new("a/b".parse().unwrap(), hello_digest(), size, 0),
        &["pull"],
    )
}

fn stage_with(retry: RetryPolicy) -> Stage {
    Stage::with(HostProfile::new("r.test".parse().unwrap()).with_retry(retry))
}

fn wait(status: u16, retry_after: &str) -> Told {
    head(status, &[("retry-after", retry_after)])
}

/// The pause before the next request, zero if it comes at once; `None` if there is none.
fn pause_after(actor: &mut Actor<Session<Delete>>, stage: &mut Stage, told: Told) -> Option<Duration> {
    let mut step = actor.tell(stage, told);
    if let Step::Buffer { .. } = step {
        step = actor.tell(stage, body(""));
    }
    match step {
        Step::Send(_) => Some(Duration::ZERO),
        Step::Sleep(pause) => {
            assert_eq!(show(&actor.tell(stage, woken())), DELETE);
            Some(pause)
        }
        Step::Done(result) => {
            result.unwrap_err();
            None
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn p07_p22_statuses_that_are_worth_another_try() {
    for status in [408, 425, 429, 500, 502, 503, 504, 507, 599] {
        let (mut actor, mut stage) = (delete(), Stage::new());
        actor.rows(&mut stage, [(start(), DELETE)]);
        let pause = pause_after(&mut actor, &mut stage, head(status, &[]));
        assert_eq!(pause.is_some(), status != 425, "{status}");
    }
    for status in [
        400, 402, 403, 404, 405, 409, 410, 412, 413, 416, 418, 422, 423, 451, 501, 600, 999,
    ] {
        let (mut actor, mut stage) = (delete(), Stage::new());
        actor.rows(&mut stage, [(start(), DELETE)]);
        assert_eq!(pause_after(&mut actor, &mut stage, head(status, &[])), None, "{status}");
    }
    let busy = r#"{"errors":[{"code":"TOOMANYREQUESTS"}]}"#;
    let rows = [
        (start(), DELETE),
        (head(400, &[]), "buffer 65536"),
        (body(busy), "sleep…"),
    ];
    delete().rows(&mut Stage::new(), rows);
}

#[test]
fn p07_p14_failures_that_are_worth_another_try() {
    use TransportErrorKind::{Body, Connect, Other, Reset, Source, Timeout, Tls, TooLarge};
    for kind in [Body, Connect, Reset, Timeout] {
        let (mut actor, mut stage) = (delete(), Stage::new());
        actor.rows(&mut stage, [(start(), DELETE)]);
        assert!(pause_after(&mut actor, &mut stage, failed(kind)).is_some(), "{kind:?}");
    }
    for kind in [Other, Source, Tls, TooLarge] {
        let (mut actor, mut stage) = (delete(), Stage::new());
        actor.rows(&mut stage, [(start(), DELETE)]);
        assert_eq!(pause_after(&mut actor, &mut stage, failed(kind)), None, "{kind:?}");
    }
}

#[test]
fn p15_a_lost_connection_is_made_again_at_once_the_first_time() {
    let rows = [
        (start(), DELETE),
        (failed(TransportErrorKind::Reset), DELETE),
        (failed(TransportErrorKind::Reset), "sleep…"),
        (woken(), DELETE),
    ];
    delete().rows(&mut Stage::new(), rows);
    delete().rows(
        &mut Stage::new(),
        [(start(), DELETE), (failed(TransportErrorKind::Connect), "sleep…")],
    );
}

#[test]
fn p07_pauses_grow_within_their_bounds_and_then_it_ends() {
    let retry = RetryPolicy::new()
        .with_retries(9)
        .with_pauses(Duration::from_millis(200), Duration::from_secs(2));
    let (mut actor, mut stage) = (delete(), stage_with(retry));
    actor.rows(&mut stage, [(start(), DELETE)]);
    for milliseconds in [200, 400, 800, 1_600, 2_000, 2_000, 2_000, 2_000, 2_000] {
        let longest = Duration::from_millis(milliseconds);
        let pause = pause_after(&mut actor, &mut stage, head(503, &[])).unwrap();
        assert!(longest / 2 <= pause && pause <= longest, "{pause:?} of {longest:?}");
    }
    assert_eq!(pause_after(&mut actor, &mut stage, head(503, &[])), None);
}

#[test]
fn the_same_seed_gives_the_same_pauses() {
    let pauses = || {
        let (mut actor, mut stage) = (delete(), Stage::new());
        actor.rows(&mut stage, [(start(), DELETE)]);
        (0..4)
            .map(|_| pause_after(&mut actor, &mut stage, head(503, &[])).unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(pauses(), pauses());
}

#[test]
fn without_retries_the_first_failure_is_the_last() {
    let (mut actor, mut stage) = (delete(), stage_with(RetryPolicy::new().with_retries(0)));
    actor.rows(
        &mut stage,
        [
            (start(), DELETE),
            (failed(TransportErrorKind::Reset), "failed Transport"),
        ],
    );
}

#[test]
fn ch7_p06_both_forms_of_retry_after_are_waited_for_exactly() {
    for status in [429, 503] {
        for (value, expected) in [
            ("3", "sleep 3s"),
            ("60", "sleep 60s"),
            // Seven seconds after the stage's wall clock.
            ("Sun, 06 Nov 1994 08:49:44 GMT", "sleep 7s"),
        ] {
            let rows = [
                (start(), DELETE),
                (wait(status, value), "buffer 65536"),
                (body(""), expected),
                (woken(), DELETE),
            ];
            delete().rows(&mut Stage::new(), rows);
        }
    }
    for value in ["0", "Sun, 06 Nov 1994 08:00:00 GMT"] {
        delete().rows(
            &mut Stage::new(),
            [
                (start(), DELETE),
                (wait(429, value), "buffer 65536"),
                (body(""), "sleep…"),
                (woken(), DELETE),
            ],
        );
    }
    for value in ["-1", "soon", ""] {
        let rows = [
            (start(), DELETE),
            (wait(429, value), "buffer 65536"),
            (body(""), "sleep…"),
        ];
        delete().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn p06_a_wait_longer_than_allowed_is_an_error_that_says_how_long() {
    for (value, seconds) in [
        ("61", 61),
        ("100000000000000000", 100_000_000_000_000_000),
        ("99999999999999999999", u64::MAX),
    ] {
        let (mut actor, mut stage) = (delete(), Stage::new());
        actor.rows(&mut stage, [(start(), DELETE), (wait(429, value), "buffer 65536")]);
        let Step::Done(Err(error)) = actor.tell(&mut stage, body("")) else {
            panic!("it ends");
        };
        assert_eq!(
            (error.kind(), error.retry_after()),
            (ErrorKind::RateLimited, Some(Duration::from_secs(seconds)))
        );
        assert!(error.is_retryable());
        assert_eq!(stage.host.pause_left(stage.now), None, "nobody else is held up");
    }
    let patient = RetryPolicy::new().with_longest_wait(Duration::from_secs(100));
    let rows = [
        (start(), DELETE),
        (wait(429, "61"), "buffer 65536"),
        (body(""), "sleep 61s"),
    ];
    delete().rows(&mut stage_with(patient), rows);
}

#[test]
fn p06_p08_all_machines_of_a_host_keep_the_pause_that_one_was_asked_for() {
    let (stage, mut first, mut second) = (&mut Stage::new(), delete(), delete());
    first.rows(
        stage,
        [(start(), DELETE), (wait(429, "30"), "buffer…"), (body(""), "sleep 30s")],
    );
    second.rows(stage, [(start(), "sleep 30s")]);
    stage.pass(10);
    let mut third = delete();
    third.rows(
        stage,
        [(start(), "sleep 20s"), (woken(), DELETE), (head(202, &[]), "done ()")],
    );
    first.rows(stage, [(Told::Input(Input::Woken), DELETE)]);
    second.rows(stage, [(Told::Input(Input::Woken), DELETE)]);
    // Whoever wakes too early goes on sleeping.
    first.rows(stage, [(wait(429, "5"), "buffer…"), (body(""), "sleep 5s")]);
    stage.pass(2);
    first.rows(stage, [(Told::Input(Input::Woken), "sleep 3s"), (woken(), DELETE)]);
}

#[test]
fn p06_p08_a_pause_that_another_origin_asks_for_is_kept_there_alone() {
    let stage = &mut Stage::new();
    let to = |url: &str| head(307, &[("location", url)]);
    let (here, there) = ("https://cdn.test/x?sig=1", "GET https://cdn.test/x?sig=1");
    let mut first = pull(9);
    first.rows(
        stage,
        [
            (start(), BLOB),
            (to(here), there),
            (wait(429, "30"), "buffer…"),
            (body(""), "sleep 30s"),
        ],
    );
    // The registry answers as before, and so does everybody else that it leads to.
    delete().rows(stage, [(start(), DELETE), (head(202, &[]), "done ()")]);
    for (other, expected) in [
        ("https://cdn.test:444/x", "GET https://cdn.test:444/x"),
        ("https://r.test/x", "GET /x"),
    ] {
        pull(9).rows(stage, [(start(), BLOB), (to(other), expected)]);
    }
    let mut second = pull(9);
    second.rows(stage, [(start(), BLOB), (to("https://cdn.test/y"), "sleep 30s")]);
    stage.pass(10);
    // Whoever has waited goes on there: the registry is not asked anew.
    let mut third = pull(9);
    third.rows(
        stage,
        [
            (start(), BLOB),
            (to(here), "sleep 20s"),
            (woken(), there),
            (head(200, &[]), "receive 0..9"),
        ],
    );
    second.rows(stage, [(Told::Input(Input::Woken), "GET https://cdn.test/y")]);
    first.rows(stage, [(Told::Input(Input::Woken), BLOB), (to(here), there)]);
    // A longer pause that was asked for meanwhile counts for those who sleep.
    let mut fourth = pull(9);
    first.rows(stage, [(wait(503, "5"), "buffer…"), (body(""), "sleep 5s")]);
    fourth.rows(stage, [(start(), BLOB), (to(here), "sleep 5s")]);
    second.rows(stage, [(wait(503, "40"), "buffer…"), (body(""), "sleep 40s")]);
    stage.pass(5);
    fourth.rows(stage, [(Told::Input(Input::Woken), "sleep 35s"), (woken(), there)]);
}

#[test]
fn p06_a_redirect_within_the_registry_paces_the_registry() {
    let stage = &mut Stage::new();
    let rows = [
        (start(), BLOB),
        (head(307, &[("location", "/x")]), "GET /x"),
        (wait(429, "30"), "buffer…"),
        (body(""), "sleep 30s"),
    ];
    pull(9).rows(stage, rows);
    delete().rows(stage, [(start(), "sleep 30s")]);
}

#[test]
fn the_error_lists_every_attempt() {
    let (mut actor, mut stage) = (delete(), Stage::new());
    let tellings = [
        head(500, &[]),
        wait(429, "2"),
        failed(TransportErrorKind::Timeout),
        head(502, &[]),
    ];
    actor.rows(&mut stage, [(start(), DELETE)]);
    for told in tellings {
        pause_after(&mut actor, &mut stage, told).unwrap();
    }
    actor.rows(&mut stage, [(head(403, &[]), "buffer…")]);
    let denied = r#"{"errors":[{"code":"DENIED","message":"no"}]}"#;
    let Step::Done(Err(error)) = actor.tell(&mut stage, body(denied)) else {
        panic!("it ends");
    };
    let attempts: Vec<_> = error.attempts().iter().map(ToString::to_string).collect();
    assert_eq!(
        attempts,
        [
            "500 Internal Server Error",
            "429 Too Many Requests",
            "timed out: cut",
            "502 Bad Gateway"
        ]
    );
    assert_eq!(error.attempts()[1].pause(), Duration::from_secs(2));
    assert_eq!(
        (error.operation(), error.status().map(|status| status.as_u16())),
        (Some("test"), Some(403))
    );
    assert!(error.has_code(&oci_spec_types::distribution::ErrorCode::DENIED));
    assert!(error.to_string().contains("failed before: "), "{error}");
}

#[test]
fn e2_p16_a_refusal_whose_body_cannot_be_read_keeps_its_status() {
    let rows = [
        (start(), DELETE),
        (head(403, &[]), "buffer 65536"),
        (failed(TransportErrorKind::TooLarge), "failed Denied: 403"),
    ];
    delete().rows(&mut Stage::new(), rows);
    let html = [
        (start(), DELETE),
        (head(403, &[]), "buffer 65536"),
        (body("<html>\u{1b}[2J"), "failed Denied: 403"),
    ];
    delete().rows(&mut Stage::new(), html);
    let machine = HeadBlob::new("a/b".parse().unwrap(), hello_digest());
    session(machine, &["pull"]).rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (head(403, &[]), "failed Denied: 403")],
    );
}

#[test]
fn c23_p16_what_a_registry_says_is_shown_without_control_characters() {
    let escape = "{\"errors\":[{\"code\":\"DENIED\",\"message\":\"\\u001b[2J\\u202e\\r\\n\\u0000x\"}]}";
    let (mut actor, mut stage) = (delete(), Stage::new());
    actor.rows(&mut stage, [(start(), DELETE), (head(403, &[]), "buffer…")]);
    let Step::Done(Err(error)) = actor.tell(&mut stage, body(escape)) else {
        panic!("it ends");
    };
    let text = error.to_string();
    assert!(
        !text
            .chars()
            .any(|character| character.is_control() || character == '\u{202e}'),
        "{text:?}"
    );
}

/// How a pull of `size` bytes goes on if each body breaks after `piece` bytes: the number of requests, and whether it arrives.
fn cut_every(size: u64, piece: u64) -> (u32, bool) {
    let (mut actor, mut stage) = (pull(size), Stage::new());
    let mut step = actor.tell(&mut stage, start());
    let (mut requests, mut at) = (0_u32, 0_u64);
    loop {
        step = match step {
            Step::Send(_) => {
                requests += 1;
                let range = format!("bytes {at}-{}/{size}", size - 1);
                let fields = [("content-range", &*range)];
                let told = if at == 0 { head(200, &[]) } else { head(206, &fields) };
                actor.tell(&mut stage, told)
            }
            Step::Receive { at: from, limit } => {
                assert_eq!((from, from + limit), (at, size));
                let len = piece.min(limit);
                at += len;
                let told = if at == size { received(len) } else { broken(len) };
                actor.tell(&mut stage, told)
            }
            Step::Sleep(_) => actor.tell(&mut stage, woken()),
            Step::Done(result) => return (requests, result.is_ok()),
            other => panic!("{other:?}"),
        };
    }
}

#[test]
fn p10_failures_are_forgiven_as_bytes_arrive() {
    const MIB: u64 = 1 << 20;
    assert_eq!(cut_every(100 * MIB, 64 << 10), (1_600, true));
    assert_eq!(cut_every(100 * MIB, 10 * MIB), (10, true));
    let (requests, arrived) = cut_every(100 * MIB, 1);
    assert!(requests < 200 && !arrived, "{requests}");
    assert_eq!(cut_every(100 * MIB, 0), (5, false));
    assert_eq!(cut_every(10, 1), (10, true));
}

#[test]
fn c05_p10_a_body_that_ends_early_is_as_good_as_broken() {
    pull(9).rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (head(200, &[]), "receive 0..9"),
            (received(4), "GET /v2/a/b/blobs/D (bytes=4-8)"),
            (head(206, &[("content-range", "bytes 4-8/9")]), "receive 4..9"),
            (received(5), "done ()"),
        ],
    );
}

#[test]
fn a_body_that_breaks_for_good_is_an_error() {
    let error = TransportError::new(TransportErrorKind::Other, "not HTTP").into();
    let told = Told::Input(Input::Broken { len: 2, error });
    pull(9).rows(
        &mut Stage::new(),
        [
            (start(), BLOB),
            (head(200, &[]), "receive 0..9"),
            (told, "failed Transport"),
        ],
    );
}

#[test]
fn c06_a_body_that_does_not_end_is_too_long() {
    let rows = [
        (start(), BLOB),
        (head(200, &[]), "receive 0..9"),
        (received(10), "failed Mismatch: 9"),
    ];
    pull(9).rows(&mut Stage::new(), rows);
}
