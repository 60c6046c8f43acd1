use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, refused, refuses_all_but, session, start};

fn first() -> Actor<ListTags> {
    Actor::new(ListTags::first("a/b".parse().unwrap()))
}

fn page(fields: &[(&'static str, &str)], content: &str) -> TagPage {
    let (stage, mut actor) = (&mut Stage::new(), first());
    let limit = format!("buffer {NAMES_LIMIT}");
    actor.rows(stage, [(start(), "GET /v2/a/b/tags/list"), (head(200, fields), &limit)]);
    match actor.tell(stage, body(content)) {
        Step::Done(Ok(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn cd1_cd3_a_page() {
    let read = page(&[], r#"{"name":"a/b","tags":["v2","v1","sha256:00"]}"#);
    let tags: Vec<_> = read.tags.iter().map(Tag::as_str).collect();
    assert_eq!(
        (tags, read.others, read.next),
        (vec!["v2", "v1"], vec!["sha256:00".to_owned()], None)
    );
    for empty in [r#"{"tags":null}"#, "{}", r#"{"tags":[]}"#] {
        assert!(page(&[], empty).tags.is_empty(), "{empty}");
    }
}

#[test]
fn cd2_the_next_page_is_where_the_link_says() {
    for link in [
        "</v2/a/b/tags/list?last=v%2B1&n=2>; rel=\"next\"",
        "<https://r.test/v2/a/b/tags/list?last=v%2B1&n=2>; rel=next",
        "<?last=v%2B1&n=2>; rel=NEXT",
        "</other>; rel=\"prev\", <list?last=v%2B1&n=2>; title=\"a, b\"; rel=next",
    ] {
        let next = page(&[("link", link)], "{}").next.unwrap();
        assert_eq!(
            next.as_str(),
            "https://r.test/v2/a/b/tags/list?last=v%2B1&n=2",
            "{link}"
        );
    }
    let url = Url::parse("https://r.test/v2/a/b/tags/list?last=v%2B1&n=2").unwrap();
    let mut actor = Actor::new(ListTags::next("a/b".parse().unwrap(), url));
    actor.rows(&mut Stage::new(), [(start(), "GET /v2/a/b/tags/list?last=v%2B1&n=2")]);
}

#[test]
fn ch2_a12_the_next_page_is_at_the_same_origin() {
    for target in [
        "https://evil.test/v2/a/b/tags/list",
        "//evil.test/x",
        "https://r.test:444/x",
        "http://r.test/x",
        "https://r.test./x",
        "https://user:password@r.test/x",
        "file:///etc/passwd",
        "data:text/plain,x",
        "http://[",
        "",
    ] {
        let link = format!("<{target}>; rel=\"next\"");
        first().rows(
            &mut Stage::new(),
            [(start(), "GET…"), (head(200, &[("link", &link)]), "failed UnsafeUrl")],
        );
    }
}

#[test]
fn refusals_and_unreadable_lists() {
    for (told, expected) in [
        (refused(404), "failed NotFound"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
        (head(204, &[]), "failed Protocol: 204"),
    ] {
        first().rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
    for content in ["", "[]", "<html>", "{\"tags\":[\"v1\"]", "nan"] {
        let rows = [
            (start(), "GET…"),
            (head(200, &[]), "buffer…"),
            (body(content), "failed Protocol: tag list"),
        ];
        first().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a_body_that_breaks_off_is_asked_for_again() {
    session(first().into_machine(), &["pull"]).rows(
        &mut Stage::new(),
        [
            (start(), "GET /v2/a/b/tags/list"),
            (head(200, &[]), "buffer…"),
            (failed(TransportErrorKind::Reset), "GET /v2/a/b/tags/list"),
            (head(200, &[]), "buffer…"),
            (body("{}"), "done TagPage…"),
        ],
    );
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| first());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = first();
        actor.rows(stage, [(start(), "GET…")]);
        actor
    });
    refuses_all_but(&["body", "failed", "head"], |stage| {
        let mut actor = first();
        actor.rows(stage, [(start(), "GET…"), (head(200, &[]), "buffer…")]);
        actor
    });
}
