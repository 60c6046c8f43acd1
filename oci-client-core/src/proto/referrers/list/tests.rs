use super::*;
use crate::proto::testing::{Actor, Stage, Told, body, failed, head, hello_digest, refused, refuses_all_but, start};
use crate::proto::{Notice, TransportErrorKind};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

const API: &str = "GET /v2/a/b/referrers/D";

fn list(artifact_type: Option<&str>) -> Actor<ListReferrers> {
    let artifact_type = artifact_type.map(|text| text.parse().unwrap());
    Actor::new(ListReferrers::first(
        "a/b".parse().unwrap(),
        hello_digest(),
        artifact_type,
    ))
}

fn fallback() -> String {
    format!("GET /v2/a/b/manifests/{}", hello_digest().fallback_tag())
}

/// An index with an SBOM, a signature and an entry without artifact type.
fn index() -> String {
    let entry = |digit: &str, artifact_type: &str| {
        let digest = digit.repeat(64);
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{digest}","size":7{artifact_type}}}"#
        )
    };
    let entries = [
        entry("1", r#","artifactType":"application/sbom+json""#),
        entry("2", r#","artifactType":"application/signature""#),
        entry("3", ""),
    ];
    let entries = entries.join(",");
    format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[{entries}]}}"#)
}

/// What comes of a page, from its head and body on: the first digits of the digests.
fn digits(actor: &mut Actor<ListReferrers>, stage: &mut Stage, fields: &[(&'static str, &str)], text: &str) -> String {
    let rows = [(head(200, fields), "buffer 4194304")];
    actor.rows(stage, rows);
    page(actor.tell(stage, body(text)))
}

fn page(step: Step<ReferrerPage>) -> String {
    match step {
        Step::Done(Ok(page)) => page
            .referrers
            .iter()
            .filter_map(|referrer| referrer.digest.to_string().chars().nth(7))
            .collect(),
        other => panic!("{}", crate::proto::testing::show(&other)),
    }
}

fn warned(stage: &mut Stage) -> Vec<String> {
    let notices = stage.host.notices().into_iter();
    notices
        .filter_map(|notice| match notice {
            Notice::RateLimit(_) => None,
            Notice::Warning(warning) => Some(warning.text),
        })
        .collect()
}

#[test]
fn cr5_the_api_is_asked_first_and_remembered() {
    let (stage, mut actor) = (&mut Stage::new(), list(None));
    let Step::Send(request) = actor.tell(stage, start()) else {
        panic!("a request is expected");
    };
    assert_eq!(request.headers().get("accept").unwrap(), INDEX);
    assert_eq!(digits(&mut actor, stage, &[("content-type", INDEX)], &index()), "123");
    assert_eq!(stage.host.capabilities.referrers.known(stage.now), Some(true));
}

#[test]
fn cr7_cr9_what_the_registry_does_not_filter_is_filtered_here() {
    for (applied, expected) in [
        (None, "1"),
        (Some("artifactType"), "123"),
        (Some("other, artifactType"), "123"),
        (Some(" artifactType ,x"), "123"),
        (Some("other"), "1"),
        (Some("artifacttypes"), "1"),
    ] {
        let (stage, mut actor) = (&mut Stage::new(), list(Some("application/sbom+json")));
        actor.rows(stage, [(start(), "GET…")]);
        let mut fields = vec![("content-type", INDEX)];
        fields.extend(applied.map(|applied| ("oci-filters-applied", applied)));
        assert_eq!(digits(&mut actor, stage, &fields, &index()), expected, "{applied:?}");
    }
}

#[test]
fn cr8_the_artifact_type_is_encoded() {
    let expected = "GET /v2/a/b/referrers/D?artifactType=application%2Fsbom%2Bjson";
    list(Some("application/sbom+json")).rows(&mut Stage::new(), [(start(), expected)]);
}

#[test]
fn cr6_the_next_page_is_where_the_link_says() {
    let (stage, mut actor) = (&mut Stage::new(), list(None));
    actor.rows(stage, [(start(), API)]);
    let fields = [("content-type", INDEX), ("link", "<?next=x%3D>; rel=next")];
    actor.rows(stage, [(head(200, &fields), "buffer…")]);
    let Step::Done(Ok(page)) = actor.tell(stage, body(index())) else {
        panic!("a page is expected");
    };
    let next = page.next.unwrap();
    let expected = format!("https://r.test/v2/a/b/referrers/{}?next=x%3D", hello_digest());
    assert_eq!((next.as_str(), page.listed), (&*expected, 3));
    let mut actor = Actor::new(ListReferrers::next("a/b".parse().unwrap(), hello_digest(), None, next));
    actor.rows(stage, [(start(), "GET /v2/a/b/referrers/D?next=x%3D")]);
    let evil = [("content-type", INDEX), ("link", "<https://evil.test/>; rel=next")];
    actor.rows(stage, [(head(200, &evil), "failed UnsafeUrl")]);
}

#[test]
fn p01_p19_what_is_wrong_with_a_later_page_is_an_error_and_no_end() {
    for (told, expected) in [
        (refused(404), "failed NotFound"),
        (refused(405), "failed Unsupported"),
        (head(204, &[]), "failed Protocol"),
    ] {
        later().rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
    let rows = [
        (start(), "GET…"),
        (head(200, &[]), "buffer…"),
        (body("<html>"), "failed Protocol: no image index"),
    ];
    later().rows(&mut Stage::new(), rows);
}

fn later() -> Actor<ListReferrers> {
    let url = Url::parse("https://r.test/v2/a/b/referrers/x?next").unwrap();
    Actor::new(ListReferrers::next("a/b".parse().unwrap(), hello_digest(), None, url))
}

/// A refusal with a code, as a session hands it over.
fn refused_with(status: u16, code: &str) -> Told {
    let text = format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#);
    let errors = crate::proto::reply::registry_errors(text.as_bytes());
    let url = Url::parse("https://r.test/v2/").unwrap();
    let error = crate::Error::refusal(status.try_into().unwrap(), &url, errors);
    let sent = crate::proto::Sent::default();
    Told::Input(Input::Failed { error, sent })
}

#[test]
fn p19_cr5_cr10_only_some_refusals_mean_that_there_is_no_api() {
    let fallback = fallback();
    for (status, code, remembered) in [
        (404, "", true),
        (404, "UNKNOWN", true),
        (404, "NAME_UNKNOWN", false),
        (404, "MANIFEST_UNKNOWN", false),
        (400, "", false),
        (400, "UNSUPPORTED", true),
        (400, "DIGEST_INVALID", false),
        (405, "", true),
        (406, "", true),
        (501, "", true),
    ] {
        let (stage, mut actor) = (&mut Stage::new(), list(None));
        let rows = [
            (start(), API),
            (refused_with(status, code), &*fallback),
            (
                refused(404),
                "done ReferrerPage { listed: 0, next: None, referrers: [] }",
            ),
        ];
        actor.rows(stage, rows);
        let known = stage.host.capabilities.referrers.known(stage.now);
        assert_eq!(known, remembered.then_some(false), "{status} {code}");
        // A client that knows saves the request, for a while.
        let first = if remembered { &*fallback } else { API };
        list(None).rows(stage, [(start(), first)]);
        stage.pass(601);
        list(None).rows(stage, [(start(), API)]);
    }
}

#[test]
fn p19_a_refusal_that_says_something_else_never_means_none() {
    for (status, kind) in [
        (401, "failed Unauthorized"),
        (403, "failed Denied"),
        (429, "failed RateLimited"),
        (500, "failed Server"),
        (502, "failed Server"),
        (503, "failed Server"),
        (410, "failed Refused"),
    ] {
        let stage = &mut Stage::new();
        list(None).rows(stage, [(start(), API), (refused(status), kind)]);
        // Nor does one of the fallback tag.
        let rows = [(start(), API), (refused(404), "GET…"), (refused(status), kind)];
        list(None).rows(stage, rows);
    }
    list(None).rows(
        &mut Stage::new(),
        [(start(), API), (failed(TransportErrorKind::Timeout), "failed Timeout")],
    );
}

#[test]
fn p19_c11_a_200_is_judged_by_its_body_and_by_what_it_calls_itself() {
    let unnamed = index().replace(&format!(r#""mediaType":"{INDEX}","#), "");
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"a/b","digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","size":2},"layers":[]}"#;
    let index = index();
    for (content_type, text, expected) in [
        (Some(INDEX), &*index, Some("123")),
        (
            Some("application/vnd.oci.image.index.v1+json; charset=utf-8"),
            &index,
            Some("123"),
        ),
        (Some("application/json"), &index, Some("123")),
        (Some("text/html"), &index, Some("123")),
        (None, &index, Some("123")),
        (Some("application/json"), &unnamed, Some("123")),
        (Some(INDEX), &unnamed, Some("123")),
        (Some(INDEX), r#"{"schemaVersion":2,"manifests":[]}"#, Some("")),
        (Some("text/html"), "<html>", None),
        (Some("application/json"), r#"{"schemaVersion":2}"#, None),
        (Some("application/json"), manifest, None),
        (Some("application/json"), "", None),
        (Some("application/json"), "{\"errors\":[]}", None),
    ] {
        let (stage, mut actor) = (&mut Stage::new(), list(None));
        let fields: Vec<_> = content_type.into_iter().map(|text| ("content-type", text)).collect();
        let rows = [(start(), API), (head(200, &fields), "buffer 4194304")];
        actor.rows(stage, rows);
        let step = actor.tell(stage, body(text));
        match expected {
            Some(expected) => assert_eq!(page(step), expected, "{content_type:?} {text}"),
            None => {
                assert_eq!(
                    crate::proto::testing::show(&step),
                    fallback(),
                    "{content_type:?} {text}"
                );
                assert_eq!(stage.host.capabilities.referrers.known(stage.now), None);
            }
        }
    }
}

#[test]
fn p19_what_calls_itself_an_index_and_cannot_be_read_is_no_empty_list() {
    for text in [
        "",
        "<html>",
        "{\"schemaVersion\":2,\"manifests\":[{}]}",
        "{\"schemaVersion\":2,\"manifests\":[",
    ] {
        let rows = [
            (start(), API),
            (head(200, &[("content-type", INDEX)]), "buffer…"),
            (body(text), "failed Protocol: list of referrers"),
        ];
        list(None).rows(&mut Stage::new(), rows);
    }
}

#[test]
fn b2_cr5_cr7_the_fallback_tag_lists_them_and_is_filtered_here() {
    for (artifact_type, expected) in [(None, "123"), (Some("application/SBOM+json"), "1"), (Some("a/b"), "")] {
        let (stage, mut actor) = (&mut Stage::new(), list(artifact_type));
        actor.rows(stage, [(start(), "GET…"), (refused(404), &*fallback())]);
        assert_eq!(
            digits(&mut actor, stage, &[("content-type", INDEX)], &index()),
            expected
        );
        assert_eq!(warned(stage), [""; 0]);
    }
}

#[test]
fn p19_cr5_a_fallback_tag_with_something_else_means_none_and_a_warning() {
    let manifest = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"a/b","digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","size":2},"layers":[]}"#;
    let docker = index().replace(INDEX, "application/vnd.docker.distribution.manifest.list.v2+json");
    for (content_type, text) in [
        ("application/vnd.oci.image.manifest.v1+json", manifest),
        ("application/vnd.docker.distribution.manifest.list.v2+json", &docker),
        ("text/html", "<html>"),
        (INDEX, "{"),
        (INDEX, manifest),
        ("application/json", "{}"),
    ] {
        let (stage, mut actor) = (&mut Stage::new(), list(None));
        actor.rows(stage, [(start(), API), (refused(404), &*fallback())]);
        assert_eq!(digits(&mut actor, stage, &[("content-type", content_type)], text), "");
        let warned = warned(stage);
        let tag = hello_digest().fallback_tag().to_string();
        assert!(
            matches!(&*warned, [text] if text.contains(&tag) && text.contains("r.test/a/b")),
            "{content_type} {text}: {warned:?}"
        );
    }
}

#[test]
fn cr5_a_tag_that_gives_the_subject_itself_means_none() {
    let (stage, mut actor) = (&mut Stage::new(), list(None));
    actor.rows(stage, [(start(), API), (refused(404), &*fallback())]);
    // The subject of the test is these five bytes.
    assert_eq!(digits(&mut actor, stage, &[("content-type", INDEX)], "hello"), "");
    assert_eq!(warned(stage), [""; 0]);
}

#[test]
fn c03_a_fallback_tag_whose_content_is_not_what_the_registry_says_is_an_error() {
    let other = format!("sha256:{}", "0".repeat(64));
    let fields = [("content-type", INDEX), ("docker-content-digest", &*other)];
    let text = index();
    list(None).rows(
        &mut Stage::new(),
        [
            (start(), API),
            (refused(404), "GET…"),
            (head(200, &fields), "buffer…"),
            (body(text), "failed Mismatch"),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| list(None));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = list(None);
        actor.rows(stage, [(start(), API)]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = list(None);
        actor.rows(stage, [(start(), API), (refused(404), "GET…")]);
        actor
    });
    refuses_all_but(&["body", "failed", "head"], |stage| {
        let mut actor = list(None);
        let fields = [("content-type", INDEX)];
        actor.rows(
            stage,
            [(start(), API), (refused(404), "GET…"), (head(200, &fields), "buffer…")],
        );
        actor
    });
}

#[test]
fn p28_at_a_mirror_the_fallback_tag_is_left_alone() {
    let list = || Actor::new(list(None).into_machine().without_fallback());
    for status in [400, 404, 405, 406, 501] {
        let rows = [(start(), API), (refused(status), "failed NotFound: r.test lists no")];
        list().rows(&mut Stage::new(), rows);
    }
    // Where the API is there nothing changes, and where it is known not to be nothing is asked.
    let (stage, actor) = (&mut Stage::new(), &mut list());
    actor.rows(stage, [(start(), API)]);
    assert_eq!(digits(actor, stage, &[("content-type", INDEX)], &index()), "123");
    let stage = &mut Stage::new();
    stage.host.capabilities.referrers.learn(stage.now, false);
    list().rows(stage, [(start(), "failed NotFound: r.test lists no")]);
}
