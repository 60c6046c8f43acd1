//! Signatures, SBOMs and other artifacts about a manifest: attached through its `subject`, and found again.

use oci_client_core::client::{RecordedReferrer, Repository};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, Tag, TagOrDigest};

use crate::classify::{ArtifactKind, classify};
use crate::pack::Pack;
use crate::transfer;

/// Attaches an artifact to what `subject` stands for: its blobs go up, then its manifest, under its digest. Says what the artifact became, and how the registry came to list it.
///
/// # Errors
/// Of kind [`NotFound`](ErrorKind::NotFound) if the subject is not there, else as [`Repository::push_manifest`].
///
/// # Cancellation
/// As [`Repository::push_manifest`].
pub async fn attach(repository: &Repository, subject: &TagOrDigest, artifact: Pack) -> Result<Attached, Error> {
    let found = repository.resolve(subject).await?;
    let subject = found.ok_or_else(|| {
        let (host, name) = (repository.host(), repository.name());
        Error::new(
            ErrorKind::NotFound,
            format!("there is no {subject} in {host}/{name} to attach to"),
        )
    })?;
    let artifact = artifact.with_subject(Descriptor::new(subject.media_type, subject.digest, subject.size));
    let document = artifact.document()?;
    artifact.push_blobs(repository).await?;
    let target = TagOrDigest::Digest(document.digest().clone());
    let stored = repository.push_manifest(&target, &document).await?;
    Ok(Attached::new(document, stored.referrer))
}

/// The artifacts that refer to the manifest `subject`, of this artifact type if one is given: each manifest is fetched, verified, and does refer to the subject.
///
/// What is listed and no longer there is left out.
///
/// # Errors
/// If the registry cannot be asked, or lists what does not refer to the subject: see [`Repository::referrer`].
pub async fn attached(
    repository: &Repository,
    subject: &Digest,
    artifact_type: Option<&MediaType>,
) -> Result<Vec<Attached>, Error> {
    let mut referrers = repository.referrers(subject);
    if let Some(artifact_type) = artifact_type {
        referrers = referrers.artifact_type(artifact_type.clone());
    }
    let mut found = Vec::new();
    while let Some(page) = referrers.page().await? {
        for listed in page {
            match repository.referrer(subject, &listed).await {
                Ok(document) => found.push(Attached::new(document, None)),
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}

/// What cosign keeps of the manifest `subject` under tags of its own: signatures, attestations and an SBOM, of those that there are. Three requests.
///
/// These manifests have no `subject`: that they are about it is said by the tag alone, until a signature in them is verified.
///
/// # Errors
/// If the registry cannot be asked.
pub async fn attached_by_tag(repository: &Repository, subject: &Digest) -> Result<Vec<Attached>, Error> {
    let mut found = Vec::new();
    for suffix in ["att", "sbom", "sig"] {
        let text = format!("{}-{}.{suffix}", subject.algorithm(), subject.encoded_string());
        // The text of a longer digest is no tag, and cosign has none for it either.
        let Ok(tag) = text.parse::<Tag>() else { continue };
        match repository.manifest(&tag.into()).await {
            Ok(document) => found.push(Attached::new(document, None)),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// An artifact about a manifest.
#[derive(Clone, Debug)]
pub struct Attached {
    document: Document<AnyManifest>,
    recorded: Option<RecordedReferrer>,
}

impl Attached {
    const fn new(document: Document<AnyManifest>, recorded: Option<RecordedReferrer>) -> Self {
        Self { document, recorded }
    }

    /// Its manifest.
    #[must_use]
    pub const fn document(&self) -> &Document<AnyManifest> {
        &self.document
    }

    /// What it calls itself. It has proved nothing by that.
    #[must_use]
    pub fn kind(&self) -> ArtifactKind {
        classify(self.document.value())
    }

    /// Its layers: the signature, the SBOM. Of an index there are none.
    #[must_use]
    pub fn layers(&self) -> &[Descriptor] {
        self.document
            .value()
            .as_image()
            .map_or(&[], |manifest| manifest.layers.as_slice())
    }

    /// How it came to be listed, of one that was just attached.
    #[must_use]
    pub const fn recorded(&self) -> Option<&RecordedReferrer> {
        self.recorded.as_ref()
    }

    /// The content of a layer, verified, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// Of kind [`TooLarge`](ErrorKind::TooLarge) if it has more, before anything is read; else if it cannot be read.
    pub async fn read(&self, repository: &Repository, layer: &Descriptor, limit: u64) -> Result<bytes::Bytes, Error> {
        transfer::read(repository, layer, limit, "the layer").await
    }
}
