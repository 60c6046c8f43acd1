use std::fmt::Debug;

use proptest::{prelude::*, sample::select};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::*;
use crate::{ImageConfig, LayoutHeader};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn one_pass_refuses_what_two_passes_refuse(edits in prop::collection::vec(edit(), 0..4), which in 0..4_usize) {
        let text = edited(which, edits).to_string();
        agree_on_all(&text);
    }

    #[test]
    fn one_pass_refuses_what_two_passes_refuse_of_broken_text(
        edits in prop::collection::vec(edit(), 0..2),
        which in 0..4_usize,
        at in any::<prop::sample::Index>(),
        cut in 0..3_usize,
        insert in select(vec!["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", "-", "\u{1}", "\\ud800", "null", " "]),
    ) {
        let text = edited(which, edits).to_string();
        let mut chars: Vec<char> = text.chars().collect();
        let at = at.index(chars.len());
        let end = (at + cut).min(chars.len());
        chars.splice(at..end, insert.chars());
        agree_on_all(&chars.into_iter().collect::<String>());
    }
}

/// Reads a text in one pass, and in two: the scan, then `serde_json`. They have to agree.
fn agree<T: Clone + Debug + DeserializeOwned + DocumentType + PartialEq>(text: &str, media_type: &MediaType) {
    let limits = Limits::new();
    let rules = Rules {
        limits: &limits,
        manifest: media_type.is_manifest(),
    };
    let one_pass = T::read(text, media_type, rules).ok();
    let two_passes = json::check(text, rules)
        .ok()
        .and_then(|()| serde_json::from_str(text).ok());
    assert_eq!(one_pass, two_passes, "{text}");
    match Document::<T>::parse(text.as_bytes(), media_type.clone()) {
        Ok(document) => {
            let again = Document::from_value(document.value().clone()).unwrap();
            assert_eq!(again.value(), document.value());
        }
        // Whatever is refused, it is said where.
        Err(error) => assert!(error.offset().is_some(), "{text}: {error}"),
    }
}

fn agree_on_all(text: &str) {
    agree::<ImageConfig>(text, &MediaType::IMAGE_CONFIG);
    agree::<ImageIndex>(text, &MediaType::IMAGE_INDEX);
    agree::<ImageManifest>(text, &MediaType::IMAGE_MANIFEST);
    agree::<LayoutHeader>(text, &MediaType::LAYOUT_HEADER);
}

fn edited(which: usize, edits: Vec<(&'static str, String, Value)>) -> Value {
    let mut document = bases().swap_remove(which);
    for (pointer, name, value) in edits {
        match document.pointer_mut(pointer) {
            Some(Value::Object(object)) => drop(object.insert(name, value)),
            Some(Value::Array(array)) => array.push(value),
            Some(other) => *other = value,
            None => {}
        }
    }
    document
}

fn edit() -> impl Strategy<Value = (&'static str, String, Value)> {
    let pointers = vec![
        "",
        "/config",
        "/layers",
        "/layers/0",
        "/layers/0/size",
        "/layers/0/digest",
        "/manifests",
        "/manifests/0",
        "/manifests/0/platform",
        "/annotations",
        "/subject",
        "/rootfs",
        "/rootfs/diff_ids",
        "/rootfs/diff_ids/0",
        "/history",
        "/history/0",
        "/config/Env",
        "/config/ExposedPorts",
        "/schemaVersion",
        "/mediaType",
        "/imageLayoutVersion",
    ];
    let mut names: Vec<&str> = [
        ImageConfig::NAMES,
        ImageIndex::NAMES,
        ImageManifest::NAMES,
        Descriptor::NAMES,
        crate::ExecutionConfig::NAMES,
        crate::Platform::NAMES,
    ]
    .concat();
    names.extend(["unknown", "LAYERS", "Size", "", "ſize", "a\"b", "\u{1f600}"]);
    (
        select(pointers),
        select(names).prop_map(str::to_owned),
        select(values()),
    )
}

fn values() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(0),
        json!(2),
        json!(-1),
        json!(-0.0),
        json!(1.5),
        json!(u64::MAX),
        json!(1e300),
        json!(""),
        json!("a/b"),
        json!("text \u{7f}\n\"\\/\u{1f600}"),
        json!(Digest::sha256(b"")),
        json!("sha256:00"),
        json!("x:y"),
        json!([]),
        json!([null]),
        json!(["a"]),
        json!([{}]),
        json!({}),
        json!({"a": "b"}),
        json!({"a": 1}),
        json!(Descriptor::empty()),
        json!([Descriptor::empty()]),
        json!({"os": "a", "architecture": "b"}),
        json!({"x": [[{"y": [null, 1.25]}]]}),
        json!("application/vnd.oci.image.index.v1+json"),
    ]
}

fn bases() -> Vec<Value> {
    vec![
        json!({"schemaVersion": 2, "config": Descriptor::empty(), "layers": [Descriptor::empty()], "annotations": {}}),
        json!({
            "schemaVersion": 2,
            "manifests": [{"mediaType": "a/b", "size": 1, "digest": "x:y", "platform": {"os": "linux", "architecture": "arm"}}],
            "subject": Descriptor::empty(),
        }),
        json!({
            "architecture": "arm", "os": "linux", "config": {"Env": ["A=b"], "ExposedPorts": {"80": {}}},
            "rootfs": {"type": "layers", "diff_ids": ["x:y"]}, "history": [{"created": null}],
        }),
        json!({"imageLayoutVersion": "1.0.0"}),
    ]
}
