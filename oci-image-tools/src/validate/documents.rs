//! Manifests and indexes, and what they say of each other.

use std::collections::HashMap;

use oci_client_core::store::{CopyOptions, Source};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::validate::{Finding, Validate};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageIndex, MediaType, Platform, TagOrDigest};

use super::blobs::Blobs;
use super::image;
use super::report::{Defect, Findings, ImageFinding, ImageReport, Place};

/// Goes through a manifest, or an index with all that is below: as deep as indexes may be nested, that many documents are in memory.
pub(super) struct Documents<'a> {
    blobs: Blobs<'a>,
    findings: Findings,
    /// What was found under each digest; nothing where it could not be read.
    known: HashMap<Digest, Option<Known>>,
    open: Vec<Open>,
    source: &'a dyn Source,
}

/// An index, and the next of its entries to look at.
struct Open {
    digest: Digest,
    index: ImageIndex,
    next: usize,
}

/// What an index says of a manifest, as the manifest itself has it.
struct Known {
    media_type: MediaType,
    platform: Option<Platform>,
    size: u64,
}

impl<'a> Documents<'a> {
    pub(super) fn new(source: &'a dyn Source, blobs: Blobs<'a>) -> Self {
        Self {
            blobs,
            findings: Findings::default(),
            known: HashMap::new(),
            open: Vec::new(),
            source,
        }
    }

    pub(super) async fn walk(mut self, root: Document<AnyManifest>) -> Self {
        let digest = root.digest().clone();
        let known = self.document(root).await;
        self.known.insert(digest, Some(known));
        while let Some(open) = self.open.last_mut() {
            let Some(entry) = open.index.manifests.get(open.next).cloned() else {
                self.open.pop();
                continue;
            };
            let place = Place::new(&open.digest, format!("$.manifests[{}]", open.next));
            open.next = open.next.saturating_add(1);
            self.entry(&entry, &place).await;
        }
        self
    }

    pub(super) fn into_report(self, root: Digest) -> ImageReport {
        let manifests = self.known.values().flatten().count();
        ImageReport::new(root, self.findings, manifests, self.blobs.count())
    }

    async fn entry(&mut self, entry: &Descriptor, place: &Place) {
        if !self.known.contains_key(&entry.digest) {
            let Some(known) = self.find(entry, place).await else {
                return;
            };
            self.known.insert(entry.digest.clone(), known);
        }
        // What is missing is missing wherever it is listed; the first place says why.
        if let Some(Some(known)) = self.known.get(&entry.digest) {
            known.compare(entry, place, &mut self.findings);
        }
    }

    /// Fetches what an entry names, unless there are too many.
    async fn find(&mut self, entry: &Descriptor, place: &Place) -> Option<Option<Known>> {
        let over = if self.open.len() > CopyOptions::MAX_DEPTH {
            format!("indexes are nested more than {} deep", CopyOptions::MAX_DEPTH)
        } else if self.known.len() >= CopyOptions::MAX_MANIFESTS {
            format!("there are more than {} manifests", CopyOptions::MAX_MANIFESTS)
        } else {
            let target = TagOrDigest::Digest(entry.digest.clone());
            return Some(match self.source.manifest(&target).await {
                Ok(document) => Some(self.document(document).await),
                Err(error) => {
                    self.findings.error(defect(&error), place, error.to_string());
                    None
                }
            });
        };
        self.findings.error(Defect::Limit, place, over);
        None
    }

    async fn document(&mut self, document: Document<AnyManifest>) -> Known {
        let (media_type, size) = (document.media_type().clone(), document.bytes().len() as u64);
        let digest = document.digest().clone();
        add_document(&mut self.findings, &digest, document.findings(), media_type.is_docker());
        let platform = match document.into_value() {
            AnyManifest::Image(manifest) => {
                image::check(self.source, &digest, &manifest, &mut self.blobs, &mut self.findings).await
            }
            AnyManifest::Index(index) => {
                let next = 0;
                self.open.push(Open { digest, index, next });
                None
            }
        };
        Known {
            media_type,
            platform,
            size,
        }
    }
}

impl Known {
    /// Holds an entry of an index against what it lists.
    fn compare(&self, entry: &Descriptor, place: &Place, findings: &mut Findings) {
        if entry.size != self.size {
            let message = format!("the index says {} bytes, the manifest has {}", entry.size, self.size);
            findings.error(Defect::Size, place, message);
        }
        if entry.media_type != self.media_type {
            let message = format!("the index says {}, the manifest {}", entry.media_type, self.media_type);
            findings.error(Defect::MediaType, place, message);
        }
        if let (Some(said), Some(found)) = (&entry.platform, &self.platform)
            && !is_same(said, found)
        {
            let message = format!("the index says {said}, the image's configuration {found}");
            findings.error(Defect::Platform, place, message);
        }
    }
}

/// Reports what the specification has against a document. It knows only OCI's own types for manifests, and Docker's are used as well.
pub(super) fn add_document(findings: &mut Findings, document: &Digest, found: Vec<Finding>, is_docker: bool) {
    for finding in found {
        if is_docker && finding.path() == "$.mediaType" {
            continue;
        }
        let place = Place::new(document, finding.path());
        let text = format!("{} [{}]", finding.message(), finding.section());
        findings.add(ImageFinding::new(Defect::Document, &place, text).with_severity(finding.severity()));
    }
}

/// What it means that a document cannot be had.
pub(super) fn defect(error: &Error) -> Defect {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::Protocol | ErrorKind::Unsupported => Defect::Document,
        _ => Defect::of(error),
    }
}

/// Whether both mean the same. Variant and version of the system count where both are told.
fn is_same(said: &Platform, found: &Platform) -> bool {
    let versions = said.os_version.is_none() || found.os_version.is_none() || said.os_version == found.os_version;
    let variants = said.variant.is_none() || found.variant.is_none();
    let (said, found) = (said.clone().normalized(), found.clone().normalized());
    said.os == found.os
        && said.architecture == found.architecture
        && (variants || said.variant == found.variant)
        && versions
}
