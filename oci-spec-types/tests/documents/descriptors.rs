//! Sizes, digests and embedded data.

use oci_spec_types::{Descriptor, Digest, EmbeddedData, MediaType, ParseErrorKind as Kind};
use serde_json::json;

use crate::support::{at, manifest, parse_manifest, refused_manifest, with_size};

#[test]
fn c08_sizes() {
    for size in [
        "-1",
        "-0",
        "5.0",
        "5e0",
        r#""5""#,
        "true",
        "[5]",
        "0",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
    ] {
        let (kind, path) = refused_manifest(&with_size(size));
        match size {
            "1e400" => assert_eq!(kind, Kind::NumberRange),
            _ => assert_eq!((kind, path), at(Kind::InvalidSize, "$.layers[0].size"), "{size}"),
        }
    }
    for size in ["1", "4611686018427387904", "9223372036854775807"] {
        let document = parse_manifest(&with_size(size)).unwrap();
        assert_eq!(document.value().layers[0].size.to_string(), size);
    }
    assert_eq!(
        refused_manifest(&with_size("null")),
        at(Kind::MissingField, "$.layers[0].size")
    );
}

#[test]
fn c08_size_0_is_of_empty_content_alone() {
    let layer = |digest: &str, size: u64| {
        let mut manifest = manifest();
        manifest["layers"] = json!([{"mediaType": "a/b", "digest": digest, "size": size}]);
        parse_manifest(&manifest.to_string())
            .map(|_| ())
            .map_err(|error| error.kind())
    };
    let empty = [Digest::sha256(b""), Digest::sha512(b"")];
    for digest in empty.map(|digest| digest.to_string()) {
        assert_eq!(layer(&digest, 0), Ok(()));
        assert_eq!(layer(&digest, 1), Err(Kind::InvalidSize));
    }
    // Of an algorithm that cannot be computed, nothing can be said.
    assert_eq!(layer("sha384:00", 0), Ok(()));
}

#[test]
fn c09_digests_are_parsed_as_the_document_is_read() {
    for digest in [
        "",
        "sha256",
        "sha256:",
        ":00",
        "sha256:00",
        "sha256:../../../../v2/other/blobs/sha256:00",
        "../sha256:00",
        "sha256:%2f",
        "sha256:00\u{0}",
        "sha256+b64u:a/b",
        "SHA256:00",
    ] {
        let mut manifest = manifest();
        manifest["layers"][0]["digest"] = json!(digest);
        assert_eq!(
            refused_manifest(&manifest.to_string()),
            at(Kind::InvalidDigest, "$.layers[0].digest"),
            "{digest}"
        );
    }
    let upper = Digest::sha256(b"layer")
        .to_string()
        .to_ascii_uppercase()
        .replace("SHA", "sha");
    let mut document = manifest();
    document["layers"][0]["digest"] = json!(upper);
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::InvalidDigest, "$.layers[0].digest")
    );
    document["layers"][0].as_object_mut().unwrap().remove("digest");
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::MissingField, "$.layers[0].digest")
    );

    document["layers"][0]["digest"] = json!("sha256+b64u:LCa0a2j_xo");
    let document = parse_manifest(&document.to_string()).unwrap();
    assert!(!document.value().layers[0].digest.is_verifiable());
}

#[test]
fn c20_embedded_data_is_verified() {
    let descriptor = Descriptor::of(MediaType::JSON, b"content");
    let with = |data: &str| {
        let mut value = serde_json::to_value(&descriptor).unwrap();
        value["data"] = json!(data);
        serde_json::from_value::<Descriptor>(value).unwrap()
    };
    assert_eq!(
        with("Y29udGVudA==").embedded_content().unwrap().as_deref(),
        Some(&b"content"[..])
    );
    for wrong in [
        "",
        "e30=",
        "Q29udGVudA==",
        "Y29udGVudHM=",
        "Y29udGVudA",
        "Y29udGVudA=",
        "!",
        "Y29u dGVudA==",
    ] {
        assert!(with(wrong).embedded_content().is_err(), "{wrong}");
    }
    let mut large = descriptor.clone();
    large.data = Some(EmbeddedData::encode(&vec![0; 10 << 20]));
    assert!(large.embedded_content().is_err());
    let opaque: Descriptor =
        serde_json::from_value(json!({"mediaType": "a/b", "digest": "sha384:00", "size": 7, "data": "Y29udGVudA=="}))
            .unwrap();
    assert!(opaque.embedded_content().is_err());
    assert_eq!(descriptor.embedded_content(), Ok(None));
}
