//! An image as a directory: the root filesystem that a container of it would see.
//!
//! Layers are applied in order, as the [image specification] says: whiteouts hide what is below their layer and nothing in it, wherever in the archive they are. Names and
//! links mean what they mean in a container: an absolute symlink begins at the root. All work is done on handles of directories, so
//! no entry, link or whiteout leads out of the root, not even if someone else changes the tree meanwhile.
//!
//! A root directory that no layer describes has mode 0755 and is from 1970, so that the same image gives the same tree.
//!
//! The directory gets its name when everything is in it and right: each layer has the DiffID that the image's configuration says.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oci_client_core::runtime::{ThreadRuntime, block_on};
//! use oci_client_core::store::MemoryStore;
//! use oci_image_tools::unpack::{UnpackOptions, unpack};
//! use oci_spec_types::*;
//!
//! // An image of one layer that holds nothing.
//! let store = MemoryStore::new();
//! let layer = store.add_blob(MediaType::IMAGE_LAYER, vec![0; 1024]);
//! let rootfs = RootFs::new(vec![layer.digest.clone()]);
//! let config = Document::from_value(ImageConfig::new(Os::LINUX, Architecture::AMD64, rootfs))?;
//! let config = store.add_blob(MediaType::IMAGE_CONFIG, config.bytes().to_vec());
//! let manifest = Document::from_value(AnyManifest::Image(ImageManifest::new(config, vec![layer])))?;
//! let tag: Tag = "v1".parse()?;
//! store.add_manifest(manifest, Some(tag.clone()));
//!
//! let parent = tempfile::tempdir()?;
//! let runtime = Arc::new(ThreadRuntime::new());
//! let unpacked = block_on(unpack(&store, &tag.into(), &parent.path().join("rootfs"), runtime, &UnpackOptions::new()))?;
//! assert_eq!(unpacked.entries(), 0);
//! assert!(parent.path().join("rootfs").is_dir());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`unpack_directory`] is for artifacts: a layer that is a directory, as `oras push` writes it.
//!
//! [image specification]: https://github.com/opencontainers/image-spec/blob/main/layer.md

mod artifact;
mod attributes;
mod id_map;
mod options;
mod removal;
mod report;
mod resolve;
mod rootfs;
mod staging;
#[cfg(test)]
mod tests;
mod trouble;
mod written;

use std::path::Path;
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Source;
use oci_spec_types::TagOrDigest;

use self::rootfs::Rootfs;
use self::staging::Staging;
use crate::image::LayeredImage;
use crate::layer_stream::{Budget, LayerStream, with_blob};

pub use self::artifact::unpack_directory;
pub use self::id_map::{IdMap, IdRange, InvalidIdMap};
pub use self::options::{Ownership, SpecialFiles, UnpackOptions};
pub use self::report::{SkipReason, Skipped, Unpacked};

/// Unpacks the image that `target` stands for into `directory`, which must not be there yet, or be empty.
///
/// # Errors
/// - `Conflict`: the directory holds something already.
/// - `Invalid`: a layer is malformed, or an entry of it is one that must not be: its path has a `..`, say.
/// - `Mismatch`: a layer is not what the image's configuration says.
/// - `NotFound`: the image is not there, or the index has none for the platform.
/// - `Store`: a file cannot be made: the disk is full, or the owner or an attribute may not be set.
/// - `TooLarge`, `Timeout`: a limit is exceeded, see [`ImageLimits`](crate::ImageLimits).
/// - `Unsupported`: it is no container image, or a layer is compressed in a way that is not known.
///
/// Each of them leaves `directory` as it was.
///
/// # Cancellation
/// A dropped future leaves `directory` as it was, too. A process that is killed leaves a directory with a name that begins with `.unpack-` beside it, which nobody else
/// may look into; it may be deleted.
pub async fn unpack(
    source: &dyn Source,
    target: &TagOrDigest,
    directory: &Path,
    runtime: Arc<dyn Runtime>,
    options: &UnpackOptions,
) -> Result<Unpacked, Error> {
    let image = LayeredImage::find(source, target, options.platform.as_ref()).await?;
    let (path, shared) = (directory.to_owned(), Arc::new(options.clone()));
    let made = unblock(&*runtime, move || Rootfs::create(Staging::create(path)?, shared));
    let mut rootfs = made.await.map_err(std::io::Error::from)??;
    let mut budget = Budget::new(options.limits, runtime.clone());
    for (layer, diff_id) in &image.layers {
        let (media_type, expected) = (layer.media_type.clone(), diff_id.clone());
        let applied = with_blob(source, &*runtime, layer, move |blob| {
            let mut stream = LayerStream::open(blob, &media_type, &expected, &mut budget)?;
            rootfs.apply(&mut stream)?;
            stream.finish(&expected)?;
            Ok((rootfs, budget))
        });
        let digest = &layer.digest;
        (rootfs, budget) = applied.await.map_err(|error| {
            Error::new(error.kind(), format!("the layer {digest} cannot be unpacked")).with_source(error)
        })?;
    }
    let report = unblock(&*runtime, move || rootfs.finish())
        .await
        .map_err(std::io::Error::from)??;
    Ok(report.of(image.digest))
}
