//! The directory that a layer of an artifact is, as ORAS and [`Pack::with_directory`](crate::pack::Pack::with_directory) write it.

use std::path::Path;
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::client::VerifiedContent;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Source;
use oci_spec_types::{Annotations, Descriptor, Digest, MediaType};

use super::options::{SpecialFiles, UnpackOptions};
use super::report::{Report, Unpacked};
use super::rootfs::Rootfs;
use super::staging::Staging;
use crate::errors::{invalid, shown};
use crate::layer_stream::{BlobStream, Budget, LayerStream, with_content};
use crate::limits::ImageLimits;
use crate::pack::{DIGEST, check_title, is_directory};

/// Unpacks a layer that [is a directory](is_directory) into `directory`, which must not be there yet, or be empty.
///
/// What the archive has below the layer's title comes to be below `directory`, with modes and times, but for setuid and setgid; it belongs to whoever unpacks.
/// Whiteouts mean nothing here. Nothing leads out of `directory`, no symbolic link either: it may be moved, and what it is handed to may follow its links.
///
/// # Errors
/// - `Conflict`: the directory holds something already.
/// - `Invalid`: the layer is no directory or its archive is malformed, or an entry of it is one that must not be: it is not below the title, or a link that leads out.
/// - `Mismatch`: the layer is not what its descriptor says, or the archive not what the annotation `io.deis.oras.content.digest` says, where there is one.
/// - `Store`: a file cannot be made.
/// - `TooLarge`, `Timeout`: a limit is exceeded.
/// - `Unsupported`: an entry is a device or a pipe.
///
/// Each of them leaves `directory` as it was.
///
/// # Cancellation
/// As for [`unpack`](super::unpack()).
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
/// use oci_client_core::store::MemoryStore;
/// use oci_image_tools::ImageLimits;
/// use oci_image_tools::pack::Pack;
/// use oci_image_tools::unpack::unpack_directory;
/// use oci_spec_types::MediaType;
///
/// let folder = tempfile::tempdir()?;
/// let (data, copy) = (folder.path().join("data"), folder.path().join("copy"));
/// std::fs::create_dir(&data)?;
/// std::fs::write(data.join("a.txt"), "hello")?;
///
/// let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
/// let store = MemoryStore::new();
/// let pack = Pack::new(MediaType::from_static("application/vnd.example.data"));
/// let pack = block_on(pack.with_directory("data", &data, &runtime))?;
/// let document = block_on(pack.push(&store, None))?;
///
/// let layer = &document.value().as_image().unwrap().layers[0];
/// block_on(unpack_directory(&store, layer, &copy, runtime, ImageLimits::new()))?;
/// assert_eq!(std::fs::read(copy.join("a.txt"))?, b"hello");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub async fn unpack_directory(
    source: &dyn Source,
    layer: &Descriptor,
    directory: &Path,
    runtime: Arc<dyn Runtime>,
    limits: ImageLimits,
) -> Result<Unpacked, Error> {
    let archive = Archive::of(layer)?;
    let (path, title) = (directory.to_owned(), archive.title.clone());
    let mut budget = Budget::new(limits, runtime.clone());
    let content = VerifiedContent::new(source.blob(layer).await?, layer.clone());
    let unpacked = with_content(&content, layer.size, &*runtime, move |blob| {
        let options = UnpackOptions::new().with_special_files(SpecialFiles::Refuse);
        let mut rootfs = Rootfs::create(Staging::create(path)?, Arc::new(options))?;
        archive.unpack(blob, &mut budget, &mut rootfs)?;
        Ok(rootfs)
    });
    let rootfs = unpacked.await.map_err(|error| {
        let message = format!("the directory `{}` cannot be unpacked", shown(&title));
        Error::new(error.kind(), message).with_source(error)
    })?;
    let finished: Result<Report, Error> = unblock(&*runtime, move || rootfs.finish())
        .await
        .map_err(std::io::Error::from)?;
    Ok(finished?.of(layer.digest.clone()))
}

/// What a descriptor says of the archive of a directory.
struct Archive {
    /// Of the archive without compression.
    digest: Option<Digest>,
    layer: Digest,
    title: String,
}

impl Archive {
    fn of(layer: &Descriptor) -> Result<Self, Error> {
        let title = layer.annotations.get(Annotations::TITLE);
        let (true, Some(title)) = (is_directory(layer), title) else {
            let message = format!("the layer {} is no directory with a title", layer.digest);
            return Err(invalid(message));
        };
        check_title(title)?;
        let digest = layer.annotations.get(DIGEST).map(str::parse).transpose();
        let digest = digest.map_err(|error| invalid(format!("the annotation {DIGEST} is none")).with_source(error))?;
        Ok(Self {
            digest,
            layer: layer.digest.clone(),
            title: title.to_owned(),
        })
    }

    fn unpack(&self, blob: BlobStream, budget: &mut Budget, rootfs: &mut Rootfs) -> Result<(), Error> {
        let like = self.digest.as_ref().unwrap_or(&self.layer);
        // The type of the layer is whatever the caller of ORAS has chosen; the archive is always of this one.
        let mut stream = LayerStream::open(blob, &MediaType::IMAGE_LAYER_GZIP, like, budget)?;
        let title: Vec<_> = self.title.split('/').map(str::as_bytes).collect();
        rootfs.fill(&title, &mut stream)?;
        match &self.digest {
            Some(said) => stream.finish(said),
            // The blob is verified as a whole.
            None => stream.drain().map(drop),
        }
    }
}
