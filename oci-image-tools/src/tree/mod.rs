//! The files of an image without unpacking it: list them, read one, compare two images or layers, write them all as one archive.
//!
//! Layers are merged as [`unpack`](crate::unpack) merges them, whiteouts and links included. What is kept in memory is what the archives say of the files, not their content: it grows
//! with the number of entries, which [`ImageLimits`] bounds.

mod build;
mod diff;
mod export;
mod node;
mod plan;
mod read;
#[cfg(test)]
mod tests;
mod view;

use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::Source;
use oci_spec_types::{Descriptor, Digest, Platform, TagOrDigest};

use self::node::Nodes;
use crate::image::LayeredImage;
use crate::layer_stream::{Budget, LayerStream, with_blob};
use crate::limits::ImageLimits;

pub(crate) use self::export::write_last_layers;

pub use self::diff::{Change, ChangeKind};
pub use self::view::{FileKind, FileView};

/// The files of an image, all layers merged.
#[derive(Debug)]
pub struct Tree {
    digest: Digest,
    layers: Vec<(Descriptor, Digest)>,
    limits: ImageLimits,
    nodes: Arc<Nodes>,
}

impl Tree {
    /// Reads the layers of the image that `target` stands for; out of an index the one for `platform`, which is this machine's if there is none.
    ///
    /// # Errors
    /// As [`unpack`](crate::unpack::unpack), as far as it is about the layers and not about files on disk.
    ///
    /// # Cancellation
    /// A dropped future leaves nothing.
    pub async fn read(
        source: &dyn Source,
        target: &TagOrDigest,
        platform: Option<&Platform>,
        runtime: Arc<dyn Runtime>,
        limits: ImageLimits,
    ) -> Result<Self, Error> {
        let LayeredImage { digest, layers } = LayeredImage::find(source, target, platform).await?;
        let (_, nodes) = merged(source, &layers, 0, &runtime, limits).await?;
        Ok(Self {
            digest,
            layers,
            limits,
            nodes: Arc::new(nodes),
        })
    }

    /// Reads one layer by itself, of which `diff_id` is the digest without compression. Its whiteouts are listed by the names that they have in the archive, such as `etc/.wh.issue`, as
    /// [`FileKind::Whiteout`]; a hard link to a file that is not in the layer is a [`FileKind::Hardlink`].
    ///
    /// # Errors
    /// As [`read`](Self::read).
    ///
    /// # Cancellation
    /// A dropped future leaves nothing.
    pub async fn read_layer(
        source: &dyn Source,
        layer: &Descriptor,
        diff_id: &Digest,
        runtime: Arc<dyn Runtime>,
        limits: ImageLimits,
    ) -> Result<Self, Error> {
        let (media_type, expected) = (layer.media_type.clone(), diff_id.clone());
        let mut budget = Budget::new(limits, runtime.clone());
        let read = with_blob(source, &*runtime, layer, move |blob| {
            let mut nodes = Nodes::new();
            let mut stream = LayerStream::open(blob, &media_type, &expected, &mut budget)?;
            build::apply(&mut nodes, &mut stream, 0, true)?;
            stream.finish(&expected)?;
            Ok(nodes)
        });
        let nodes = read.await.map_err(|error| in_layer(error, layer))?;
        Ok(Self {
            digest: layer.digest.clone(),
            layers: vec![(layer.clone(), diff_id.clone())],
            limits,
            nodes: Arc::new(nodes),
        })
    }

    /// The digest of the image's manifest, or of the layer.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// All files but the root, each directory before what is in it, sorted by the bytes of their names.
    pub fn files(&self) -> impl Iterator<Item = FileView<'_>> {
        self.nodes.walk().map(|(path, _, node)| FileView::new(path, node))
    }

    /// The file at `path`; links on the way, and at its end, are followed within the image.
    pub fn find(&self, path: &[u8]) -> Option<FileView<'_>> {
        let node = self.nodes.get(self.nodes.resolve(path)?)?;
        Some(FileView::new(path.to_vec(), node))
    }
}

/// The files of all layers merged, and those of the first `below` of them.
async fn merged(
    source: &dyn Source,
    layers: &[(Descriptor, Digest)],
    below: usize,
    runtime: &Arc<dyn Runtime>,
    limits: ImageLimits,
) -> Result<(Nodes, Nodes), Error> {
    let (mut base, mut nodes) = (Nodes::new(), Nodes::new());
    let mut budget = Budget::new(limits, runtime.clone());
    for (index, (layer, diff_id)) in layers.iter().enumerate() {
        let (media_type, expected) = (layer.media_type.clone(), diff_id.clone());
        let read = with_blob(source, &**runtime, layer, move |blob| {
            let mut stream = LayerStream::open(blob, &media_type, &expected, &mut budget)?;
            build::apply(&mut nodes, &mut stream, index, false)?;
            stream.finish(&expected)?;
            Ok((nodes, budget))
        });
        (nodes, budget) = read.await.map_err(|error| in_layer(error, layer))?;
        if index.saturating_add(1) == below {
            base.clone_from(&nodes);
        }
    }
    Ok((base, nodes))
}

fn in_layer(error: Error, layer: &Descriptor) -> Error {
    Error::new(error.kind(), format!("the layer {} cannot be read", layer.digest)).with_source(error)
}
