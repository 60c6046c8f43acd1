//! How much there may be, and what errors show of it.

use oci_spec_types::{
    Descriptor, Digest, Document, ImageConfig, ImageIndex, ImageManifest, Limits, MediaType, ParseErrorKind as Kind,
};
use serde_json::json;

use crate::support::{at, index, manifest, parse_manifest, refused, refused_manifest};

#[test]
fn c15_nesting_is_refused_on_a_small_stack() {
    let run = || {
        for open in ["[", r#"{"a":"#, r#"[{"a":"#] {
            let text = format!(r#"{{"schemaVersion":2,"x":{}"#, open.repeat(200_000));
            assert_eq!(refused_manifest(&text).0, Kind::TooDeep);
            assert_eq!(refused::<ImageConfig>(&text, MediaType::IMAGE_CONFIG).0, Kind::TooDeep);
        }
        let deepest = Limits::new().with_depth(usize::MAX);
        let nested = "[".repeat(Limits::MAX_DEPTH - 1) + &"]".repeat(Limits::MAX_DEPTH - 1);
        let text = manifest().to_string().replacen('{', &format!("{{\"x\":{nested},"), 1);
        let document = Document::<ImageManifest>::parse_with(text.as_bytes(), MediaType::IMAGE_MANIFEST, &deepest);
        assert_eq!(
            Document::from_value(document.unwrap().into_value()).unwrap_err().kind(),
            Kind::TooDeep
        );
    };
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn c16_documents_are_limited_in_size() {
    let padded = |len: usize| {
        let text = manifest().to_string();
        format!("{text}{}", " ".repeat(len - text.len()))
    };
    assert!(parse_manifest(&padded(Limits::DOCUMENT_BYTES)).is_ok());
    assert_eq!(
        refused_manifest(&padded(Limits::DOCUMENT_BYTES + 1)),
        (Kind::TooLarge, None)
    );
    let small = Limits::new().with_document_bytes(10);
    let error = Document::<ImageManifest>::parse_with(padded(1000).as_bytes(), MediaType::IMAGE_MANIFEST, &small);
    assert_eq!(error.unwrap_err().kind(), Kind::TooLarge);
    // Nothing that is too large is hashed.
    let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, b"another");
    let error = Document::<ImageManifest>::parse_verified(padded(1000).as_bytes(), &descriptor, &small);
    assert_eq!(error.unwrap_err().kind(), Kind::TooLarge);
}

#[test]
fn c18_entries_are_limited_in_number() {
    let mut document = manifest();
    let layer = document["layers"][0].clone();
    document["layers"] = vec![layer.clone(); Limits::LAYERS].into();
    assert_eq!(
        parse_manifest(&document.to_string()).unwrap().value().layers.len(),
        Limits::LAYERS
    );
    document["layers"] = vec![layer; Limits::LAYERS + 1].into();
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::TooManyEntries, "$.layers")
    );

    let mut document = index();
    let entry = document["manifests"][0].clone();
    document["manifests"] = vec![entry.clone(); Limits::INDEX_ENTRIES].into();
    assert!(Document::<ImageIndex>::parse(document.to_string().as_bytes(), MediaType::IMAGE_INDEX).is_ok());
    document["manifests"] = vec![entry; Limits::INDEX_ENTRIES + 1].into();
    assert_eq!(
        refused::<ImageIndex>(&document.to_string(), MediaType::IMAGE_INDEX),
        at(Kind::TooManyEntries, "$.manifests")
    );

    let mut document = json!({"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}});
    document["history"] = vec![json!({}); 4 * Limits::LAYERS].into();
    assert!(Document::<ImageConfig>::parse(document.to_string().as_bytes(), MediaType::IMAGE_CONFIG).is_ok());
    document["history"] = vec![json!({}); 4 * Limits::LAYERS + 1].into();
    assert_eq!(
        refused::<ImageConfig>(&document.to_string(), MediaType::IMAGE_CONFIG),
        at(Kind::TooManyEntries, "$.history")
    );
}

#[test]
fn c15_values_are_limited_in_number_beyond_the_richest_documents() {
    let digest = Digest::sha256(b"content");
    let annotations = |count: usize| -> serde_json::Map<String, serde_json::Value> {
        (0..count)
            .map(|n| (format!("org.example.name{n}"), json!("value")))
            .collect()
    };
    let entry = json!({
        "mediaType": MediaType::IMAGE_MANIFEST, "digest": digest, "size": 1234,
        "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"},
        "annotations": annotations(5),
    });
    let index = json!({"schemaVersion": 2, "manifests": vec![entry; Limits::INDEX_ENTRIES]}).to_string();
    let layer = json!({
        "mediaType": MediaType::IMAGE_LAYER_GZIP, "digest": digest, "size": 1234, "annotations": annotations(25),
    });
    let config = json!({"mediaType": MediaType::IMAGE_CONFIG, "digest": digest, "size": 7});
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": vec![layer; Limits::LAYERS]}).to_string();
    for text in [&index, &manifest] {
        let share = text.len() * 100 / Limits::DOCUMENT_BYTES;
        assert!((85..=100).contains(&share), "{share} %");
    }
    assert!(Document::<ImageIndex>::parse(index.as_bytes(), MediaType::IMAGE_INDEX).is_ok());
    assert!(parse_manifest(&manifest).is_ok());

    let objects = vec![r#"{"":0}"#; Limits::VALUES / 2].join(",");
    let text = self::manifest()
        .to_string()
        .replacen('{', &format!(r#"{{"com.example":[{objects}],"#), 1);
    assert_eq!(refused_manifest(&text), (Kind::TooManyValues, None));
}

#[test]
fn c23_errors_show_no_control_characters() {
    let hostile = "\u{1b}]0;x\u{7}\r\n\u{202e}";
    let mut named = manifest();
    named["annotations"] = json!({ hostile: 1 });
    let mut typed = manifest();
    typed["layers"][0]["digest"] = json!(hostile);
    let mut declared = manifest();
    declared["mediaType"] = json!(hostile);
    let twice = format!(r#"{{{0}:1,{0}:2}}"#, json!(hostile));
    for text in [
        named.to_string(),
        typed.to_string(),
        declared.to_string(),
        twice,
        hostile.to_owned(),
    ] {
        let error = parse_manifest(&text).unwrap_err();
        for shown in [
            error.to_string(),
            error.path().unwrap_or_default().to_owned(),
            error.message().to_owned(),
        ] {
            assert!(
                !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{shown:?}"
            );
            assert!(shown.len() < 2048);
        }
    }
}
