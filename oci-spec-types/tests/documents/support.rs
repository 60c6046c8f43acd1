//! Documents to begin with, and how they are refused.

use oci_spec_types::{Digest, Document, DocumentType, ImageManifest, MediaType, ParseError, ParseErrorKind as Kind};
use serde_json::{Value, json};

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) fn descriptor_of(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256(content).to_string(), "size": content.len()})
}

pub(crate) fn manifest() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor_of("application/vnd.oci.image.config.v1+json", b"config"),
        "layers": [descriptor_of("application/vnd.oci.image.layer.v1.tar", b"layer")],
    })
}

pub(crate) fn index() -> Value {
    json!({"schemaVersion": 2, "manifests": [descriptor_of(MANIFEST, b"manifest")]})
}

pub(crate) fn parse_manifest(text: &str) -> Result<Document<ImageManifest>, ParseError> {
    Document::parse(text.as_bytes(), MediaType::IMAGE_MANIFEST)
}

pub(crate) fn refused<T: DocumentType + std::fmt::Debug>(text: &str, media_type: MediaType) -> (Kind, Option<String>) {
    let error = Document::<T>::parse(text.as_bytes(), media_type).unwrap_err();
    if let (Some(offset), Some(_)) = (error.offset(), error.path()) {
        assert!(offset < text.len(), "{error}");
    }
    (error.kind(), error.path().map(str::to_owned))
}

pub(crate) fn refused_manifest(text: &str) -> (Kind, Option<String>) {
    refused::<ImageManifest>(text, MediaType::IMAGE_MANIFEST)
}

pub(crate) fn at(kind: Kind, path: &str) -> (Kind, Option<String>) {
    (kind, Some(path.to_owned()))
}

/// The valid manifest with the size of its layer replaced by `size`.
pub(crate) fn with_size(size: &str) -> String {
    manifest()
        .to_string()
        .replace(r#""size":5"#, &format!(r#""size":{size}"#))
}
