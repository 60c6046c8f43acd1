use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, refused, refuses_all_but, start};

fn first() -> Actor<ListRepositories> {
    Actor::new(ListRepositories::first())
}

fn page(fields: &[(&'static str, &str)], content: &str) -> RepositoryPage {
    let (stage, mut actor) = (&mut Stage::new(), first());
    actor.rows(
        stage,
        [(start(), "GET /v2/_catalog"), (head(200, fields), "buffer 16777216")],
    );
    match actor.tell(stage, body(content)) {
        Step::Done(Ok(page)) => page,
        other => panic!("{other:?}"),
    }
}

#[test]
fn x3_a_page() {
    let read = page(&[], r#"{"repositories":["b",null,"a/b",null,"Not A Name",7]}"#);
    let names: Vec<_> = read.repositories.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["b", "a/b"]);
    assert_eq!((read.others, read.next), (vec!["Not A Name".to_owned()], None));
    for empty in [r#"{"repositories":null}"#, "{}", r#"{"repositories":[]}"#] {
        assert!(page(&[], empty).repositories.is_empty(), "{empty}");
    }
}

#[test]
fn x3_x4_the_next_page_is_where_the_link_says_byte_for_byte() {
    for (link, expected) in [
        (
            "</v2/_catalog?last=a%2Fb&n=2>; rel=\"next\"",
            "https://r.test/v2/_catalog?last=a%2Fb&n=2",
        ),
        (
            "<_catalog?last=a/b&n=2>; rel=next",
            "https://r.test/v2/_catalog?last=a/b&n=2",
        ),
        (
            "<?next_page=gAAA%3D%3D>; rel=next",
            "https://r.test/v2/_catalog?next_page=gAAA%3D%3D",
        ),
        ("<https://r.test/other?x=+%2b>; rel=next", "https://r.test/other?x=+%2b"),
        ("</_catalog?last=b>; rel=next", "https://r.test/_catalog?last=b"),
    ] {
        let next = page(&[("link", link)], "{}").next.unwrap();
        assert_eq!(next.as_str(), expected, "{link}");
        let shown = format!("GET {}", expected.strip_prefix("https://r.test").unwrap());
        Actor::new(ListRepositories::next(next)).rows(&mut Stage::new(), [(start(), &*shown)]);
    }
}

#[test]
fn ch2_a12_x3_the_next_page_is_at_the_same_origin() {
    for target in ["https://evil.test/v2/_catalog", "//evil.test/x", "http://r.test/x", ""] {
        let link = format!("<{target}>; rel=\"next\"");
        let rows = [(start(), "GET…"), (head(200, &[("link", &link)]), "failed UnsafeUrl")];
        first().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn refusals_and_unreadable_lists() {
    for (told, expected) in [
        (refused(401), "failed Unauthorized"),
        (refused(404), "failed NotFound"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
        (head(204, &[]), "failed Protocol: 204"),
    ] {
        first().rows(&mut Stage::new(), [(start(), "GET…"), (told, expected)]);
    }
    for content in ["", "[]", "<html>", "{\"repositories\":[\"a\"]"] {
        let rows = [
            (start(), "GET…"),
            (head(200, &[]), "buffer…"),
            (body(content), "failed Protocol: list of repositories"),
        ];
        first().rows(&mut Stage::new(), rows);
    }
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
