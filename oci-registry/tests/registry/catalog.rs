use http::StatusCode;
use serde_json::json;

use crate::fixture::{Fixture, on_every_storage};

on_every_storage!(rd4_s15_x3_repositories,);

fn rd4_s15_x3_repositories(fixture: &Fixture) {
    assert_eq!(fixture.get("/v2/_catalog").send().json(), json!({ "repositories": [] }));
    for name in ["b", "a/b", "a", "a/b/c/d", "a-b", "manifests/tags", "blobs"] {
        fixture.push_blob(name, b"x");
    }
    fixture.start_upload("only-an-upload");
    let all = fixture.get("/v2/_catalog").send().expect(StatusCode::OK);
    let expected = json!(["a", "a-b", "a/b", "a/b/c/d", "b", "blobs", "manifests/tags"]);
    assert_eq!(all.json()["repositories"], expected);
    assert_eq!(all.next_page(), None);
    let mut found = Vec::new();
    let mut next = Some("/v2/_catalog?n=2".to_owned());
    while let Some(path) = next {
        let answer = fixture.get(path).send().expect(StatusCode::OK);
        found.extend(answer.json()["repositories"].as_array().unwrap().clone());
        next = answer.next_page();
    }
    assert_eq!(json!(found), expected);
    assert_eq!(
        fixture.get("/v2/_catalog?n=0").send().json(),
        json!({ "repositories": [] })
    );
}
