//! The parsers of the spec types: whatever is read can be written and read again as the same; whatever is refused is refused in printable words.

use std::error::Error;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use oci_spec_types::validate::{DocumentKind, Severity, Validate, validate_bytes};
use oci_spec_types::{
    AnyManifest, Digest, Document, DocumentType, ImageConfig, ImageIndex, ImageManifest, Limits, MediaType,
    ParseErrorKind, Reference, RegistryHost,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// A digest is shown as it was written, and its algorithm either computes it or is never said to have verified it.
pub fn digest(data: &[u8]) {
    let Some(digest) = text_law::<Digest>(data) else {
        return;
    };
    let text = digest.to_string();
    assert_eq!(text.as_bytes(), data);
    assert_eq!(text, format!("{}:{}", digest.algorithm(), digest.encoded_string()));
    assert_eq!(digest.is_verifiable(), digest.hasher().is_ok());
    assert!(digest.is_verifiable() || digest.verify(data).is_err());
}

/// A reference leads to one URL path, below one host, and the familiar form is one of the strict form's.
pub fn reference(data: &[u8]) {
    if let Some(reference) = text_law::<Reference>(data) {
        reference_law(&reference);
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Reference::familiar(text) {
        Ok(reference) => {
            reference_law(&reference);
            assert_eq!(reference.to_string().parse::<Reference>().as_ref(), Ok(&reference));
            assert_eq!(Reference::familiar(&reference.to_string()).as_ref(), Ok(&reference));
        }
        Err(error) => printable(&error),
    }
}

/// A media type is shown as it was written; a header's parameters are left out and nothing else.
pub fn media_type(data: &[u8]) {
    if let Some(media_type) = text_law::<MediaType>(data) {
        assert_eq!(media_type.as_str().as_bytes(), data);
        assert_eq!(
            MediaType::parse_content_type(media_type.as_str()).as_ref(),
            Ok(&media_type)
        );
    }
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match MediaType::parse_content_type(text) {
        Ok(media_type) => {
            assert!(text.contains(media_type.as_str()));
            assert_eq!(media_type.as_str().parse().as_ref(), Ok(&media_type));
        }
        Err(error) => printable(&error),
    }
}

/// An image manifest; see [`document_law`].
pub fn manifest(data: &[u8]) {
    document_law::<ImageManifest>(data, &MediaType::IMAGE_MANIFEST, DocumentKind::Manifest);
}

/// An image index; see [`document_law`].
pub fn index(data: &[u8]) {
    document_law::<ImageIndex>(data, &MediaType::IMAGE_INDEX, DocumentKind::Index);
}

/// An image configuration; see [`document_law`].
pub fn config(data: &[u8]) {
    document_law::<ImageConfig>(data, &MediaType::IMAGE_CONFIG, DocumentKind::Config);
}

/// A document keeps its bytes; its value can be written and read again as the same, always as the same bytes; what the parser refuses, the validator does not
/// call valid.
fn document_law<T>(data: &[u8], media_type: &MediaType, kind: DocumentKind)
where
    T: Clone + Debug + DocumentType + PartialEq + Validate,
{
    let findings = validate_bytes(kind, data);
    assert!(
        findings
            .iter()
            .all(|finding| is_printable(finding.message()) && is_printable(finding.path()))
    );
    if let Err(error) = Document::<AnyManifest>::parse_declared(data, &Limits::new()) {
        printable(&error);
    }
    let document = match Document::<T>::parse(data, media_type.clone()) {
        Ok(document) => document,
        Err(error) => {
            printable(&error);
            let invalid = findings.iter().any(|finding| finding.severity() == Severity::Error);
            assert!(
                invalid || error.kind() == ParseErrorKind::MediaTypeMismatch,
                "only the parser refuses: {error}"
            );
            return;
        }
    };
    assert_eq!((document.bytes(), document.digest()), (data, &Digest::sha256(data)));
    assert!(document.descriptor().verify(data).is_ok());
    let written = Document::from_value(document.value().clone()).expect("what was read can be written");
    assert_eq!(written.value(), document.value());
    let again = Document::from_value(written.value().clone()).expect("what was written can be written");
    assert_eq!(again.bytes(), written.bytes());
}

/// Nothing of a reference can leave its place in a URL.
fn reference_law(reference: &Reference) {
    let (host, repository) = (reference.host(), reference.repository());
    assert!(format!("{host}/{repository}").len() <= 255, "{reference}");
    assert_eq!(host.as_str().parse::<RegistryHost>().as_ref(), Ok(host));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte);
    assert!(
        host.as_str().bytes().all(|byte| plain(byte) || b":[]".contains(&byte)),
        "{host}"
    );
    for part in repository.as_str().split('/') {
        assert!(part.bytes().all(|byte| plain(byte) || byte == b'_'), "{repository}");
        assert!(!matches!(part, "" | "." | ".."), "{repository}");
    }
}

/// Text that is read is written as text that is read as the same, in JSON too.
fn text_law<T>(data: &[u8]) -> Option<T>
where
    T: Debug + DeserializeOwned + Display + FromStr<Err: Error> + PartialEq + Serialize + TryFrom<String>,
{
    let text = std::str::from_utf8(data).ok()?;
    match text.parse::<T>() {
        Ok(value) => {
            let shown = value.to_string();
            assert!(shown.parse::<T>().is_ok_and(|again| again == value), "{shown}");
            let json = serde_json::to_string(&value).expect("text can be written as JSON");
            assert!(
                serde_json::from_str::<T>(&json).is_ok_and(|again| again == value),
                "{json}"
            );
            assert!(T::try_from(shown).is_ok_and(|again| again == value));
            Some(value)
        }
        Err(error) => {
            printable(&error);
            None
        }
    }
}

fn printable(error: &dyn Error) {
    let text = error.to_string();
    assert!(is_printable(&text), "{text:?}");
}

fn is_printable(text: &str) -> bool {
    !text
        .chars()
        .any(|character| character.is_control() || "\u{202e}\u{2066}\u{200f}".contains(character))
}
