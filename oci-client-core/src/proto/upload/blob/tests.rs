mod regardless;
mod trial;

use http::header::CONTENT_TYPE;

use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{
    Actor, Stage, Told, failed, head, hello_digest, interrupted, refused, refuses_all_but, session, start, woken,
};

const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";
const OPEN: &str = "POST /v2/a/b/blobs/uploads/?mount=D&from=a%2Fb";
const OPEN_WITH_CONTENT: &str = "POST /v2/a/b/blobs/uploads/?mount=D&from=a%2Fb&digest=D <- blob 0..5";
const OPEN_PLAIN: &str = "POST /v2/a/b/blobs/uploads/";
const MIB: u64 = 1 << 20;

fn upload(size: u64) -> Actor<Upload> {
    Actor::new(Upload::new("a/b".parse().unwrap(), hello_digest(), size))
}

fn session_at(location: &str) -> Told {
    head(202, &[("location", location)])
}

#[test]
fn cb6_a_small_blob_goes_along_with_the_post() {
    let rows = [(start(), OPEN_WITH_CONTENT), (head(201, &[]), "done Stored")];
    upload(5).rows(&mut Stage::new(), rows);
    let Step::Send(request) = upload(5).tell(&mut Stage::new(), start()) else {
        panic!("a request is expected");
    };
    assert_eq!(request.headers().get(CONTENT_TYPE).unwrap(), "application/octet-stream");
}

#[test]
fn b1_cb7_a_202_to_it_is_gone_on_from_and_remembered() {
    let stage = &mut Stage::new();
    let put = "PUT /u/1?digest=D <- blob 0..5";
    for first in [OPEN_WITH_CONTENT, OPEN] {
        let rows = [
            (start(), first),
            (session_at("/u/1"), put),
            (head(201, &[]), "done Stored"),
        ];
        upload(5).rows(stage, rows);
    }
    stage.pass(601);
    upload(5).rows(stage, [(start(), OPEN_WITH_CONTENT)]);
}

#[test]
fn cb18_an_empty_blob_is_uploaded_too() {
    let first = "POST /v2/a/b/blobs/uploads/?mount=D&from=a%2Fb&digest=D <- blob 0..0";
    let rows = [
        (start(), first),
        (session_at("u"), "PUT /v2/a/b/blobs/uploads/u?digest=D <- blob 0..0"),
    ];
    upload(0).rows(&mut Stage::new(), rows);
}

#[test]
fn cb1_cb5_a_large_blob_is_mounted_or_put() {
    let put = "PUT /u/1?digest=D <- blob 0..2097152";
    for status in [200, 201, 204] {
        let rows = [
            (start(), OPEN),
            (session_at("/u/1"), put),
            (head(status, &[]), "done Stored"),
        ];
        upload(2 * MIB).rows(&mut Stage::new(), rows);
    }
    upload(2 * MIB).rows(&mut Stage::new(), [(start(), OPEN), (head(201, &[]), "done Present")]);
}

#[test]
fn a_very_large_blob_is_looked_for_unless_the_host_mounts() {
    let (stage, size) = (&mut Stage::new(), 65 * MIB);
    let put = "PUT /u/1?digest=D <- blob 0..68157440";
    for answer in [
        refused(404),
        failed(TransportErrorKind::Reset),
        refused(403),
        head(204, &[]),
    ] {
        let rows = [
            (start(), OPEN),
            (session_at("/u/1"), "HEAD /v2/a/b/blobs/D"),
            (answer, put),
        ];
        upload(size).rows(stage, rows);
    }
    upload(2 * MIB).rows(stage, [(start(), OPEN), (head(201, &[]), "done Present")]);
    upload(size).rows(stage, [(start(), OPEN), (session_at("/u/1"), put)]);
}

#[test]
fn cb22_a_session_for_what_is_there_is_cancelled() {
    for there in [head(200, &[]), head(307, &[("location", "https://cdn.test/x")])] {
        let stage = &mut Stage::new();
        upload(65 * MIB).rows(
            stage,
            [
                (start(), OPEN),
                (session_at("/u/1"), "HEAD /v2/a/b/blobs/D"),
                (there, "DELETE /u/1"),
                (refused(404), "done Present"),
            ],
        );
        // The host has shown that it does not mount: now smaller ones are looked for too, and before anything else.
        let look = "HEAD /v2/a/b/blobs/D";
        upload(2 * MIB).rows(stage, [(start(), look), (head(200, &[]), "done Present")]);
        upload(2 * MIB).rows(
            stage,
            [
                (start(), look),
                (refused(404), OPEN_PLAIN),
                (session_at("/u/2"), "PUT /u/2?digest=D <- blob 0..2097152"),
                (head(201, &[]), "done Stored"),
            ],
        );
    }
}

#[test]
fn b1_cb20_a_refused_mount_is_followed_by_a_plain_upload_once() {
    for status in [400, 403, 404, 405] {
        upload(5).rows(
            &mut Stage::new(),
            [
                (start(), OPEN_WITH_CONTENT),
                (refused(status), OPEN_PLAIN),
                (session_at("/u/1"), "PUT /u/1?digest=D <- blob 0..5"),
                (head(201, &[]), "done Stored"),
            ],
        );
    }
    let rows = [
        (start(), OPEN_WITH_CONTENT),
        (refused(403), OPEN_PLAIN),
        (refused(403), "failed Denied"),
    ];
    upload(5).rows(&mut Stage::new(), rows);
    for (told, expected) in [
        (refused(401), "failed Unauthorized"),
        (refused(429), "failed RateLimited"),
        (refused(503), "failed Server"),
        (failed(TransportErrorKind::Tls), "failed Transport"),
    ] {
        upload(5).rows(&mut Stage::new(), [(start(), OPEN_WITH_CONTENT), (told, expected)]);
    }
}

#[test]
fn cb6_a_413_to_it_teaches_the_size_and_nothing_of_mounting() {
    let stage = &mut Stage::new();
    let whole = format!("{OPEN}&digest=D <- blob 0..{MIB}");
    let rows = [
        (start(), &*whole),
        (refused(413), OPEN),
        (session_at("/u/1"), "PATCH /u/1 (0-524287) <- blob 0..524288"),
    ];
    upload(MIB).rows(stage, rows);
    assert_eq!(stage.host.capabilities.self_mount.known(stage.now), None);
    assert_eq!(stage.host.capabilities.whole_refused.known(stage.now), Some(MIB));
    // What is there is still found by mounting, and what is smaller goes along.
    upload(MIB).rows(stage, [(start(), OPEN), (head(201, &[]), "done Present")]);
    let smaller = format!("{OPEN}&digest=D <- blob 0..{}", MIB - 1);
    upload(MIB - 1).rows(stage, [(start(), &*smaller), (head(201, &[]), "done Stored")]);

    // As little as this was not too much: POSTs take no content here, and PUTs may take all of it.
    let stage = &mut Stage::new();
    let rows = [
        (start(), OPEN_WITH_CONTENT),
        (refused(413), OPEN),
        (session_at("/u/1"), "PUT /u/1?digest=D <- blob 0..5"),
    ];
    upload(5).rows(stage, rows);
    assert_eq!(stage.host.capabilities.self_mount.known(stage.now), None);
    upload(6).rows(stage, [(start(), OPEN)]);
}

#[test]
fn p03_only_an_answer_that_says_so_is_a_success() {
    for (told, expected) in [
        (head(200, &[]), "failed Protocol: 200"),
        (head(204, &[]), "failed Protocol: 204"),
        (head(202, &[]), "failed Protocol: without saying where"),
        (
            head(201, &[("docker-content-digest", OTHER_DIGEST)]),
            "failed Mismatch: sha256:0000",
        ),
        (head(201, &[("docker-content-digest", "garbage")]), "failed Protocol"),
    ] {
        upload(5).rows(&mut Stage::new(), [(start(), OPEN_WITH_CONTENT), (told, expected)]);
    }
    // A 201 to a POST that asked for a session only has stored nothing.
    let rows = [
        (start(), OPEN),
        (refused(400), OPEN_PLAIN),
        (head(201, &[]), "failed Protocol: 201"),
    ];
    upload(2 * MIB).rows(&mut Stage::new(), rows);
    let wrong = head(201, &[("docker-content-digest", OTHER_DIGEST)]);
    let put = "PUT /u/1?digest=D <- blob 0..5";
    let rows = [
        (start(), OPEN_WITH_CONTENT),
        (session_at("/u/1"), put),
        (wrong, "failed Mismatch: sha256:0000"),
    ];
    upload(5).rows(&mut Stage::new(), rows);
}

#[test]
fn cb2_cb3_cb4_p02_the_location_is_kept_byte_for_byte() {
    for (location, put) in [
        ("/u/1", "/u/1?digest=D"),
        ("u1", "/v2/a/b/blobs/uploads/u1?digest=D"),
        ("u1?x", "/v2/a/b/blobs/uploads/u1?x&digest=D"),
        ("?q", "/v2/a/b/blobs/uploads/?q&digest=D"),
        ("../../x", "/v2/a/b/x?digest=D"),
        ("//r.test/u", "/u?digest=D"),
        ("https://r.test:443/u?_state=a%3D%3D", "/u?_state=a%3D%3D&digest=D"),
        (
            "https://R.TEST/u?s=a+b%20c/d:e;f=&&g",
            "/u?s=a+b%20c/d:e;f=&&g&digest=D",
        ),
        ("/u?digest=other", "/u?digest=other&digest=D"),
        ("/u?x=1#fragment", "/u?x=1&digest=D"),
    ] {
        let put = format!("PUT {put} <- blob 0..5");
        let rows = [(start(), OPEN_WITH_CONTENT), (session_at(location), &*put)];
        upload(5).rows(&mut Stage::new(), rows);
    }
}

#[test]
fn ch2_a11_p02_a_location_elsewhere_is_refused() {
    for location in [
        "https://evil.test/u/1",
        "//evil.test/u/1",
        "https://r.test:444/u/1",
        "http://r.test/u/1",
        "https://r.test./u/1",
        "https://sub.r.test/u/1",
        "https://user:password@r.test/u/1",
        "file:///etc/passwd",
        "ftp://r.test/u/1",
        "https://",
        "",
    ] {
        let rows = [(start(), OPEN_WITH_CONTENT), (session_at(location), "failed UnsafeUrl")];
        upload(5).rows(&mut Stage::new(), rows);
    }
    let unreadable = head(202, &[("location", "/u/\u{e9}")]);
    upload(5).rows(
        &mut Stage::new(),
        [(start(), OPEN_WITH_CONTENT), (unreadable, "failed Protocol")],
    );
}

#[test]
fn p05_a_lost_session_is_opened_again_once() {
    let put = "PUT /u/1?digest=D <- blob 0..2097152";
    let put_again = "PUT /u/2?digest=D <- blob 0..2097152";
    upload(2 * MIB).rows(
        &mut Stage::new(),
        [
            (start(), OPEN),
            (session_at("/u/1"), put),
            (refused(404), OPEN),
            (session_at("/u/2"), put_again),
            (refused(404), "DELETE /u/2"),
            (head(204, &[]), "failed NotFound"),
        ],
    );
}

#[test]
fn an_upload_is_opened_again_if_that_is_interrupted_and_sent_again_if_nothing_was_sent() {
    let put = "PUT /u/1?digest=D <- blob 0..2097152";
    let rows = [
        (start(), OPEN),
        (interrupted(), OPEN),
        (session_at("/u/1"), put),
        (interrupted(), put),
        (head(201, &[]), "done Stored"),
    ];
    upload(2 * MIB).rows(&mut Stage::new(), rows);
}

#[test]
fn cb19_a_refused_upload_is_cancelled() {
    let put = "PUT /u/1?x=1&digest=D <- blob 0..2097152";
    for answer in [head(204, &[]), refused(404), failed(TransportErrorKind::Timeout)] {
        let rows = [
            (start(), OPEN),
            (session_at("/u/1?x=1"), put),
            (refused(400), "DELETE /u/1?x=1"),
            (answer, "failed Refused"),
        ];
        upload(2 * MIB).rows(&mut Stage::new(), rows);
    }
    let no_sense = [
        (start(), OPEN),
        (session_at("/u/1?x=1"), put),
        (head(304, &[]), "DELETE /u/1?x=1"),
    ];
    upload(2 * MIB).rows(&mut Stage::new(), no_sense);
    let unreadable = [
        (start(), OPEN),
        (session_at("/u/1?x=1"), put),
        (failed(TransportErrorKind::Source), "DELETE /u/1?x=1"),
        (head(204, &[]), "failed Store"),
    ];
    upload(2 * MIB).rows(&mut Stage::new(), unreadable);
    let lost = [
        (start(), OPEN),
        (session_at("/u/1?x=1"), put),
        (failed(TransportErrorKind::Tls), "failed Transport"),
    ];
    upload(2 * MIB).rows(&mut Stage::new(), lost);
}

#[test]
fn cb19_a_cancellation_is_tried_once() {
    let mut actor = session(upload(2 * MIB).into_machine(), &["pull", "push"]);
    actor.rows(
        &mut Stage::new(),
        [
            (start(), OPEN),
            (session_at("/u/1"), "PUT /u/1?digest=D <- blob 0..2097152"),
            (head(400, &[]), "buffer 65536"),
            (crate::proto::testing::body(""), "DELETE /u/1"),
            (head(503, &[("retry-after", "60")]), "buffer 65536"),
            (crate::proto::testing::body(""), "failed Refused: 400"),
        ],
    );
}

#[test]
fn p05_within_a_session_an_interrupted_upload_goes_on_after_the_pause() {
    let mut actor = session(upload(2 * MIB).into_machine(), &["pull", "push"]);
    let put = "PUT /u/1?digest=D <- blob 0..2097152";
    actor.rows(
        &mut Stage::new(),
        [
            (start(), OPEN),
            (session_at("/u/1"), put),
            (failed(TransportErrorKind::Reset), put),
            (head(429, &[("retry-after", "3")]), "buffer 65536"),
            (crate::proto::testing::body(""), "sleep 3s"),
            (woken(), put),
            (head(201, &[]), "done Stored"),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| upload(5));
    refuses_all_but(&["failed", "head", "interrupted"], |stage| {
        let mut actor = upload(5);
        actor.rows(stage, [(start(), OPEN_WITH_CONTENT)]);
        actor
    });
    refuses_all_but(&["failed", "head", "interrupted"], |stage| {
        let mut actor = upload(5);
        actor.rows(stage, [(start(), OPEN_WITH_CONTENT), (session_at("/u"), "PUT…")]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = upload(65 * MIB);
        actor.rows(stage, [(start(), OPEN), (session_at("/u"), "HEAD…")]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = upload(5);
        actor.rows(
            stage,
            [
                (start(), OPEN_WITH_CONTENT),
                (session_at("/u"), "PUT…"),
                (refused(400), "DELETE…"),
            ],
        );
        actor
    });
}

#[test]
fn cb9_a_session_for_another_algorithm_is_asked_for_by_its_name() {
    let digest = Digest::sha512(b"hello");
    let shown = digest.to_string().replace(':', "%3A");
    let open = format!("POST /v2/a/b/blobs/uploads/?mount={shown}&from=a%2Fb");
    let mut actor = Actor::new(Upload::new("a/b".parse().unwrap(), digest.clone(), 2 * MIB));
    let expected = format!("{open}&digest-algorithm=sha512");
    actor.rows(&mut Stage::new(), [(start(), &*expected)]);
    let mut actor = Actor::new(Upload::new("a/b".parse().unwrap(), digest, 5));
    let expected = format!("{open}&digest={shown}&digest-algorithm=sha512 <- blob 0..5");
    actor.rows(&mut Stage::new(), [(start(), &*expected)]);
}

#[test]
fn cb19_p24_an_upload_that_is_abandoned_leaves_no_session() {
    let abandoned = |rows: &mut dyn FnMut(&mut Stage, &mut Actor<Upload>), size| {
        let stage = &mut Stage::new();
        let mut actor = upload(size);
        rows(stage, &mut actor);
        let mut machine = actor.into_machine();
        let request = machine.abandon(&stage.host);
        assert!(machine.abandon(&stage.host).is_none());
        request.map(|request| format!("{} {}", request.method(), request.uri()))
    };
    let mut opening = |stage: &mut Stage, actor: &mut Actor<Upload>| actor.rows(stage, [(start(), OPEN)]);
    assert_eq!(abandoned(&mut opening, 2 * MIB), None);
    let mut sending = |stage: &mut Stage, actor: &mut Actor<Upload>| {
        actor.rows(stage, [(start(), OPEN), (session_at("/u?x=1"), "PUT…")]);
    };
    assert_eq!(abandoned(&mut sending, 2 * MIB).unwrap(), "DELETE https://r.test/u?x=1");
    let mut looking = |stage: &mut Stage, actor: &mut Actor<Upload>| {
        actor.rows(stage, [(start(), OPEN), (session_at("/u"), "HEAD…")]);
    };
    assert_eq!(abandoned(&mut looking, 65 * MIB).unwrap(), "DELETE https://r.test/u");
}
