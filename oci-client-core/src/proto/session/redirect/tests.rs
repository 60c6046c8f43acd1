use crate::proto::outbound::ServerSupplied;
use crate::proto::testing::{
    Actor, Stage, Told, body, credential, head, hello_digest, no_credential, received, session, start, woken,
};
use crate::proto::{GetManifest, HeadBlob, PullBlob, PutManifest, Resolve, Session, Step, Upload};

use super::*;

const BASIC: (&str, &str) = ("www-authenticate", "Basic realm=\"x\"");
const BLOB: &str = "GET /v2/a/b/blobs/D [Basic u:p]";
const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];

fn pull() -> Actor<Session<PullBlob>> {
    session(PullBlob::new("a/b".parse().unwrap(), hello_digest(), 5, 0), &["pull"])
}

fn to(status: u16, location: &str) -> Told {
    head(status, &[("location", location)])
}

/// A pull whose request carries a password.
fn with_password(stage: &mut Stage) -> Actor<Session<PullBlob>> {
    let mut actor = pull();
    actor.rows(
        stage,
        [
            (start(), "GET /v2/a/b/blobs/D"),
            (head(401, &[BASIC]), "ask…"),
            (credential("u", "p"), BLOB),
        ],
    );
    actor
}

#[test]
fn ch1_ch2_a01_a02_a_credential_stays_at_its_origin() {
    for status in STATUSES {
        for (location, request) in [
            ("/x", "GET /x [Basic u:p]"),
            ("x?y=z", "GET /v2/a/b/blobs/x?y=z [Basic u:p]"),
            ("https://r.test:443/x#fragment", "GET /x [Basic u:p]"),
            ("https://R.TEST/x", "GET /x [Basic u:p]"),
            ("https://cdn.test/x?sig=1", "GET https://cdn.test/x?sig=1"),
            ("//cdn.test/x", "GET https://cdn.test/x"),
            ("https://r.test:444/x", "GET https://r.test:444/x"),
            ("https://sub.r.test/x", "GET https://sub.r.test/x"),
            ("https://test/x", "GET https://test/x"),
            ("https://r.test./x", "GET https://r.test./x"),
            ("https://1.1.1.1/x", "GET https://1.1.1.1/x"),
            ("https://[::ffff:1.1.1.1]/x", "GET https://[::ffff:101:101]/x"),
        ] {
            let stage = &mut Stage::new();
            let rows = [
                (to(status, location), request),
                (head(200, &[]), "receive 0..5"),
                (received(5), "done ()"),
            ];
            with_password(stage).rows(stage, rows);
        }
    }
}

#[test]
fn a03_a06_unsafe_targets_are_refused() {
    for status in STATUSES {
        for location in [
            "http://r.test/x",
            "http://cdn.test/x",
            "file:///etc/passwd",
            "ftp://r.test/x",
            "data:text/plain,hello",
            "https://u:p@r.test/x",
            "https://u@cdn.test/x",
            "https://",
            "https://[",
        ] {
            let stage = &mut Stage::new();
            with_password(stage).rows(stage, [(to(status, location), "failed UnsafeUrl")]);
        }
        let stage = &mut Stage::new();
        with_password(stage).rows(stage, [(head(status, &[]), "failed UnsafeUrl: not to a URL")]);
        with_password(&mut Stage::new()).rows(stage, [(to(status, "/\u{e9}"), "failed UnsafeUrl: not to a URL")]);
    }
}

#[test]
fn a03_a_plain_registry_may_lead_to_either_scheme_and_https_never_back() {
    let stage = &mut Stage::at("127.0.0.1:5000");
    let rows = [
        (start(), "GET http://127.0.0.1:5000/v2/a/b/blobs/D"),
        (head(401, &[BASIC]), "ask…"),
        (
            credential("u", "p"),
            "GET http://127.0.0.1:5000/v2/a/b/blobs/D [Basic u:p]",
        ),
        (
            to(307, "http://127.0.0.1:5000/x"),
            "GET http://127.0.0.1:5000/x [Basic u:p]",
        ),
        (to(307, "http://cdn.test/x"), "GET http://cdn.test/x"),
        (to(307, "https://cdn.test/x"), "GET https://cdn.test/x"),
        (to(307, "http://cdn.test/x"), "failed UnsafeUrl: from https to http"),
    ];
    pull().rows(stage, rows);
}

#[test]
fn ch2_a01_a_way_back_does_not_restore_the_credential() {
    let stage = &mut Stage::new();
    let rows = [
        (to(302, "https://cdn.test/x"), "GET https://cdn.test/x"),
        (to(302, "https://r.test/y"), "GET /y"),
        (to(302, "/z"), "GET /z"),
        (head(401, &[BASIC]), "buffer 65536"),
    ];
    with_password(stage).rows(stage, rows);
    let rows = [
        (start(), "GET /v2/a/b/blobs/D"),
        (to(302, "https://cdn.test/x"), "GET https://cdn.test/x"),
        (to(302, "https://r.test/y"), "GET /y"),
        (head(401, &[BASIC]), "buffer 65536"),
    ];
    pull().rows(&mut Stage::new(), rows);
}

#[test]
fn a04_ten_redirects_are_followed_and_no_more() {
    let loops: [fn(u32) -> String; 3] = [
        |_| "/v2/a/b/blobs/self".to_owned(),
        |hop| ["https://cdn.test/x", "https://r.test/y"][hop as usize % 2].to_owned(),
        |hop| format!("/x?{}", "y".repeat(hop as usize)),
    ];
    for next in loops {
        let (stage, mut actor) = (&mut Stage::new(), pull());
        let mut step = actor.tell(stage, start());
        let mut requests = 0;
        while let Step::Send(_) = step {
            requests += 1;
            step = actor.tell(stage, to(307, &next(requests)));
        }
        let Step::Done(Err(error)) = step else {
            panic!("{step:?}")
        };
        assert_eq!((requests, error.kind()), (11, ErrorKind::UnsafeUrl));
        assert!(error.to_string().contains("more than 10 times"), "{error}");
    }
}

#[test]
fn ch3_the_status_at_the_end_of_the_way_counts() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let fields = [
        ("content-length", "5"),
        ("content-type", "a/b"),
        ("docker-content-digest", &*digest),
    ];
    for status in STATUSES {
        for (end, expected) in [
            (head(200, &fields), "done Some(Descriptor…"),
            (head(404, &[]), "done None"),
            (head(403, &[]), "failed Denied: 403"),
        ] {
            let resolve = Resolve::new("a/b".parse().unwrap(), "v1".parse().unwrap());
            let rows = [
                (start(), "HEAD /v2/a/b/manifests/v1"),
                (to(status, "/there"), "HEAD /there"),
                (to(status, "/further"), "HEAD /further"),
                (end, expected),
            ];
            session(resolve, &["pull"]).rows(&mut Stage::new(), rows);
        }
    }
}

#[test]
fn ch1_ch5_a_head_stays_a_head() {
    let tag = "v1".parse().unwrap();
    let mut actor = session(Resolve::new("a/b".parse().unwrap(), tag), &["pull"]);
    for status in STATUSES {
        let rows = [
            (start(), "HEAD /v2/a/b/manifests/v1"),
            (to(status, "https://cdn.test/x"), "HEAD https://cdn.test/x"),
        ];
        actor.rows(&mut Stage::new(), rows);
        actor = session(Resolve::new("a/b".parse().unwrap(), "v1".parse().unwrap()), &["pull"]);
    }
}

#[test]
fn ch1_ch5_a01_what_carries_content_stays_at_its_origin_and_keeps_its_method() {
    let put = || {
        let (name, target) = ("a/b".parse().unwrap(), "v1".parse().unwrap());
        let media_type = oci_spec_types::MediaType::IMAGE_MANIFEST;
        session(
            PutManifest::new(name, target, media_type, "hello".into(), hello_digest()),
            &["pull", "push"],
        )
    };
    for status in STATUSES {
        let expected = if status > 303 {
            "PUT /x <- 5 bytes"
        } else {
            "failed UnsafeUrl: a PUT into a GET"
        };
        put().rows(&mut Stage::new(), [(start(), "PUT…"), (to(status, "/x"), expected)]);
        for location in ["https://cdn.test/x", "https://r.test:444/x", "http://r.test/x"] {
            put().rows(
                &mut Stage::new(),
                [(start(), "PUT…"), (to(status, location), "failed UnsafeUrl")],
            );
        }
        let upload = Upload::new("a/b".parse().unwrap(), hello_digest(), 5);
        let post = "POST /x <- blob 0..5";
        let expected = if status > 303 {
            post
        } else {
            "failed UnsafeUrl: a POST into a GET"
        };
        session(upload, &["pull", "push"]).rows(&mut Stage::new(), [(start(), "POST…"), (to(status, "/x"), expected)]);
    }
}

#[test]
fn cb2_p02_a_location_is_relative_to_the_url_that_answered() {
    let upload = Upload::new("a/b".parse().unwrap(), hello_digest(), 5);
    let rows = [
        (start(), "POST…"),
        (to(307, "/moved/uploads/"), "POST /moved/uploads/ <- blob 0..5"),
        (to(202, "u1"), "PUT /moved/uploads/u1?digest=D <- blob 0..5"),
    ];
    session(upload, &["pull", "push"]).rows(&mut Stage::new(), rows);
}

#[test]
fn ch5_other_statuses_are_not_followed() {
    for status in [300, 304, 305, 306] {
        let rows = [
            (start(), "GET…"),
            (to(status, "https://cdn.test/x"), "failed Protocol: makes no sense"),
        ];
        pull().rows(&mut Stage::new(), rows);
    }
    let head_blob = HeadBlob::new("a/b".parse().unwrap(), hello_digest());
    session(head_blob, &["pull"]).rows(
        &mut Stage::new(),
        [(start(), "HEAD…"), (to(307, "https://cdn.test/x"), "done true")],
    );
}

#[test]
fn a09_the_challenge_of_a_redirects_target_is_never_answered() {
    for line in [
        "Basic realm=\"x\"",
        "Bearer realm=\"https://r.test/token\",service=\"s\"",
    ] {
        let stage = &mut Stage::new();
        let challenge = || head(401, &[("www-authenticate", line)]);
        with_password(stage).rows(
            stage,
            [
                (to(307, "https://cdn.test/x"), "GET https://cdn.test/x"),
                (challenge(), "buffer 65536"),
                (body(""), "sleep…"),
                (woken(), BLOB),
                (to(307, "https://cdn.test/x"), "GET https://cdn.test/x"),
                (challenge(), "buffer 65536"),
                (body(""), "failed Unauthorized: redirected"),
            ],
        );
        // What is known of the registry is what the registry said.
        let mut actor = pull();
        actor.rows(stage, [(start(), BLOB)]);
    }
}

#[test]
fn an_expired_detour_is_asked_for_once_more() {
    for status in [400, 401, 403, 410] {
        let stage = &mut Stage::new();
        let rows = [
            (start(), "GET /v2/a/b/blobs/D"),
            (to(307, "https://cdn.test/x?sig=1"), "GET https://cdn.test/x?sig=1"),
            (head(status, &[]), "buffer 65536"),
            (body(""), "sleep…"),
            (woken(), "GET /v2/a/b/blobs/D"),
            (to(307, "https://cdn.test/x?sig=2"), "GET https://cdn.test/x?sig=2"),
            (head(200, &[]), "receive 0..5"),
            (received(5), "done ()"),
        ];
        pull().rows(stage, rows);
    }
}

#[test]
fn ch3_absent_content_is_not_asked_for_again() {
    for target in ["https://cdn.test/x", "/elsewhere"] {
        let rows = [
            (start(), "GET /v2/a/b/blobs/D"),
            (to(307, target), "GET…"),
            (head(404, &[]), "buffer 65536"),
            (body(""), "failed NotFound"),
        ];
        pull().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a_refusal_of_a_detour_blames_neither_registry_nor_user() {
    let stage = &mut Stage::new();
    let mut actor = with_password(stage);
    for _ in 0..2 {
        actor.rows(
            stage,
            [
                (to(307, "https://cdn.test/x?sig=canary"), "GET…"),
                (head(403, &[]), "buffer…"),
            ],
        );
        match actor.tell(stage, body("")) {
            Step::Sleep(_) => actor.rows(stage, [(woken(), BLOB)]),
            Step::Done(Err(error)) => {
                let text = error.to_string();
                assert!(text.contains("redirected") && text.contains("cdn.test"), "{text}");
                assert!(!text.contains("`u`") && !text.contains("canary"), "{text}");
                return;
            }
            other => panic!("{other:?}"),
        }
    }
    panic!("it does not end");
}

#[test]
fn a_401_after_a_redirect_within_the_registry_is_answered() {
    let tag = "v1".parse().unwrap();
    let mut actor = session(GetManifest::new("a/b".parse().unwrap(), tag), &["pull"]);
    let rows = [
        (start(), "GET /v2/a/b/manifests/v1"),
        (to(307, "/v2/c/manifests/v1"), "GET /v2/c/manifests/v1"),
        (head(401, &[BASIC]), "ask r.test/a/b"),
        (credential("u", "p"), "GET /v2/c/manifests/v1 [Basic u:p]"),
    ];
    actor.rows(&mut Stage::new(), rows);
}

#[test]
fn a07_what_a_server_has_named_is_marked_for_the_transport() {
    let is_marked = |step: Step<()>| match step {
        Step::Send(request) => ServerSupplied::marks(&request),
        other => panic!("{other:?}"),
    };
    let (stage, mut actor) = (&mut Stage::new(), pull());
    let realm = r#"Bearer realm="https://token.test/token""#;
    assert!(!is_marked(actor.tell(stage, start())));
    let _ = actor.tell(stage, head(401, &[("www-authenticate", realm)]));
    assert!(is_marked(actor.tell(stage, no_credential())));
    let _ = actor.tell(stage, head(200, &[]));
    assert!(!is_marked(actor.tell(stage, body(r#"{"token":"t"}"#))));
    assert!(is_marked(actor.tell(stage, to(307, "https://cdn.test/x"))));
    assert!(!is_marked(actor.tell(stage, to(307, "https://r.test/y"))));
}
