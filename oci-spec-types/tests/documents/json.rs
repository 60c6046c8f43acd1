//! Names, nulls and bytes that readers of JSON take differently.

use oci_spec_types::{Digest, Document, ImageManifest, MediaType, ParseErrorKind as Kind};
use serde_json::{Value, json};

use crate::support::{at, descriptor_of, manifest, parse_manifest, refused_manifest};

#[test]
fn c12_duplicate_names() {
    let text = manifest().to_string();
    for (name, path) in [
        (r#""layers":[]"#, "$.layers"),
        (r#""config":{}"#, "$.config"),
        (r#""mediaType":"x/y""#, "$.mediaType"),
        (r#""\u006cayers":[]"#, "$.layers"),
        (r#""annotations":{"a":"","a":""}"#, "$.annotations.a"),
        (r#""unknown":[{"a":{"b":0,"b":0}}]"#, "$.unknown[0].a.b"),
    ] {
        let text = text.replacen('{', &format!("{{{name},"), 1);
        assert_eq!(refused_manifest(&text), at(Kind::DuplicateName, path), "{name}");
    }
    let text = text.replace(r#""size":5"#, r#""size":5,"digest":"x""#);
    assert_eq!(refused_manifest(&text), at(Kind::DuplicateName, "$.layers[0].digest"));
    let plain = serde_json::from_str::<ImageManifest>(&text.replace("\"digest\":\"x\"", "\"size\":6"));
    assert!(plain.unwrap_err().to_string().contains("duplicate"));
}

#[test]
fn c13_names_that_differ_in_case() {
    let mut upper = manifest();
    upper["LAYERS"] = json!([descriptor_of("a/b", b"another")]);
    assert_eq!(refused_manifest(&upper.to_string()), at(Kind::FoldedName, "$.LAYERS"));
    let mut inside = manifest();
    inside["layers"][0]["Digest"] = json!("x");
    assert_eq!(
        refused_manifest(&inside.to_string()),
        at(Kind::FoldedName, "$.layers[0].Digest")
    );
    let mut kelvin = manifest();
    kelvin["layer\u{17f}"] = json!([]);
    assert_eq!(
        refused_manifest(&kelvin.to_string()),
        at(Kind::FoldedName, r#"$["layerſ"]"#)
    );
    let mut unrelated = manifest();
    unrelated["annotations"] = json!({"com.example.A": "", "com.example.a": ""});
    unrelated["x"] = json!({"LAYERS": 1});
    assert!(parse_manifest(&unrelated.to_string()).is_ok());
}

#[test]
fn c14_bytes_around_and_inside() {
    let text = manifest().to_string();
    for (bytes, kind) in [
        (format!("{text} x"), Kind::TrailingData),
        (format!("{text}{text}"), Kind::TrailingData),
        (format!("\u{feff}{text}"), Kind::ByteOrderMark),
        (text.replace("5}", "NaN}"), Kind::Syntax),
        (text.replacen('{', "{/* no */", 1), Kind::Syntax),
        (text.replacen('{', "{\"x\":\"\\ud800\",", 1), Kind::LoneSurrogate),
        (text.replacen('{', "{\"x\":\"\u{0}\",", 1), Kind::Syntax),
    ] {
        assert_eq!(refused_manifest(&bytes).0, kind, "{bytes}");
    }
    let mut bytes = text.clone().into_bytes();
    bytes.splice(1..1, *b"\"x\":\"\xc3\x28\",");
    let error = Document::<ImageManifest>::parse(bytes, MediaType::IMAGE_MANIFEST).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::NotUtf8, Some(6)));

    let spaced = format!("\n\t {text}\r\n ");
    let document = parse_manifest(&spaced).unwrap();
    assert_eq!(document.bytes(), spaced.as_bytes());
    assert_eq!(document.digest(), &Digest::sha256(spaced.as_bytes()));
}

#[test]
fn c14_null_and_missing_fields() {
    let mut document = manifest();
    for name in ["mediaType", "artifactType", "subject", "annotations"] {
        document[name] = Value::Null;
    }
    for name in ["urls", "annotations", "data", "artifactType", "platform"] {
        document["layers"][0][name] = Value::Null;
    }
    let nulls = parse_manifest(&document.to_string()).unwrap();
    assert_eq!(nulls.value().media_type, None);
    assert_eq!(nulls.value().layers[0].data, None);
    let written = Document::from_value(nulls.into_value()).unwrap();
    assert!(!String::from_utf8_lossy(written.bytes()).contains("null"));

    document["layers"] = Value::Null;
    assert_eq!(parse_manifest(&document.to_string()).unwrap().value().layers, []);
    document["layers"] = json!([]);
    assert_eq!(parse_manifest(&document.to_string()).unwrap().value().layers, []);
    document.as_object_mut().unwrap().remove("layers");
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::MissingField, "$.layers")
    );
}
