//! The `Warning` fields.

use http::{HeaderMap, Request, StatusCode};
use oci_client_core::proto::headers::warnings;
use oci_client_core::runtime::block_on;
use oci_client_core::transport::Body;
use oci_registry::Registry;

#[test]
fn w1_warnings_come_with_every_answer_as_the_client_reads_them() {
    let mut builder = Registry::builder();
    for text in TEXTS {
        builder = builder.warning(text).unwrap();
    }
    let registry = builder.build();
    for (path, status) in [("/v2/", 200), ("/v2/a/tags/list", 404), ("/elsewhere", 404)] {
        let headers = fields(&registry, path, status);
        assert_eq!(warnings(&headers), TEXTS, "{path}");
        for value in headers.get_all("warning") {
            let value = value.to_str().unwrap();
            assert!(value.starts_with("299 - \"") && value.ends_with('"'), "{value}");
        }
    }
    assert!(!fields(&Registry::in_memory(), "/v2/", 200).contains_key("warning"));
}

#[test]
fn w1_warnings_have_four_kibibytes_together_at_most() {
    // What is around a text has 8 bytes: `299 - ""`.
    let most = "x".repeat(4096 - 8);
    let full = Registry::builder().warning(&most).unwrap();
    let length = |headers: &HeaderMap| {
        headers
            .get_all("warning")
            .iter()
            .map(|value| value.len())
            .sum::<usize>()
    };
    assert!(full.warning("x").is_err());
    assert!(Registry::builder().warning(&format!("{most}x")).is_err());
    assert!(Registry::builder().warning(&"\"".repeat(2045)).is_err());
    let registry = Registry::builder().warning(&most).unwrap().build();
    assert_eq!(length(&fields(&registry, "/v2/", 200)), 4096);
    let half = "x".repeat(2048 - 8);
    let halves = Registry::builder().warning(&half).unwrap().warning(&half).unwrap();
    assert_eq!(length(&fields(&halves.build(), "/v2/", 200)), 4096);
}

#[test]
fn w1_texts_that_no_field_can_hold_are_refused() {
    for text in ["", "a\nb", "a\r\nx-other: y", "\0", "\u{7f}", "\t", "über", "\u{202e}"] {
        let refused = Registry::builder().warning(text).unwrap_err().to_string();
        assert!(!refused.contains(char::is_control), "{refused:?}");
    }
}

fn fields(registry: &Registry, path: &str, status: u16) -> HeaderMap {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let response = block_on(registry.handle(request));
    assert_eq!(response.status(), StatusCode::from_u16(status).unwrap());
    response.headers().clone()
}

const TEXTS: [&str; 3] = ["read-only from Friday", r#"say "v2", not C:\v1"#, "299 - \"x\", y"];
