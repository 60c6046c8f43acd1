//! Documents on both sides of each rule, with the verdict that the prose of the image spec gives.
//!
//! Each row is a rule, a document that keeps it and one that breaks it; both are made from a valid document by one edit. What
//! keeps a rule has no finding; what breaks it has exactly those of the row. Where prose and JSON schema of the spec part, the
//! prose decides.
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tests, with tables"
)]

mod config;
mod descriptor;
mod index;
mod layout;
mod manifest;

use oci_spec_types::{
    Descriptor, Digest, ImageManifest, MediaType,
    validate::{DocumentKind, MAX_FINDINGS, Severity, Validate, validate_bytes},
};
use serde_json::{Value, json};

/// How a document differs from the valid one that it is made from.
enum Edit {
    Keep,
    /// The whole text.
    Raw(String),
    /// Removes what a JSON pointer points to.
    Remove(&'static str),
    /// Sets what a JSON pointer points to; the last step may be new.
    Set(&'static str, Value),
}

use Edit::{Keep, Raw, Remove, Set};

/// A rule, an edit that keeps it, an edit that breaks it, and what is then found: severity and path.
type Row = (&'static str, Edit, Edit, Vec<(Severity, &'static str)>);

fn error(path: &'static str) -> Vec<(Severity, &'static str)> {
    vec![(Severity::Error, path)]
}

fn warning(path: &'static str) -> Vec<(Severity, &'static str)> {
    vec![(Severity::Warning, path)]
}

impl Edit {
    fn apply(self, mut document: Value) -> String {
        let (pointer, value) = match self {
            Keep => return document.to_string(),
            Raw(text) => return text,
            Remove(pointer) => (pointer, None),
            Set(pointer, value) => (pointer, Some(value)),
        };
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let name = name.replace("~1", "/");
        match (document.pointer_mut(parent).unwrap(), value) {
            (Value::Object(object), Some(value)) => drop(object.insert(name, value)),
            (Value::Object(object), None) => drop(object.remove(&name).unwrap()),
            (Value::Array(array), Some(value)) => array[name.parse::<usize>().unwrap()] = value,
            other => panic!("{pointer}: {other:?}"),
        }
        document.to_string()
    }
}

fn found(kind: DocumentKind, text: &str) -> Vec<(Severity, String)> {
    let findings = validate_bytes(kind, text.as_bytes());
    assert!(
        findings
            .iter()
            .all(|finding| finding.section().starts_with("image-spec/"))
    );
    findings
        .iter()
        .map(|finding| (finding.severity(), finding.path().to_owned()))
        .collect()
}

fn run(kind: DocumentKind, valid: &Value, rows: Vec<Row>) -> usize {
    let count = rows.len();
    for (rule, keeps, breaks, expected) in rows {
        let text = keeps.apply(valid.clone());
        assert_eq!(found(kind, &text), [], "{kind}, {rule}: {text}");
        let text = breaks.apply(valid.clone());
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(severity, path)| (severity, path.to_owned()))
            .collect();
        assert_eq!(found(kind, &text), expected, "{kind}, {rule}: {text}");
    }
    2 * count
}

fn descriptor_of(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256(content).to_string(), "size": content.len()})
}

#[test]
fn every_rule_from_both_sides() {
    let documents = run(DocumentKind::Descriptor, &descriptor::valid(), descriptor::rows())
        + run(DocumentKind::Manifest, &manifest::valid(), manifest::rows())
        + run(DocumentKind::Index, &index::valid(), index::rows())
        + run(DocumentKind::Config, &config::valid(), config::rows())
        + run(DocumentKind::LayoutHeader, &layout::valid(), layout::rows());
    assert!(documents >= 200, "{documents}");
}

#[test]
fn bytes_that_are_no_document() {
    for kind in DocumentKind::ALL {
        for (bytes, message) in [
            (&b""[..], "not JSON: expected more, found the end, at byte 0"),
            (b"{", "not JSON: expected more, found the end, at byte 1"),
            (
                b"\xef\xbb\xbf{}",
                "the document starts with a byte order mark, which JSON does not allow, at byte 0",
            ),
            (b"{\"\xff\":1}", "the document is not UTF-8, at byte 2"),
            (b"{}{}", "more follows after the end of the document, at byte 2"),
            (b"[]", "the value must be an object, found a list"),
            (b"null", "the value must be an object, found null"),
        ] {
            let findings = validate_bytes(kind, bytes);
            assert_eq!(findings.len(), 1, "{kind} {bytes:?}: {findings:?}");
            assert_eq!((findings[0].path(), findings[0].message()), ("$", message));
        }
    }
}

#[test]
fn one_fault_hides_no_other() {
    let text = json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:00", "size": 1},
        "layers": [
            {"mediaType": "bad", "digest": 7, "size": -1, "urls": ["relative"], "data": "e30="},
            "not a descriptor",
            {"mediaType": "application/vnd.oci.image.layer.v1.tar", "digest": Digest::sha256(b"x").to_string(), "size": 1,
             "SIZE": 2, "data": "!"},
        ],
        "annotations": {"org.opencontainers.image.created": "yesterday", "com.example.number": 1},
    });
    let paths: Vec<String> = found(DocumentKind::Manifest, &text.to_string())
        .into_iter()
        .map(|(_, path)| path)
        .collect();
    assert_eq!(
        paths,
        [
            "$.config.digest",
            "$.layers[0].mediaType",
            "$.layers[0].digest",
            "$.layers[0].size",
            "$.layers[1]",
            "$.layers[2].SIZE",
            r#"$.annotations["com.example.number"]"#,
            "$.layers[0].urls[0]",
            "$.layers[2].data",
            r#"$.annotations["org.opencontainers.image.created"]"#,
        ]
    );
}

#[test]
fn findings_are_limited_in_number_and_quick_to_find() {
    let numbers = vec!["1"; 90_000].join(",");
    let text = format!(
        r#"{{"mediaType":"a/b","digest":"x:y","size":1,"urls":[{numbers}],"annotations":{{"a":[{numbers}]}}}}"#
    );
    let findings = validate_bytes(DocumentKind::Descriptor, text.as_bytes());
    let errors = findings.iter().filter(|finding| finding.severity() == Severity::Error);
    assert_eq!(errors.count(), MAX_FINDINGS + 1);
    let last = findings.last().unwrap();
    assert_eq!((last.severity(), last.path()), (Severity::Error, "$"));
    assert_eq!(last.message(), "more findings not shown");
}

#[test]
fn warnings_displace_no_error() {
    let layer =
        r#"{"mediaType":"a/b","digest":"x:y","size":1,"annotations":null,"artifactType":null,"urls":null,"data":null}"#;
    let layers = vec![layer; 4_000].join(",");
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{layer},"layers":[{layers}],"subject":{{"mediaType":"a/b","digest":"bad","size":1}}}}"#
    );
    let findings = validate_bytes(DocumentKind::Manifest, text.as_bytes());
    let (errors, warnings): (Vec<_>, Vec<_>) = findings
        .iter()
        .partition(|finding| finding.severity() == Severity::Error);
    assert_eq!(
        errors.iter().map(|error| error.path()).collect::<Vec<_>>(),
        ["$.subject.digest"]
    );
    assert_eq!(warnings.len(), MAX_FINDINGS + 1);
    assert_eq!(findings.last().unwrap().severity(), Severity::Warning);
    assert_eq!(findings.last().unwrap().message(), "more findings not shown");
}

#[test]
fn a_value_with_more_warnings_than_are_shown_is_not_valid_if_it_has_an_error() {
    let foreign = Descriptor::new("a/b".parse().unwrap(), "x:y".parse().unwrap(), 1);
    let mut manifest = ImageManifest::new(
        Descriptor::of(MediaType::IMAGE_CONFIG, b"{}"),
        vec![foreign; MAX_FINDINGS],
    );
    assert!(manifest.is_valid());
    let mut subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"{}");
    subject.size = 0;
    manifest.subject = Some(subject);
    assert!(!manifest.is_valid());
}
