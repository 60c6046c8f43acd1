use super::*;
use crate::proto::testing::{
    Actor, Stage, body, broken, failed, head, hello_digest, no_credential, received, refused, refuses_all_but, session,
    start, woken,
};
use crate::proto::{HostProfile, RetryPolicy, TransportErrorKind};

const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// A pull of `size` bytes, of which the first `at` are there.
fn pull(size: u64, at: u64) -> Actor<PullBlob> {
    Actor::new(PullBlob::new("a/b".parse().unwrap(), hello_digest(), size, at))
}

fn ranged(range: &str) -> crate::proto::testing::Told {
    head(206, &[("content-range", range)])
}

#[test]
fn rp1_a_blob_in_one_go() {
    for (size, receive) in [(5, "receive 0..5"), (0, "receive 0..0")] {
        let length = size.to_string();
        for fields in [&[("content-length", &*length)][..], &[]] {
            let rows = [
                (start(), "GET /v2/a/b/blobs/D"),
                (head(200, fields), receive),
                (received(size), "done ()"),
            ];
            pull(size, 0).rows(&mut Stage::new(), rows);
        }
    }
}

#[test]
fn cp9_p10_a_broken_blob_goes_on_where_it_broke() {
    pull(9, 0).rows(
        &mut Stage::new(),
        [
            (start(), "GET /v2/a/b/blobs/D"),
            (head(200, &[("content-length", "9")]), "receive 0..9"),
            (broken(0), "GET /v2/a/b/blobs/D"),
            (head(200, &[]), "receive 0..9"),
            (broken(2), "GET /v2/a/b/blobs/D (bytes=2-8)"),
            (
                head(206, &[("content-range", "bytes 2-8/9"), ("content-length", "7")]),
                "receive 2..9",
            ),
            (broken(0), "GET /v2/a/b/blobs/D (bytes=2-8)"),
            (ranged("bytes 2-8/*"), "receive 2..9"),
            (broken(6), "GET /v2/a/b/blobs/D (bytes=8-8)"),
            (ranged("bytes 8-8/9"), "receive 8..9"),
            (received(1), "done ()"),
        ],
    );
}

#[test]
fn p13_nothing_is_asked_for_that_is_not_missing() {
    pull(9, 4).rows(&mut Stage::new(), [(start(), "GET /v2/a/b/blobs/D (bytes=4-8)")]);
    pull(9, 8).rows(&mut Stage::new(), [(start(), "GET /v2/a/b/blobs/D (bytes=8-8)")]);
    pull(9, 9).rows(&mut Stage::new(), [(start(), "done ()")]);
    pull(9, 10).rows(&mut Stage::new(), [(start(), "failed Mismatch: 9")]);
    let rows = [
        (start(), "GET…"),
        (head(200, &[]), "receive 0..9"),
        (broken(9), "done ()"),
    ];
    pull(9, 0).rows(&mut Stage::new(), rows);
}

#[test]
fn cp9_p11_ignored_ranges_are_borne_once() {
    pull(9, 0).rows(
        &mut Stage::new(),
        [
            (start(), "GET /v2/a/b/blobs/D"),
            (head(200, &[]), "receive 0..9"),
            (broken(6), "GET /v2/a/b/blobs/D (bytes=6-8)"),
            (head(200, &[("content-length", "9")]), "receive 0..9"),
            (broken(3), "GET /v2/a/b/blobs/D (bytes=6-8)"),
            (head(200, &[]), "failed Protocol: whole blob each time"),
        ],
    );
    let rows = [
        (start(), "GET…"),
        (head(200, &[]), "receive 0..9"),
        (received(9), "done ()"),
    ];
    pull(9, 6).rows(&mut Stage::new(), rows);
}

#[test]
fn p12_another_range_is_never_spliced_in() {
    for range in [
        "bytes 3-8/9",
        "bytes 4-7/9",
        "bytes 4-9/10",
        "bytes 4-8/10",
        "bytes 0-8/9",
        "bytes */9",
        "bytes 4-8",
        "items 4-8/9",
        "bytes 4-8/9, 4-8/9",
        "",
    ] {
        pull(9, 4).rows(
            &mut Stage::new(),
            [(start(), "GET…"), (ranged(range), "failed Protocol: another range")],
        );
    }
    let missing = head(206, &[("content-type", "multipart/byteranges; boundary=x")]);
    pull(9, 4).rows(
        &mut Stage::new(),
        [(start(), "GET…"), (missing, "failed Protocol: another range")],
    );
    let twice = head(
        206,
        &[("content-range", "bytes 4-8/9"), ("content-range", "bytes 5-8/9")],
    );
    pull(9, 4).rows(
        &mut Stage::new(),
        [(start(), "GET…"), (twice, "failed Protocol: another range")],
    );
    pull(9, 0).rows(
        &mut Stage::new(),
        [(start(), "GET…"), (ranged("bytes 0-8/9"), "failed Protocol: 206")],
    );
}

#[test]
fn c05_c06_c07_cp6_every_wrong_length_is_named() {
    let length = |length: &'static str| head(200, &[("content-length", length)]);
    for (told, expected) in [
        (length("10"), "failed Mismatch: 9"),
        (length("8"), "failed Mismatch: 9"),
    ] {
        pull(9, 0).rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
    for (told, expected) in [
        (received(10), "failed Mismatch: 10"),
        (received(8), "failed Mismatch: 8"),
    ] {
        pull(9, 0).rows(
            &mut Stage::new(),
            [(start(), "GET…"), (head(200, &[]), "receive 0..9"), (told, expected)],
        );
    }
    let short = head(206, &[("content-range", "bytes 4-8/9"), ("content-length", "4")]);
    pull(9, 4).rows(&mut Stage::new(), [(start(), "GET…"), (short, "failed Mismatch: 9")]);
}

#[test]
fn p13_no_more_than_what_is_there_is_too_short() {
    for (actor, expected) in [(pull(9, 4), "failed Mismatch: 4"), (pull(9, 0), "failed Refused")] {
        let mut actor = actor;
        actor.rows(&mut Stage::new(), [(start(), "GET…"), (refused(416), expected)]);
    }
}

#[test]
fn c03_a_claimed_digest_must_be_the_one_asked_for() {
    let sha512 = Digest::sha512(b"hello").to_string();
    let asked = hello_digest().to_string();
    for (claim, expected) in [
        (OTHER_DIGEST, "failed Mismatch: sha256:0000"),
        ("garbage", "failed Protocol"),
        (&*sha512, "receive 0..5"),
        (&*asked, "receive 0..5"),
    ] {
        let told = head(200, &[("docker-content-digest", claim)]);
        pull(5, 0).rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
}

#[test]
fn c17_a_coded_blob_is_refused() {
    for (coding, expected) in [("gzip", "failed Protocol: gzip"), ("aws-chunked", "receive 0..5")] {
        let told = head(200, &[("content-encoding", coding)]);
        pull(5, 0).rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
}

#[test]
fn cp10_refusals_and_statuses_that_make_no_sense() {
    for (told, expected) in [
        (refused(404), "failed NotFound"),
        (failed(TransportErrorKind::Tls), "failed Transport"),
        (head(204, &[]), "failed Protocol: 204"),
        (head(304, &[]), "failed Protocol: 304"),
    ] {
        pull(5, 0).rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
}

#[test]
fn p10_a_blob_survives_five_cuts_and_is_fetched_once() {
    for size in [12_u64, 60_000, 600_000, 6_000_000] {
        let (stage, sixth) = (&mut Stage::new(), size / 6);
        let mut actor = session(pull(size, 0).into_machine(), &["pull"]);
        actor.rows(stage, [(start(), "GET /v2/a/b/blobs/D")]);
        let mut next = actor.tell(stage, head(200, &[]));
        for cut in 1..=5_u64 {
            let mut step = actor.tell(stage, broken(sixth));
            while let Step::Sleep(_) = step {
                step = actor.tell(stage, woken());
            }
            let (at, last) = (cut * sixth, size - 1);
            assert_eq!(
                crate::proto::testing::show(&step),
                format!("GET /v2/a/b/blobs/D (bytes={at}-{last})")
            );
            next = actor.tell(stage, ranged(&format!("bytes {at}-{last}/{size}")));
        }
        assert!(matches!(next, Step::Receive { at, limit } if at == 5 * sixth && at + limit == size));
        actor.rows(stage, [(received(sixth), "done ()")]);
    }
}

#[test]
fn a_body_that_breaks_after_its_last_byte_is_whole() {
    let retry = RetryPolicy::new().with_retries(0);
    let stage = &mut Stage::with(HostProfile::new("r.test".parse().unwrap()).with_retry(retry));
    let rows = [
        (start(), "GET…"),
        (head(200, &[]), "receive 0..5"),
        (broken(5), "done ()"),
    ];
    session(pull(5, 0).into_machine(), &["pull"]).rows(stage, rows);
}

#[test]
fn c05_a_body_that_always_ends_early_is_too_short() {
    let (stage, mut actor) = (&mut Stage::new(), session(pull(9, 0).into_machine(), &["pull"]));
    actor.rows(stage, [(start(), "GET…"), (head(200, &[]), "receive 0..9")]);
    let mut step = actor.tell(stage, received(6));
    for _ in 0..20 {
        step = match step {
            Step::Done(result) => {
                let error = result.unwrap_err();
                assert!(error.mismatch().is_some(), "{error}");
                assert!(
                    error.to_string().contains("6 of 9") || error.to_string().contains('6'),
                    "{error}"
                );
                return;
            }
            Step::Receive { .. } => actor.tell(stage, received(0)),
            Step::Send(_) => actor.tell(stage, ranged("bytes 6-8/9")),
            Step::Sleep(_) => actor.tell(stage, woken()),
            other => panic!("{other:?}"),
        };
    }
    panic!("it does not end");
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| pull(5, 0));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = pull(5, 0);
        actor.rows(stage, [(start(), "GET…")]);
        actor
    });
    refuses_all_but(&["broken", "failed", "received"], |stage| {
        let mut actor = pull(5, 0);
        actor.rows(stage, [(start(), "GET…"), (head(200, &[]), "receive 0..5")]);
        actor
    });
}

/// A pull of `part` out of nine bytes.
fn part(part: Range<u64>, if_whole: IfWhole) -> Actor<PullBlob> {
    Actor::new(PullBlob::part(
        "a/b".parse().unwrap(),
        hello_digest(),
        9,
        part,
        if_whole,
    ))
}

const STRICT: IfWhole = IfWhole::Skip { most: 0 };

#[test]
fn cp9_p10_a_part_is_a_closed_range_and_goes_on_inside_it() {
    part(3..7, STRICT).rows(
        &mut Stage::new(),
        [
            (start(), "GET /v2/a/b/blobs/D (bytes=3-6)"),
            (
                head(206, &[("content-range", "bytes 3-6/9"), ("content-length", "4")]),
                "receive 3..7",
            ),
            (broken(1), "GET /v2/a/b/blobs/D (bytes=4-6)"),
            (ranged("bytes 4-6/*"), "receive 4..7"),
            (broken(2), "GET /v2/a/b/blobs/D (bytes=6-6)"),
            (ranged("bytes 6-6/9"), "receive 6..7"),
            (received(1), "done ()"),
        ],
    );
    let rows = [
        (start(), "GET /v2/a/b/blobs/D (bytes=0-3)"),
        (ranged("bytes 0-3/9"), "receive 0..4"),
        (broken(4), "done ()"),
    ];
    part(0..4, STRICT).rows(&mut Stage::new(), rows);
}

#[test]
fn p13_parts_at_the_edges() {
    part(9..9, STRICT).rows(&mut Stage::new(), [(start(), "done ()")]);
    part(4..4, STRICT).rows(&mut Stage::new(), [(start(), "done ()")]);
    part(4..10, STRICT).rows(&mut Stage::new(), [(start(), "failed Misuse")]);
    part(Range { start: 5, end: 4 }, STRICT).rows(&mut Stage::new(), [(start(), "failed Misuse")]);
    part(10..11, STRICT).rows(&mut Stage::new(), [(start(), "failed Mismatch: 10")]);
    let rows = [(start(), "GET…"), (refused(416), "failed Mismatch: 4")];
    part(4..6, STRICT).rows(&mut Stage::new(), rows);
}

#[test]
fn p12_a_part_is_exactly_the_bytes_asked_for() {
    for range in [
        "bytes 3-8/9",
        "bytes 3-5/9",
        "bytes 2-6/9",
        "bytes 3-6/10",
        "bytes 0-8/9",
        "bytes */9",
        "bytes 3-6/9, 3-6/9",
        "",
    ] {
        let rows = [(start(), "GET…"), (ranged(range), "failed Protocol: another range")];
        part(3..7, IfWhole::Take).rows(&mut Stage::new(), rows);
    }
    for (fields, expected) in [
        (
            &[("content-type", "multipart/byteranges; boundary=x")][..],
            "failed Protocol: another range",
        ),
        (
            &[("content-range", "bytes 3-6/9"), ("content-range", "bytes 3-6/9")],
            "failed Protocol: another range",
        ),
        (
            &[("content-range", "bytes 3-6/9"), ("content-length", "5")],
            "failed Protocol: announces more",
        ),
        (
            &[("content-range", "bytes 3-6/9"), ("content-length", "3")],
            "failed Mismatch: 6",
        ),
    ] {
        part(3..7, STRICT).rows(&mut Stage::new(), [(start(), "GET…"), (head(206, fields), expected)]);
    }
    for (told, expected) in [
        (received(5), "failed Protocol: more than the part"),
        (received(3), "failed Mismatch: 6"),
    ] {
        let rows = [
            (start(), "GET…"),
            (ranged("bytes 3-6/9"), "receive 3..7"),
            (told, expected),
        ];
        part(3..7, STRICT).rows(&mut Stage::new(), rows);
    }
}

#[test]
fn p11_a_whole_answer_is_taken_skipped_or_refused() {
    // The one stream that the first part's request turned out to be; when that breaks, its rest is asked for.
    part(0..4, IfWhole::Take).rows(
        &mut Stage::new(),
        [
            (start(), "GET /v2/a/b/blobs/D (bytes=0-3)"),
            (head(200, &[("content-length", "9")]), "receive 0..9"),
            (broken(5), "GET /v2/a/b/blobs/D (bytes=5-8)"),
            (ranged("bytes 5-8/9"), "receive 5..9"),
            (received(4), "done ()"),
        ],
    );
    part(2..4, IfWhole::Skip { most: 2 }).rows(
        &mut Stage::new(),
        [
            (start(), "GET /v2/a/b/blobs/D (bytes=2-3)"),
            (head(200, &[("content-length", "9")]), "receive 0..4"),
            (received(9), "done ()"),
        ],
    );
    for (most, length, expected) in [
        (1, "9", "failed Protocol: a part of it"),
        (2, "10", "failed Mismatch: 10"),
        (2, "8", "failed Mismatch: 8"),
    ] {
        let told = head(200, &[("content-length", length)]);
        part(2..4, IfWhole::Skip { most }).rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
}

#[test]
fn a_part_among_others_is_marked_for_the_transport_wherever_it_is_asked_for() {
    for parallel in [false, true] {
        let machine = PullBlob::part("a/b".parse().unwrap(), hello_digest(), 9, 3..7, IfWhole::Take);
        let machine = if parallel { machine.in_parallel() } else { machine };
        let (stage, mut actor) = (&mut Stage::new(), session(machine, &["pull"]));
        let realm = r#"Bearer realm="https://token.test/token""#;
        let is_marked = |step: Step<()>| match step {
            Step::Send(request) => request.extensions().get::<ParallelPart>().is_some(),
            other => panic!("{other:?}"),
        };
        assert_eq!(is_marked(actor.tell(stage, start())), parallel);
        let _ = actor.tell(stage, head(401, &[("www-authenticate", realm)]));
        assert!(
            !is_marked(actor.tell(stage, no_credential())),
            "what is asked of a token realm is no part"
        );
        let _ = actor.tell(stage, head(200, &[]));
        assert_eq!(is_marked(actor.tell(stage, body(r#"{"token":"t"}"#))), parallel);
        let redirect = head(307, &[("location", "https://cdn.test/x")]);
        assert_eq!(is_marked(actor.tell(stage, redirect)), parallel);
        let _ = actor.tell(stage, ranged("bytes 3-6/9"));
        assert_eq!(is_marked(actor.tell(stage, broken(2))), parallel);
    }
}
