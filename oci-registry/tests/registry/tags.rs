use http::StatusCode;
use oci_registry::Limits;
use serde_json::json;

use crate::fixture::{Fixture, image, on_every_storage};

on_every_storage!(
    rd1_rp4_an_unknown_repository,
    rd1_rp7_an_empty_list,
    rd2_tags_are_sorted_by_their_bytes,
    rd3_rd4_rd5_rd6_s15_pages_of_tags,
    rd4_changes_between_pages,
    s15_numbers_that_are_none,
);

fn rd1_rp4_an_unknown_repository(fixture: &Fixture) {
    fixture
        .get("/v2/a/tags/list")
        .send()
        .expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
    fixture.start_upload("a");
    fixture
        .get("/v2/a/tags/list")
        .send()
        .expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
    fixture.push_image("a/b/c", "v1", &image("one"));
    fixture
        .get("/v2/a/b/tags/list")
        .send()
        .expect_error(StatusCode::NOT_FOUND, "NAME_UNKNOWN");
}

fn rd1_rp7_an_empty_list(fixture: &Fixture) {
    fixture.push_blob("a/b", b"x");
    let answer = fixture.get("/v2/a/b/tags/list").send().expect(StatusCode::OK);
    assert_eq!(answer.json(), json!({ "name": "a/b", "tags": [] }));
    assert_eq!(answer.header("content-type").as_deref(), Some("application/json"));
    let head = fixture.head("/v2/a/b/tags/list").send().expect(StatusCode::OK);
    assert!(head.content().is_empty());
    assert_eq!(head.header("content-length"), Some(answer.content().len().to_string()));
}

fn rd2_tags_are_sorted_by_their_bytes(fixture: &Fixture) {
    for tag in ["v2", "v10", "V1", "_x", "1.0", "latest", "LATEST"] {
        fixture.push_image("a", tag, &image("one"));
    }
    let tags = fixture.get("/v2/a/tags/list").send().json()["tags"].clone();
    assert_eq!(tags, json!(["1.0", "LATEST", "V1", "_x", "latest", "v10", "v2"]));
}

fn rd3_rd4_rd5_rd6_s15_pages_of_tags(fixture: &Fixture) {
    for number in 0..5 {
        fixture.push_image("a", &format!("v{number}"), &image("one"));
    }
    let mut found = Vec::new();
    let mut next = Some("/v2/a/tags/list?n=2".to_owned());
    let mut pages = 0;
    while let Some(path) = next {
        let answer = fixture.get(path).send().expect(StatusCode::OK);
        let tags: Vec<String> = serde_json::from_value(answer.json()["tags"].clone()).unwrap();
        found.extend(tags);
        next = answer.next_page();
        pages += 1;
    }
    assert_eq!((pages, found.join(" ").as_str()), (3, "v0 v1 v2 v3 v4"));
    let list = |query: &str| {
        fixture
            .get(format!("/v2/a/tags/list?{query}"))
            .send()
            .expect(StatusCode::OK)
    };
    let cases = [
        ("n=0", json!([]), None),
        ("n=5", json!(["v0", "v1", "v2", "v3", "v4"]), None),
        (
            "n=4",
            json!(["v0", "v1", "v2", "v3"]),
            Some("/v2/a/tags/list?n=4&last=v3"),
        ),
        ("last=v2", json!(["v3", "v4"]), None),
        ("last=v2&n=1", json!(["v3"]), Some("/v2/a/tags/list?n=1&last=v3")),
        ("last=v2zzz", json!(["v3", "v4"]), None),
        ("last=zzz", json!([]), None),
        ("last=..%2f..%2fetc", json!(["v0", "v1", "v2", "v3", "v4"]), None),
        ("n=99999999999999999999999", json!(["v0", "v1", "v2", "v3", "v4"]), None),
    ];
    for (query, tags, next) in cases {
        let answer = list(query);
        assert_eq!(answer.json()["tags"], tags, "{query}");
        assert_eq!(answer.next_page().as_deref(), next, "{query}");
    }
    let fixture = fixture.with(Limits::new().with_tags_page(1), false);
    fixture.push_image("a", "v1", &image("one"));
    fixture.push_image("a", "v2", &image("one"));
    for query in ["", "?n=1", "?n=100"] {
        let answer = fixture.get(format!("/v2/a/tags/list{query}")).send();
        assert_eq!(
            answer.next_page().as_deref(),
            Some("/v2/a/tags/list?n=1&last=v1"),
            "{query}"
        );
    }
}

fn rd4_changes_between_pages(fixture: &Fixture) {
    let first = |tags: serde_json::Value| {
        let answer = fixture.get("/v2/a/tags/list?n=2").send();
        assert_eq!(answer.json()["tags"], tags);
        assert!(answer.next_page().is_some());
    };
    for tag in ["b", "d", "f", "h"] {
        fixture.push_image("a", tag, &image("one"));
    }
    first(json!(["b", "d"]));
    let digest = fixture.push_image("a", "a", &image("two"));
    first(json!(["a", "b"]));
    fixture.delete("/v2/a/manifests/b").send().expect(StatusCode::ACCEPTED);
    first(json!(["a", "d"]));
    fixture.push_image("a", "c", &image("two"));
    first(json!(["a", "c"]));
    fixture.push_image("other", "a", &image("one"));
    fixture.get("/v2/other/tags/list?n=1").send().expect(StatusCode::OK);
    fixture
        .delete(format!("/v2/a/manifests/{digest}"))
        .send()
        .expect(StatusCode::ACCEPTED);
    first(json!(["d", "f"]));
}

fn s15_numbers_that_are_none(fixture: &Fixture) {
    let digest = fixture.push_image("a", "v1", &image("one"));
    for number in ["-1", "abc", "", "1.5", "%201", "0x1"] {
        let referrers = format!("a/referrers/{digest}");
        for path in ["a/tags/list", "_catalog", &referrers] {
            let answer = fixture.get(format!("/v2/{path}?n={number}")).send();
            answer.expect_error(StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID");
        }
    }
}
