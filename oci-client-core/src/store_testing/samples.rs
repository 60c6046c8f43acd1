//! What the checks write, and how they read it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Tag, TagOrDigest};

use crate::client::Content;
use crate::proto::Span;
use crate::store::{Source, Stored, Target};
use crate::{Error, ErrorKind};

/// `length` bytes that depend on `seed` and do not repeat soon.
pub(super) fn noise(seed: u64, length: usize) -> Bytes {
    let mut state = seed.wrapping_mul(2).wrapping_add(1);
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

pub(super) fn blob(content: &[u8]) -> Descriptor {
    Descriptor::of(MediaType::IMAGE_LAYER, content)
}

/// An image of a configuration and a layer, as a document with spaces that nobody else would write, and its blobs.
pub(super) struct Sample {
    pub(super) blobs: [(Descriptor, Bytes); 2],
    pub(super) document: Document<AnyManifest>,
}

impl Sample {
    pub(super) fn new(seed: u64) -> Result<Self, String> {
        Self::about(seed, None)
    }

    /// An artifact about `subject`.
    pub(super) fn about(seed: u64, subject: Option<Descriptor>) -> Result<Self, String> {
        let config = Bytes::from(format!(r#"{{"architecture":"amd64","os":"linux","author":"{seed}"}}"#));
        let layer = noise(seed, 100);
        let blobs = [
            (Descriptor::of(MediaType::IMAGE_CONFIG, &config), config),
            (blob(&layer), layer),
        ];
        let [(config, _), (layer, _)] = &blobs;
        let mut manifest = ImageManifest::new(config.clone(), vec![layer.clone()]);
        if subject.is_some() {
            manifest.artifact_type = Some(artifact_type()?);
            manifest.annotations.insert("org.example.seed", seed.to_string());
        }
        manifest.subject = subject;
        let document = Document::from_value(AnyManifest::Image(manifest)).map_err(text)?;
        let spaced = [b"{ \n", document.bytes().get(1..).unwrap_or_default(), b" \n"].concat();
        Ok(Self {
            blobs,
            document: Document::parse(spaced, MediaType::IMAGE_MANIFEST).map_err(text)?,
        })
    }

    pub(super) async fn put(&self, target: &dyn Target, tag: Option<&Tag>) -> Result<(), String> {
        self.put_blobs(target).await?;
        let put = target.put_root(&self.document, tag).await;
        put.map_err(|error| format!("a manifest cannot be written: {error}"))
    }

    pub(super) async fn put_blobs(&self, target: &dyn Target) -> Result<(), String> {
        for (descriptor, content) in &self.blobs {
            put(target, descriptor, content).await?;
        }
        Ok(())
    }

    /// Whether it can be read by its digest, and all of it is right.
    pub(super) async fn check(&self, source: &dyn Source) -> Result<(), String> {
        check_manifest(
            source,
            &TagOrDigest::Digest(self.document.digest().clone()),
            &self.document,
        )
        .await?;
        for (descriptor, content) in &self.blobs {
            check_blob(source, descriptor, content).await?;
        }
        Ok(())
    }
}

pub(super) fn artifact_type() -> Result<MediaType, String> {
    "application/vnd.example.checked".parse().map_err(text)
}

pub(super) fn tag(name: &str) -> Result<Tag, String> {
    name.parse().map_err(text)
}

pub(super) async fn put(target: &dyn Target, descriptor: &Descriptor, content: &Bytes) -> Result<Stored, String> {
    let put = target.put_blob(descriptor, Arc::new(content.clone())).await;
    put.map_err(|error| format!("a blob of {} bytes cannot be written: {error}", content.len()))
}

pub(super) async fn read(source: &dyn Source, descriptor: &Descriptor, span: Span) -> Result<Vec<u8>, Error> {
    let content: Arc<dyn Content> = source.blob(descriptor).await?;
    let pieces: Vec<Bytes> = content.open(span).await?.try_collect().await?;
    Ok(pieces.concat())
}

pub(super) async fn check_blob(source: &dyn Source, descriptor: &Descriptor, content: &[u8]) -> Result<(), String> {
    let there = source.check_blob(descriptor).await;
    there.map_err(|error| format!("a blob that was stored is said not to be there: {error}"))?;
    let size = descriptor.size;
    match read(source, descriptor, Span::from(0)).await {
        Ok(found) if found == content => Ok(()),
        Ok(found) => Err(format!("a blob of {size} bytes is read as {} other bytes", found.len())),
        Err(error) => Err(format!("a blob of {size} bytes cannot be read: {error}")),
    }
}

/// Whether a blob is known not to be there, at once or when it is read.
pub(super) async fn check_absent(source: &dyn Source, descriptor: &Descriptor) -> Result<(), String> {
    match source.check_blob(descriptor).await {
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(format!("the error should be of the kind NotFound: {error}")),
        Ok(()) => return Err("a blob that was never stored is said to be there".to_owned()),
    }
    match read(source, descriptor, Span::from(0)).await {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(format!("the error should be of the kind NotFound: {error}")),
        Ok(found) => Err(format!(
            "{} bytes are read of a blob that was never stored",
            found.len()
        )),
    }
}

pub(super) async fn check_manifest(
    source: &dyn Source,
    target: &TagOrDigest,
    expected: &Document<AnyManifest>,
) -> Result<(), String> {
    let found = source.manifest(target).await;
    let found = found.map_err(|error| format!("the manifest `{target}` cannot be read: {error}"))?;
    if found.bytes() != expected.bytes() {
        return Err(format!("the manifest `{target}` is read as other bytes"));
    }
    same(&format!("the digest of `{target}`"), found.digest(), expected.digest())?;
    same(
        &format!("the media type of `{target}`"),
        found.media_type(),
        expected.media_type(),
    )
}

pub(super) fn same<T: PartialEq + std::fmt::Debug>(what: &str, found: &T, expected: &T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{what} is {found:?} instead of {expected:?}")),
    }
}

/// `None` if the store leaves this out.
pub(super) fn optional<T>(what: &str, result: Result<T, Error>) -> Result<Option<T>, String> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(None),
        Err(error) => Err(format!("{what}: {error}")),
    }
}

pub(super) fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
