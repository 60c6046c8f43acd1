use std::collections::HashSet;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use oci_client_core::client::Client;
use oci_client_core::store::{OciLayout, Source, Target};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Annotations, Descriptor, Reference, Tag, TagOrDigest};

use super::{DockerArchiveTarget, Location};
use crate::archive::{ArchiveWriter, DockerArchive, OciArchive};

impl Location {
    /// Opens the place to read from it. A reference without a tag or digest means `latest`.
    ///
    /// # Errors
    /// If a layout or archive cannot be opened, or has not one entry alone and none is named.
    pub async fn open(&self, client: &Client) -> Result<Origin, Error> {
        let runtime = client.runtime().clone();
        Ok(match self {
            Self::DockerArchive { path, target } => {
                let archive = DockerArchive::open(path, runtime).await?;
                let target = docker_target(path, &archive, target.as_ref())?;
                Origin::new(archive, target)
            }
            Self::Oci { path, target } => {
                let layout = OciLayout::open(path, runtime).await?;
                let target = match target {
                    Some(target) => target.clone(),
                    None => sole(path, &layout.entries().await?)?,
                };
                Origin::new(layout, target)
            }
            Self::OciArchive { path, target } => {
                let archive = OciArchive::open(path, runtime).await?;
                let target = match target {
                    Some(target) => target.clone(),
                    None => sole(path, archive.entries())?,
                };
                Origin::new(archive, target)
            }
            Self::Registry(reference) => {
                let named = reference.clone().or_latest().target();
                let target = named.unwrap_or_else(|| Tag::latest().into());
                Origin::new(client.repository(reference), target)
            }
        })
    }

    /// Opens the place to read all of it, whatever tag or digest is named.
    ///
    /// # Errors
    /// If a layout or archive cannot be opened.
    pub async fn open_all(&self, client: &Client) -> Result<Arc<dyn Source>, Error> {
        let runtime = client.runtime().clone();
        Ok(match self {
            Self::DockerArchive { path, .. } => Arc::new(DockerArchive::open(path, runtime).await?),
            Self::Oci { path, .. } => Arc::new(OciLayout::open(path, runtime).await?),
            Self::OciArchive { path, .. } => Arc::new(OciArchive::open(path, runtime).await?),
            Self::Registry(reference) => Arc::new(client.repository(reference)),
        })
    }

    /// Opens the place to write to it: a layout is created where there is none, an archive is begun.
    ///
    /// # Errors
    /// Of kind [`Invalid`](ErrorKind::Invalid) if it has a digest, as what is written has one of its own. If a layout or a file cannot be created.
    pub async fn create(&self, client: &Client) -> Result<Destination, Error> {
        let runtime = client.runtime().clone();
        Ok(match self {
            Self::DockerArchive { path, target } => {
                let (name, tag) = match target {
                    None => (None, None),
                    Some(DockerArchiveTarget::Name(name)) => {
                        let name = name.clone().or_latest();
                        (Some(name.clone()), tag_of(name.target())?)
                    }
                    Some(DockerArchiveTarget::TagOrDigest(target)) => (None, tag_of(Some(target.clone()))?),
                };
                let writer = ArchiveWriter::docker(path, name.as_ref(), runtime).await?;
                Destination::new(Opened::Archive(writer), tag)
            }
            Self::Oci { path, target } => {
                let tag = tag_of(target.clone())?;
                Destination::new(Opened::Other(Box::new(OciLayout::create(path, runtime).await?)), tag)
            }
            Self::OciArchive { path, target } => {
                let tag = tag_of(target.clone())?;
                Destination::new(Opened::Archive(ArchiveWriter::oci(path, runtime).await?), tag)
            }
            Self::Registry(reference) => {
                let tag = tag_of(reference.target())?;
                Destination::new(Opened::Other(Box::new(client.repository(reference))), tag)
            }
        })
    }

    /// The reference, if the place is a registry.
    pub const fn registry(&self) -> Option<&Reference> {
        match self {
            Self::Registry(reference) => Some(reference),
            _ => None,
        }
    }
}

/// A [`Location`] that is open for reading.
#[derive(Clone)]
pub struct Origin {
    source: Arc<dyn Source>,
    target: TagOrDigest,
}

impl Origin {
    fn new(source: impl Source + 'static, target: TagOrDigest) -> Self {
        Self {
            source: Arc::new(source),
            target,
        }
    }

    /// What holds it.
    pub fn source(&self) -> &dyn Source {
        &*self.source
    }

    /// What holds it, to be kept, and what of it is meant.
    pub fn into_parts(self) -> (Arc<dyn Source>, TagOrDigest) {
        (self.source, self.target)
    }

    /// What of it is meant.
    pub const fn target(&self) -> &TagOrDigest {
        &self.target
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Origin")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

/// A [`Location`] that is open for writing. What is an archive is there once [`finish`](Self::finish) has returned.
pub struct Destination {
    opened: Opened,
    tag: Option<Tag>,
}

impl Destination {
    const fn new(opened: Opened, tag: Option<Tag>) -> Self {
        Self { opened, tag }
    }

    /// What takes it.
    pub fn target(&self) -> &dyn Target {
        match &self.opened {
            Opened::Archive(writer) => writer,
            Opened::Other(target) => &**target,
        }
    }

    /// The tag that it is to get.
    pub const fn tag(&self) -> Option<&Tag> {
        self.tag.as_ref()
    }

    /// Ends the writing: an archive gets its name.
    ///
    /// # Errors
    /// As [`ArchiveWriter::finish`].
    ///
    /// # Cancellation
    /// As [`ArchiveWriter::finish`].
    pub async fn finish(self) -> Result<(), Error> {
        match self.opened {
            Opened::Archive(writer) => writer.finish().await,
            Opened::Other(_) => Ok(()),
        }
    }
}

impl fmt::Debug for Destination {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Destination")
            .field("tag", &self.tag)
            .finish_non_exhaustive()
    }
}

enum Opened {
    Archive(ArchiveWriter),
    Other(Box<dyn Target>),
}

fn docker_target(
    path: &Path,
    archive: &DockerArchive,
    target: Option<&DockerArchiveTarget>,
) -> Result<TagOrDigest, Error> {
    let (kind, what) = match (target, archive.images()) {
        (Some(DockerArchiveTarget::TagOrDigest(target)), _) => return Ok(target.clone()),
        (Some(DockerArchiveTarget::Name(name)), _) => match archive.find(name) {
            Some(image) => return Ok(image.digest().clone().into()),
            None => (ErrorKind::NotFound, format!("no image {name}")),
        },
        (None, [image]) => return Ok(image.digest().clone().into()),
        (None, images) => (ErrorKind::Invalid, format!("{} images: name one", images.len())),
    };
    Err(Error::new(kind, format!("{} has {what}", path.display())))
}

/// The one entry with a name, or the one entry at all: what is about another one has no name, or is in a list that the fallback tag of that one names.
fn sole(path: &Path, entries: &[Descriptor]) -> Result<TagOrDigest, Error> {
    let lists: HashSet<Tag> = entries.iter().map(|entry| entry.digest.fallback_tag()).collect();
    let is_list = |name: &str| lists.iter().any(|list| list.as_str() == name);
    let (mut named, mut all) = (Vec::new(), Vec::new());
    for entry in entries {
        match entry.annotations.get(Annotations::REF_NAME) {
            Some(name) if is_list(name) => continue,
            Some(_) => named.push(&entry.digest),
            None => {}
        }
        all.push(&entry.digest);
    }
    let mut digests = match named.is_empty() {
        true => all,
        false => named,
    };
    digests.sort();
    digests.dedup();
    match digests.as_slice() {
        [digest] => Ok((*digest).clone().into()),
        digests => {
            let (path, count) = (path.display(), digests.len());
            let message = format!("{path} has {count} entries: name one by `:TAG` or `@DIGEST`");
            Err(Error::new(ErrorKind::Invalid, message))
        }
    }
}

fn tag_of(target: Option<TagOrDigest>) -> Result<Option<Tag>, Error> {
    match target {
        None => Ok(None),
        Some(TagOrDigest::Tag(tag)) => Ok(Some(tag)),
        Some(TagOrDigest::Digest(_)) => Err(Error::new(
            ErrorKind::Invalid,
            "what is written has a digest of its own; leave the digest out of the destination",
        )),
    }
}
