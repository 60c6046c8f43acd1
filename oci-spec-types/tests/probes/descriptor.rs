//! Rules of descriptors.

use oci_spec_types::{Digest, validate::Severity};
use serde_json::{Value, json};

use super::{
    Edit::{Keep, Raw, Remove, Set},
    Row, descriptor_of, error, warning,
};

pub(super) fn valid() -> Value {
    descriptor_of("application/vnd.oci.image.manifest.v1+json", b"content")
}

pub(super) fn rows() -> Vec<Row> {
    [
        required(),
        media_types(),
        digests(),
        sizes(),
        data(),
        others(),
        json_rules(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn required() -> Vec<Row> {
    vec![
        (
            "mediaType is required",
            Keep,
            Remove("/mediaType"),
            error("$.mediaType"),
        ),
        ("digest is required", Keep, Remove("/digest"), error("$.digest")),
        ("size is required", Keep, Remove("/size"), error("$.size")),
        (
            "required fields are not null",
            Keep,
            Set("/size", Value::Null),
            error("$.size"),
        ),
        (
            "unknown fields are no error",
            Set("/com.example.new", json!({"a": [1]})),
            Set("/urls", json!({})),
            error("$.urls"),
        ),
    ]
}

fn media_types() -> Vec<Row> {
    let ok = |text: &str| Set("/mediaType", json!(text));
    vec![
        (
            "a media type has a slash",
            ok("application/a"),
            ok("application"),
            error("$.mediaType"),
        ),
        ("a media type has a type", ok("a/b"), ok("/b"), error("$.mediaType")),
        (
            "a media type has a subtype",
            ok("a/b.c+d"),
            ok("a/"),
            error("$.mediaType"),
        ),
        (
            "a media type starts with a letter or digit",
            ok("1/2"),
            ok(".foo/bar"),
            error("$.mediaType"),
        ),
        (
            "a media type has no parameters",
            ok("text/plain"),
            ok("text/plain; charset=utf-8"),
            error("$.mediaType"),
        ),
        (
            "a media type has two parts",
            ok("x/a_b-c"),
            ok("x/y/z"),
            error("$.mediaType"),
        ),
        (
            "a media type is a string",
            ok("x/y"),
            Set("/mediaType", json!(1)),
            error("$.mediaType"),
        ),
        (
            "the parts of a media type have at most 127 characters",
            Set("/mediaType", json!(format!("x/{}", "y".repeat(127)))),
            Set("/mediaType", json!(format!("x/{}", "y".repeat(128)))),
            error("$.mediaType"),
        ),
        (
            "an artifact type is a media type",
            Set("/artifactType", json!("application/vnd.example+json")),
            Set("/artifactType", json!("no type")),
            error("$.artifactType"),
        ),
        (
            "an artifact type is not empty",
            Keep,
            Set("/artifactType", json!("")),
            error("$.artifactType"),
        ),
        (
            "non-distributable layers are deprecated",
            ok("application/vnd.oci.image.layer.v1.tar+gzip"),
            ok("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"),
            warning("$.mediaType"),
        ),
    ]
}

fn digests() -> Vec<Row> {
    let ok = || Set("/digest", json!(Digest::sha512(b"content").to_string()));
    let set = |text: String| Set("/digest", json!(text));
    let hex = |len: usize| "a".repeat(len);
    vec![
        (
            "sha256 has 64 digits, not fewer",
            Keep,
            set(format!("sha256:{}", hex(63))),
            error("$.digest"),
        ),
        (
            "sha256 has 64 digits, not more",
            Keep,
            set(format!("sha256:{}", hex(65))),
            error("$.digest"),
        ),
        (
            "sha256 is lower case",
            Keep,
            set(format!("sha256:{}", "A".repeat(64))),
            error("$.digest"),
        ),
        (
            "sha256 is hexadecimal",
            Keep,
            set(format!("sha256:{}", "g".repeat(64))),
            error("$.digest"),
        ),
        (
            "sha512 has 128 digits",
            ok(),
            set(format!("sha512:{}", hex(64))),
            error("$.digest"),
        ),
        (
            "blake3 has 64 digits",
            ok(),
            set(format!("blake3:{}", hex(128))),
            error("$.digest"),
        ),
        ("a digest has an algorithm", ok(), set(hex(64)), error("$.digest")),
        (
            "a digest has an encoded part",
            ok(),
            set("sha256:".into()),
            error("$.digest"),
        ),
        (
            "an algorithm is lower case",
            ok(),
            set(format!("SHA256:{}", hex(64))),
            error("$.digest"),
        ),
        (
            "an algorithm has no empty component",
            ok(),
            set(format!("sha256+:{}", hex(64))),
            error("$.digest"),
        ),
        (
            "an encoded part has no other characters",
            ok(),
            set("sha256+b64:a/b".into()),
            error("$.digest"),
        ),
        (
            "a digest is no path",
            ok(),
            set("sha256:../../etc/passwd".into()),
            error("$.digest"),
        ),
        (
            "an unknown algorithm is carried, unverified",
            ok(),
            set("sha256+b64u:LCa0a2j_xo".into()),
            warning("$.digest"),
        ),
        (
            "sha384 is not registered",
            ok(),
            set(format!("sha384:{}", hex(96))),
            warning("$.digest"),
        ),
    ]
}

fn sizes() -> Vec<Row> {
    let size = |size: Value| Set("/size", size);
    let raw = |size: &str| {
        Raw(format!(
            r#"{{"mediaType":"a/b","digest":"{}","size":{size}}}"#,
            Digest::sha256(b"content")
        ))
    };
    vec![
        (
            "a size is not negative",
            size(json!(1)),
            size(json!(-1)),
            error("$.size"),
        ),
        ("a size is an integer", raw("7"), raw("7.0"), error("$.size")),
        ("a size has no exponent", raw("10"), raw("1e1"), error("$.size")),
        ("a size is a number", raw("7"), raw("\"7\""), error("$.size")),
        ("a size is not minus zero", raw("7"), raw("-0"), error("$.size")),
        (
            "a size fits 63 bits",
            raw("9007199254740992"),
            raw("9223372036854775808"),
            error("$.size"),
        ),
        (
            "a size fits 64 bits",
            raw("7"),
            raw("99999999999999999999999"),
            error("$.size"),
        ),
        (
            "a size should be exact as a double",
            raw("9007199254740992"),
            raw("9007199254740993"),
            warning("$.size"),
        ),
        (
            "size 0 is of empty content",
            Raw(json!({"mediaType": "a/b", "digest": Digest::sha256(b"").to_string(), "size": 0}).to_string()),
            size(json!(0)),
            error("$.size"),
        ),
        (
            "empty content has size 0",
            Raw(json!({"mediaType": "a/b", "digest": Digest::sha512(b"").to_string(), "size": 0}).to_string()),
            Set("/digest", json!(Digest::sha512(b"").to_string())),
            error("$.size"),
        ),
    ]
}

fn data() -> Vec<Row> {
    let set = |text: &str| Set("/data", json!(text));
    vec![
        (
            "data is the content",
            set("Y29udGVudA=="),
            set("Q29udGVudA=="),
            error("$.data"),
        ),
        (
            "data has the size",
            set("Y29udGVudA=="),
            set("Y29udGVudHM="),
            error("$.data"),
        ),
        (
            "data is padded",
            set("Y29udGVudA=="),
            set("Y29udGVudA"),
            error("$.data"),
        ),
        (
            "data has the standard alphabet",
            set("Y29udGVudA=="),
            set("Y29_dGVudA=="),
            error("$.data"),
        ),
        (
            "data has no line breaks",
            set("Y29udGVudA=="),
            set("Y29u\ndGVudA=="),
            error("$.data"),
        ),
        (
            "data is a string",
            set("Y29udGVudA=="),
            Set("/data", json!(["Y29udGVudA=="])),
            error("$.data"),
        ),
        (
            "data of empty content is empty",
            Raw(
                json!({"mediaType": "a/b", "digest": Digest::sha256(b"").to_string(), "size": 0, "data": ""})
                    .to_string(),
            ),
            set(""),
            error("$.data"),
        ),
        (
            "the empty type is of `{}`",
            Raw(descriptor_of("application/vnd.oci.empty.v1+json", b"{}").to_string()),
            Set("/mediaType", json!("application/vnd.oci.empty.v1+json")),
            error("$.digest"),
        ),
    ]
}

fn others() -> Vec<Row> {
    let urls = |urls: Value| Set("/urls", urls);
    let annotation = |name: &str, value: Value| Set("/annotations", json!({ name: value }));
    vec![
        (
            "urls are absolute",
            urls(json!(["https://example.com/x"])),
            urls(json!(["value"])),
            error("$.urls[0]"),
        ),
        (
            "urls should be http or https",
            urls(json!(["http://x"])),
            urls(json!(["ftp://x"])),
            warning("$.urls[0]"),
        ),
        (
            "urls are strings",
            urls(json!([])),
            urls(json!(["https://x", 1])),
            error("$.urls[1]"),
        ),
        ("urls are not null", Keep, urls(Value::Null), warning("$.urls")),
        (
            "annotations are strings",
            annotation("com.example.a", json!("")),
            annotation("com.example.a", json!(1)),
            error(r#"$.annotations["com.example.a"]"#),
        ),
        (
            "annotations have values",
            annotation("com.example.a", json!("x")),
            annotation("com.example.a", Value::Null),
            error(r#"$.annotations["com.example.a"]"#),
        ),
        (
            "annotations are an object",
            Set("/annotations", json!({})),
            Set("/annotations", json!([])),
            error("$.annotations"),
        ),
        (
            "annotations are in reverse domain notation",
            annotation("com.example.a", json!("x")),
            annotation("plain", json!("x")),
            warning("$.annotations.plain"),
        ),
        (
            "names of the spec are the spec's",
            annotation("org.opencontainers.image.title", json!("x")),
            annotation("org.opencontainers.image.mine", json!("x")),
            warning(r#"$.annotations["org.opencontainers.image.mine"]"#),
        ),
        (
            "created is an RFC 3339 time",
            annotation("org.opencontainers.image.created", json!("2026-02-28T12:00:00Z")),
            annotation("org.opencontainers.image.created", json!("2026-02-30T12:00:00Z")),
            error(r#"$.annotations["org.opencontainers.image.created"]"#),
        ),
        (
            "base.digest is a digest",
            annotation(
                "org.opencontainers.image.base.digest",
                json!(Digest::sha256(b"x").to_string()),
            ),
            annotation("org.opencontainers.image.base.digest", json!("x")),
            error(r#"$.annotations["org.opencontainers.image.base.digest"]"#),
        ),
        (
            "source is an address",
            annotation("org.opencontainers.image.source", json!("https://example.com/a")),
            annotation("org.opencontainers.image.source", json!("here")),
            warning(r#"$.annotations["org.opencontainers.image.source"]"#),
        ),
        (
            "ref.name has a grammar",
            annotation("org.opencontainers.image.ref.name", json!("example.com/app:v1.0")),
            annotation("org.opencontainers.image.ref.name", json!("-v1")),
            warning(r#"$.annotations["org.opencontainers.image.ref.name"]"#),
        ),
    ]
}

fn json_rules() -> Vec<Row> {
    let text = |more: &str| {
        Raw(format!(
            r#"{{"mediaType":"a/b","digest":"{}","size":7{more}}}"#,
            Digest::sha256(b"content")
        ))
    };
    vec![
        (
            "names are unique",
            text(r#","x":{"a":1}"#),
            text(r#","size":7"#),
            error("$.size"),
        ),
        (
            "names are unique at any depth",
            text(r#","x":{"a":1}"#),
            text(r#","x":{"a":1,"a":1}"#),
            error("$.x.a"),
        ),
        (
            "annotations are unique",
            text(r#","annotations":{"a.b":"","a.c":""}"#),
            text(r#","annotations":{"a.b":"","a\u002eb":""}"#),
            error(r#"$.annotations["a.b"]"#),
        ),
        (
            "names differ not only in case",
            text(r#","sizes":0"#),
            text(r#","Size":0"#),
            error("$.Size"),
        ),
        (
            "two faults are two findings",
            Keep,
            text(r#","data":7,"urls":[7]"#),
            vec![(Severity::Error, "$.urls[0]"), (Severity::Error, "$.data")],
        ),
    ]
}
