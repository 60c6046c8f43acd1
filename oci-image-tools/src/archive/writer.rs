use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::TryStreamExt;
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::{LayoutIndex, Stored, Target};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, LayoutHeader, Reference, Tag};

use self::docker::Images;
use self::output::Output;
use super::IMAGE_NAME;
use super::files::blob_name;

mod docker;
mod output;

/// Writes an archive: a [`Target`] that becomes a file by [`finish`](Self::finish).
///
/// What is stored goes into a file beside the one to be, which gets the name, in place of what had it, once it is whole. Dropping the writer removes it. Content is never held in memory; blobs are
/// written one at a time, as an archive has one end. Equal content in equal order gives equal bytes: entries have no times and no owners.
pub struct ArchiveWriter {
    /// Held while an entry is written, over several pieces.
    turn: futures_util::lock::Mutex<()>,
    docker: Option<Docker>,
    state: Arc<std::sync::Mutex<State>>,
    runtime: Arc<dyn Runtime>,
}

impl ArchiveWriter {
    /// Begins an OCI archive: a tar of an image layout.
    ///
    /// # Errors
    /// If no file can be created in the folder of `path`.
    pub async fn oci(path: impl AsRef<Path>, runtime: Arc<dyn Runtime>) -> Result<Self, Error> {
        Self::begin(path.as_ref(), None, runtime).await
    }

    /// Begins an archive that `docker load` reads: an image layout with a `manifest.json`, the form that Docker writes since version 25. Images keep their manifests and their compressed layers, and so their digests.
    ///
    /// Docker knows an image by its repository and tag. `repository` goes before the tag with which an image is stored; whatever else the reference has is left out. Without it images have
    /// no names for Docker.
    ///
    /// Roots have to be images, or artifacts about one: an index is refused, as such an archive has images of one platform.
    ///
    /// # Errors
    /// If no file can be created in the folder of `path`.
    pub async fn docker(
        path: impl AsRef<Path>,
        repository: Option<&Reference>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        let repository = repository.cloned().map(|name| name.without_tag().without_digest());
        Self::begin(path.as_ref(), Some(Docker { repository }), runtime).await
    }

    /// Writes what names the images, and gives the file its name.
    ///
    /// # Errors
    /// If it cannot be written. The file that had the name before is then as it was.
    ///
    /// # Cancellation
    /// The file is whole under its name, or not there.
    pub async fn finish(self) -> Result<(), Error> {
        let is_docker = self.docker.is_some();
        self.work(move |state| {
            let State {
                images, index, output, ..
            } = state;
            if is_docker {
                output.document("manifest.json", &images.manifest_json(index)?)?;
            }
            let bytes = index.to_bytes().map_err(|error| unusable().with_source(error))?;
            output.document(LayoutIndex::FILE_NAME, &bytes)?;
            output.finish()
        })
        .await
    }

    async fn begin(path: &Path, docker: Option<Docker>, runtime: Arc<dyn Runtime>) -> Result<Self, Error> {
        let path = path.to_owned();
        let begun = unblock(&*runtime, move || {
            let header = Document::from_value(LayoutHeader::default());
            let header = header.map_err(|error| unusable().with_source(error))?;
            let mut output = Output::create(path)?;
            output.document(LayoutHeader::FILE_NAME, header.bytes())?;
            Ok::<_, Error>(output)
        });
        let output = begun.await.map_err(std::io::Error::from)??;
        Ok(Self {
            turn: futures_util::lock::Mutex::new(()),
            docker,
            state: Arc::new(std::sync::Mutex::new(State {
                blobs: HashMap::new(),
                images: Images::default(),
                index: LayoutIndex::new(),
                output,
            })),
            runtime,
        })
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let state = self.state.clone();
        let done = unblock(&*self.runtime, move || {
            let mut state = state.lock().map_err(|_| unusable())?;
            work(&mut state)
        });
        done.await.map_err(std::io::Error::from)?
    }

    /// Writes the content of the entry that has been begun as number `entry`.
    async fn fill(&self, entry: u64, descriptor: &Descriptor, mut chunks: Chunks) -> Result<(), Error> {
        let mut verifier = descriptor.verifier()?;
        loop {
            let batch = gather(&mut chunks).await?;
            if batch.is_empty() {
                break;
            }
            verifier = self
                .work(move |state| {
                    for chunk in &batch {
                        verifier.update(chunk)?;
                        state.output.write(entry, chunk)?;
                    }
                    Ok(verifier)
                })
                .await?;
        }
        verifier.finish()?;
        Ok(())
    }

    async fn store_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        let document = document.clone();
        let _turn = self.turn.lock().await;
        self.work(move |state| {
            let digest = document.digest().clone();
            if !state.blobs.contains_key(&digest) {
                state.output.document(&blob_name(&digest), document.bytes())?;
                state.blobs.insert(digest, document.bytes().len() as u64);
            }
            Ok(())
        })
        .await
    }
}

impl fmt::Debug for ArchiveWriter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ArchiveWriter")
            .field("docker", &self.docker.is_some())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Target for ArchiveWriter {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let _turn = self.turn.lock().await;
        let (name, wanted) = (blob_name(&descriptor.digest), descriptor.clone());
        let begun = self.work(move |state| match state.blobs.get(&wanted.digest) {
            Some(size) if *size == wanted.size => Ok(None),
            Some(_) => wanted_other_size(&wanted),
            None => state.output.begin(&name, wanted.size).map(Some),
        });
        let Some(entry) = begun.await? else {
            return Ok(Stored::Present);
        };
        let chunks = content.open(Span::new(0, descriptor.size)).await?;
        self.fill(entry, descriptor, chunks).await?;
        let (digest, size) = (descriptor.digest.clone(), descriptor.size);
        self.work(move |state| {
            state.output.commit(entry)?;
            state.blobs.insert(digest, size);
            Ok(Stored::New)
        })
        .await
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.store_manifest(document).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        let mut entry = document.descriptor();
        if let Some(docker) = &self.docker {
            docker::check_root(document)?;
            if let (Some(repository), Some(tag)) = (&docker.repository, tag) {
                let name = repository.clone().with_tag(tag.clone()).to_string();
                entry = entry.with_annotation(IMAGE_NAME, name);
            }
        }
        self.store_manifest(document).await?;
        let (document, tag) = (document.clone(), tag.cloned());
        self.work(move |state| {
            state.images.add(&document);
            state.index.put(entry, tag.as_ref());
            Ok(())
        })
        .await
    }
}

struct Docker {
    repository: Option<Reference>,
}

struct State {
    /// What is in the archive, with its size.
    blobs: HashMap<Digest, u64>,
    images: Images,
    index: LayoutIndex,
    output: Output,
}

/// Chunks that are worth a write; none at the end.
async fn gather(chunks: &mut Chunks) -> Result<Vec<Bytes>, Error> {
    let (mut batch, mut length) = (Vec::<Bytes>::new(), 0_usize);
    while length < BATCH {
        let Some(chunk) = chunks.try_next().await? else {
            break;
        };
        length = length.saturating_add(chunk.len());
        batch.push(chunk);
    }
    Ok(batch)
}

fn wanted_other_size<T>(wanted: &Descriptor) -> Result<T, Error> {
    let message = format!("{} is in the archive and has not {} bytes", wanted.digest, wanted.size);
    Err(Error::new(ErrorKind::Mismatch, message))
}

fn unusable() -> Error {
    Error::new(ErrorKind::Store, "the archive cannot be written")
}

/// How much is written at a time: 256 KiB, and what the last chunk of it brings more.
const BATCH: usize = 256 << 10;
