//! Images in one file: OCI archives, and what `docker save` writes.
//!
//! | | [`OciArchive`] | [`DockerArchive`] |
//! |---|---|---|
//! | what it is | a tar of an image layout ([image-layout.md]) | `manifest.json` with configurations and layers; since Docker 25 an image layout too |
//! | read | in place, by the offsets of its files | the same |
//! | written by | [`ArchiveWriter::oci`] | [`ArchiveWriter::docker`] |
//!
//! An archive is read once from its beginning to learn where its files are, which skips their content. Nothing is unpacked. An archive that is compressed as a whole has no such places: it is refused
//! with what to do about it. Blobs are verified as they are read, so that an archive whose entries can be read in two ways can at worst not be read at all.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oci_client_core::runtime::{ThreadRuntime, block_on};
//! use oci_client_core::store::{CopyOptions, MemoryStore, Source, copy};
//! use oci_image_tools::archive::{ArchiveWriter, OciArchive};
//! use oci_spec_types::{Document, Descriptor, ImageManifest, MediaType, Tag, TagOrDigest};
//!
//! let store = MemoryStore::new();
//! let config = store.add_blob(MediaType::IMAGE_CONFIG, "{}");
//! let image = Document::from_value(ImageManifest::new(config, vec![]))?;
//! let (latest, runtime) = (Tag::latest(), Arc::new(ThreadRuntime::new()));
//! store.add_manifest(image.clone().into(), Some(latest.clone()));
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("image.tar");
//! let from = TagOrDigest::Tag(latest.clone());
//! let found = block_on(async {
//!     let writer = ArchiveWriter::oci(&path, runtime.clone()).await?;
//!     copy(&store, &from, &writer, Some(&latest), &CopyOptions::new()).await?;
//!     writer.finish().await?;
//!     OciArchive::open(&path, runtime).await?.manifest(&from).await
//! })?;
//! assert_eq!(found.digest(), image.digest());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [image-layout.md]: https://github.com/opencontainers/image-spec/blob/main/image-layout.md

mod content;
mod docker;
mod files;
mod legacy;
mod oci;
mod scan;
mod writer;

pub use docker::{DockerArchive, DockerImage};
pub use oci::OciArchive;
pub use writer::ArchiveWriter;

/// The annotation of an entry of `index.json` that holds the whole name of an image, as Docker and containerd write it.
const IMAGE_NAME: &str = "io.containerd.image.name";
