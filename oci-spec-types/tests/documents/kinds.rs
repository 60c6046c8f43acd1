//! What a document says that it is, and what its descriptor says.

use oci_spec_types::validate::{Severity, Validate};
use oci_spec_types::{
    AnyManifest, Descriptor, Document, ImageIndex, ImageManifest, LayoutHeader, Limits, MediaType,
    ParseErrorKind as Kind,
};
use serde_json::{Value, json};

use crate::support::{MANIFEST, at, index, manifest, parse_manifest, refused, refused_manifest};

#[test]
fn c10_manifest_and_index_at_once() {
    let (mut both, mut only_entries, mut with_config) = (manifest(), index(), index());
    both["manifests"] = json!([]);
    only_entries["layers"] = json!([]);
    with_config["config"] = Value::Null;
    for text in [both, only_entries, with_config].map(|document| document.to_string()) {
        assert_eq!(refused_manifest(&text).0, Kind::Ambiguous);
        assert_eq!(refused::<ImageIndex>(&text, MediaType::IMAGE_INDEX).0, Kind::Ambiguous);
        assert_eq!(
            refused::<AnyManifest>(&text, MediaType::DOCKER_MANIFEST).0,
            Kind::Ambiguous
        );
        assert_eq!(
            refused::<AnyManifest>(&text, MediaType::DOCKER_MANIFEST_LIST).0,
            Kind::Ambiguous
        );
    }
    // One as the other lacks what it needs.
    assert_eq!(
        refused_manifest(&index().to_string()),
        at(Kind::MissingField, "$.config")
    );
    let text = manifest()
        .to_string()
        .replace(MANIFEST, MediaType::IMAGE_INDEX.as_str());
    assert_eq!(
        refused::<ImageIndex>(&text, MediaType::IMAGE_INDEX),
        at(Kind::MissingField, "$.manifests")
    );
}

#[test]
fn c11_media_type_inside_and_outside() {
    let types = [
        MediaType::IMAGE_MANIFEST,
        MediaType::DOCKER_MANIFEST,
        MediaType::IMAGE_INDEX,
        MediaType::DOCKER_MANIFEST_LIST,
        MediaType::JSON,
        "text/html".parse().unwrap(),
    ];
    for inside in &types {
        for outside in &types {
            let mut document = if outside.is_index() { index() } else { manifest() };
            document["mediaType"] = json!(inside);
            let result = Document::<AnyManifest>::parse(document.to_string().as_bytes(), outside.clone());
            let kind = result
                .map(|document| document.media_type().clone())
                .map_err(|error| error.kind());
            let expected = match (outside.is_manifest(), inside == outside) {
                (false, _) => Err(Kind::UnsupportedMediaType),
                (true, false) => Err(Kind::MediaTypeMismatch),
                (true, true) => Ok(outside.clone()),
            };
            assert_eq!(kind, expected, "{inside} as {outside}");
        }
    }
    let mut upper = manifest();
    upper["mediaType"] = json!(MANIFEST.to_uppercase());
    assert!(parse_manifest(&upper.to_string()).is_ok());
    upper["mediaType"] = json!(format!("{MANIFEST}; charset=utf-8"));
    assert_eq!(
        refused_manifest(&upper.to_string()),
        at(Kind::InvalidMediaType, "$.mediaType")
    );
}

#[test]
fn c11_without_a_content_type_the_document_must_say_what_it_is() {
    let limits = Limits::new();
    let declared = |document: &Value| {
        Document::<AnyManifest>::parse_declared(document.to_string().as_bytes(), &limits)
            .map(|document| document.media_type().clone())
            .map_err(|error| error.kind())
    };
    assert_eq!(declared(&manifest()), Ok(MediaType::IMAGE_MANIFEST));
    assert_eq!(declared(&index()), Err(Kind::MissingField));
    let mut document = index();
    for (media_type, expected) in [
        (
            json!(MediaType::DOCKER_MANIFEST_LIST),
            Ok(MediaType::DOCKER_MANIFEST_LIST),
        ),
        (json!(MANIFEST), Err(Kind::MissingField)),
        (json!(MediaType::DOCKER_SCHEMA1), Err(Kind::UnsupportedMediaType)),
        (json!("text/html"), Err(Kind::UnsupportedMediaType)),
        (json!("nonsense"), Err(Kind::InvalidMediaType)),
        (json!(""), Err(Kind::MissingField)),
        (json!(null), Err(Kind::MissingField)),
        (json!(5), Err(Kind::WrongType)),
    ] {
        document["mediaType"] = media_type;
        assert_eq!(declared(&document), expected, "{document}");
    }
}

#[test]
fn c11_another_content_type_is_a_warning_where_the_digest_matches() {
    let text = manifest().to_string();
    let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, text.as_bytes());
    let document = Document::<ImageManifest>::parse_verified(text.as_bytes(), &descriptor, &Limits::new()).unwrap();
    assert_eq!(document.media_type_conflict(&MediaType::IMAGE_MANIFEST), None);
    let conflict = document.media_type_conflict(&MediaType::OCTET_STREAM).unwrap();
    assert_eq!(
        (conflict.expected(), conflict.received()),
        (&MediaType::IMAGE_MANIFEST, &MediaType::OCTET_STREAM)
    );
}

#[test]
fn c21_schema_versions() {
    for version in ["1", "3", "\"2\"", "2.0", "-2", "0", "[2]", "20000000000000000000000"] {
        let text = manifest()
            .to_string()
            .replace(r#""schemaVersion":2"#, &format!(r#""schemaVersion":{version}"#));
        assert_eq!(
            refused_manifest(&text),
            at(Kind::UnsupportedSchemaVersion, "$.schemaVersion"),
            "{version}"
        );
    }
    let mut document = manifest();
    document["schemaVersion"] = Value::Null;
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::MissingField, "$.schemaVersion")
    );
    let schema1 = r#"{"schemaVersion":1,"name":"x","tag":"y","architecture":"amd64","fsLayers":[],"history":[]}"#;
    assert_eq!(
        refused_manifest(schema1),
        at(Kind::UnsupportedSchemaVersion, "$.schemaVersion")
    );
    let error = Document::<AnyManifest>::parse(schema1.as_bytes(), MediaType::DOCKER_SCHEMA1_SIGNED).unwrap_err();
    assert_eq!(error.kind(), Kind::UnsupportedMediaType);
    assert!(error.to_string().contains("schema 1 is obsolete"), "{error}");
}

#[test]
fn what_the_descriptor_does_not_name_is_not_read() {
    let text = manifest().to_string();
    let named = Descriptor::of(MediaType::IMAGE_MANIFEST, text.as_bytes());
    let read = |bytes: &[u8], descriptor: &Descriptor| {
        let result = Document::<ImageManifest>::parse_verified(bytes, descriptor, &Limits::new());
        result.map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(read(text.as_bytes(), &named), Ok(()));
    assert_eq!(read(text.replace("linux", "Linux").as_bytes(), &named), Ok(()));
    assert_eq!(
        read(text.replace('5', "6").as_bytes(), &named),
        Err(Kind::ContentMismatch)
    );
    assert_eq!(read(format!("{text} ").as_bytes(), &named), Err(Kind::ContentMismatch));
    assert_eq!(read(b"not JSON", &named), Err(Kind::ContentMismatch));
    let opaque = Descriptor::new(MediaType::IMAGE_MANIFEST, "sha384:00".parse().unwrap(), named.size);
    assert_eq!(read(text.as_bytes(), &opaque), Err(Kind::ContentMismatch));
    let blob = Descriptor::new(MediaType::OCTET_STREAM, named.digest, named.size);
    assert_eq!(read(text.as_bytes(), &blob), Err(Kind::UnsupportedMediaType));
}

#[test]
fn documents_of_any_type_become_documents_of_one() {
    let image: Document<AnyManifest> =
        Document::parse(manifest().to_string().as_bytes(), MediaType::IMAGE_MANIFEST).unwrap();
    assert_eq!(image.value().children().count(), 2);
    let image = Document::<ImageIndex>::try_from(image).unwrap_err();
    assert_eq!(
        Document::<ImageManifest>::try_from(image.clone()).unwrap().bytes(),
        image.bytes()
    );
    let index: Document<AnyManifest> = Document::parse(index().to_string().as_bytes(), MediaType::IMAGE_INDEX).unwrap();
    assert_eq!(index.value().children().count(), 1);
    let index = Document::<ImageManifest>::try_from(index).unwrap_err();
    assert_eq!(
        Document::<ImageIndex>::try_from(index.clone()).unwrap().digest(),
        index.digest()
    );
}

#[test]
fn layout_headers() {
    let read = |text: &str| Document::<LayoutHeader>::parse(text.as_bytes(), MediaType::LAYOUT_HEADER);
    assert!(
        read(r#"{"imageLayoutVersion":"1.0.0","more":1}"#)
            .unwrap()
            .value()
            .is_supported()
    );
    let newer = read(r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert!(!newer.value().is_supported());
    assert_eq!(newer.findings()[0].severity(), Severity::Error);
    assert_eq!(read("{}").unwrap_err().kind(), Kind::MissingField);
    assert_eq!(read("[]").unwrap_err().kind(), Kind::WrongType);
}
