//! What a manifest is called, by its server and by itself (C10, C11).

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Digest, Document};
use test_support::{Exchange, Reply, ScriptedTransport, SimRuntime};

use crate::support::{by_digest, impatient, manifest_path, target};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

const CONFIG: &str = r#"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;

/// What comes of a manifest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Outcome {
    Image,
    Index,
    Refused,
}
use Outcome::{Image, Index, Refused};

/// A row: what the document says that it is; what comes of it for each of `CONTENT_TYPES`, by tag and by digest.
type Row = (Option<&'static str>, [[Outcome; 2]; 8]);

const CONTENT_TYPES: [Option<&str>; 8] = [
    None,
    Some(MANIFEST),
    Some("Application/vnd.OCI.image.manifest.v1+JSON; charset=utf-8"),
    Some(INDEX),
    Some(DOCKER),
    Some("application/json"),
    Some("text/html"),
    Some("no media type"),
];

#[test]
fn cp3_c11_by_tag_the_types_must_agree_and_by_digest_the_document_decides() {
    let body = &format!(r#","config":{CONFIG},"layers":[]}}"#);
    let (same, other, unknown) = ([Image; 2], [Refused, Image], [Refused, Refused]);
    let rows: [Row; 3] = [
        (Some(MANIFEST), [same, same, same, other, other, same, other, unknown]),
        (Some(DOCKER), [same, other, other, other, same, same, other, unknown]),
        (None, [unknown, same, same, unknown, same, unknown, unknown, unknown]),
    ];
    check(&rows, body);
}

#[test]
fn c11_an_index_is_told_from_a_manifest_by_its_type() {
    let (same, other, unknown) = ([Index; 2], [Refused, Index], [Refused, Refused]);
    let rows: [Row; 2] = [
        (Some(INDEX), [same, other, other, same, other, same, other, unknown]),
        (
            None,
            [unknown, unknown, unknown, same, unknown, unknown, unknown, unknown],
        ),
    ];
    check(&rows, r#","manifests":[]}"#);
}

#[test]
fn cp3_c10_a_document_that_is_both_a_manifest_and_an_index_is_refused_under_any_name() {
    let body = &format!(r#","config":{CONFIG},"layers":[],"manifests":[]}}"#);
    let rows = [None, Some(MANIFEST), Some(INDEX), Some(DOCKER)].map(|declared| (declared, [[Refused; 2]; 8]));
    check(&rows, body);
}

#[test]
fn c11_what_is_refused_is_refused_with_both_types_named() {
    let body = format!(r#"{{"schemaVersion":2,"mediaType":"{DOCKER}","config":{CONFIG},"layers":[]}}"#);
    let error = get("v1", &body, Some(MANIFEST)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
    let text = error.to_string();
    assert!(text.contains(DOCKER) && text.contains(MANIFEST), "{text}");
}

fn check(rows: &[Row], rest: &str) {
    for (declared, outcomes) in rows {
        let declaration = declared.map_or_else(String::new, |name| format!(r#","mediaType":"{name}""#));
        let body = format!(r#"{{"schemaVersion":2{declaration}{rest}"#);
        let digest = by_digest(&Digest::sha256(body.as_bytes())).to_string();
        for (content_type, expected) in CONTENT_TYPES.iter().zip(outcomes) {
            let found = ["v1", &digest].map(|asked| outcome(get(asked, &body, *content_type)));
            assert_eq!(
                found, *expected,
                "document of type {declared:?}, sent as {content_type:?}"
            );
        }
    }
}

fn outcome(found: Result<Document<AnyManifest>, Error>) -> Outcome {
    match found {
        Ok(document) if document.value().as_image().is_some() => Image,
        Ok(_) => Index,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
            Refused
        }
    }
}

fn get(asked: &str, body: &str, content_type: Option<&str>) -> Result<Document<AnyManifest>, Error> {
    let runtime = SimRuntime::new();
    let mut reply = Reply::new(200).with_body(body.to_owned());
    if let Some(content_type) = content_type {
        reply = reply.with_header("content-type", content_type);
    }
    let server = ScriptedTransport::new(&runtime, [Exchange::get(manifest_path(&asked), reply)]);
    runtime.run(impatient(&runtime, server).manifest(&target(asked)))
}
