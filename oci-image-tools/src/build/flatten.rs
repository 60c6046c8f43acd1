use std::io::{self, Write};
use std::sync::Arc;

use oci_client_core::runtime::Runtime;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Annotations, Descriptor, Digest, RootFs};

use super::Image;
use crate::compression::Encoder;
use crate::errors::failed;
use crate::layer::count::Hashed;
use crate::layer::spool::Spool;
use crate::layer::{Layer, LayerOptions};
use crate::tree::write_last_layers;

impl Image {
    /// The image with all its layers in one, which makes the same files: what layers hide or replace is gone. The configuration stays, with each step of the history marked as one without a layer and a last one
    /// for what was done. Annotations that name a base are dropped, as nothing of it is left. Compression, spool and limits of the options count; each layer is fetched twice, once for its names and once for its content, in memory that
    /// grows with the number of files but not with their size. An image of one layer stays as it is.
    ///
    /// # Errors
    /// As [`Tree::read`](crate::tree::Tree::read) and [`Tree::export`](crate::tree::Tree::export); of kind [`Unsupported`](ErrorKind::Unsupported) if a layer may not be distributed, since it would be
    /// within one that may.
    ///
    /// # Cancellation
    /// What was made so far is thrown away.
    pub async fn flatten(self, options: &LayerOptions, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let layers = self.manifest.value().layers.len();
        self.squash(layers, options, runtime).await
    }

    /// The image with its last layers, as many as `last` says, in one, which does the same on top of the others: it has whiteouts for what they have and the image has not, and no others. As to the rest, it is as with
    /// [`flatten`](Self::flatten).
    ///
    /// # Errors
    /// As [`flatten`](Self::flatten), and of kind [`Invalid`](ErrorKind::Invalid) if there are fewer layers.
    ///
    /// # Cancellation
    /// What was made so far is thrown away.
    pub async fn squash(self, last: usize, options: &LayerOptions, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let layers = self.pairs(last)?;
        if last < 2 {
            return Ok(self);
        }
        let below = layers.len().saturating_sub(last);
        let archive = Archive::new(options)?;
        // On the heap: the futures of all callers would hold it.
        let writing = Box::pin(write_last_layers(
            &self,
            &layers,
            below,
            archive,
            runtime,
            options.limits,
        ));
        let layer = writing.await?.finish(options, runtime)?;
        let mut edit = self.edit();
        let (manifest, config, _) = edit.parts();
        manifest.layers.truncate(below);
        config.rootfs.diff_ids.truncate(below);
        let steps = config.history.iter_mut().filter(|step| step.has_layer());
        steps.skip(below).for_each(|step| step.empty_layer = Some(true));
        if below == 0 {
            edit = edit
                .without_annotation(Annotations::BASE_DIGEST)
                .without_annotation(Annotations::BASE_NAME);
        }
        edit.append(&layer, format!("{last} layers made one")).finish()
    }

    /// The layers with their DiffIDs, if the last ones can be made one.
    fn pairs(&self, last: usize) -> Result<Vec<(Descriptor, Digest)>, Error> {
        let config = self.config.value();
        let unsupported = |message: &str| Err(Error::new(ErrorKind::Unsupported, message));
        let pairs = config.layers_of(self.manifest.value());
        let pairs =
            pairs.map_err(|error| Error::new(ErrorKind::Invalid, "the layers are out of step").with_source(error))?;
        let pairs: Vec<_> = pairs.map(|(layer, diff_id)| (layer.clone(), diff_id.clone())).collect();
        let Some(below) = pairs.len().checked_sub(last) else {
            let message = format!("the image has {} layers, not {last}", pairs.len());
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        if config.rootfs.kind != RootFs::LAYERS {
            return unsupported("the image's root filesystem is not made of layers");
        }
        let mut merged = pairs.iter().skip(below);
        if merged.any(|(layer, _)| layer.media_type.is_nondistributable()) {
            return unsupported("a layer may not be distributed; within another one it would be");
        }
        Ok(pairs)
    }
}

/// An archive on its way: hashed, compressed, and hashed again.
struct Archive(Hashed<Encoder<Hashed<Spool>>>);

impl Archive {
    fn new(options: &LayerOptions) -> Result<Self, Error> {
        let spool = Spool::new(options.memory, options.spool_folder.as_deref());
        let output = Hashed::new(spool, Descriptor::MAX_SIZE)?;
        let encoder = Encoder::new(options.compression, output).map_err(|error| failed(error, MERGING))?;
        Hashed::new(encoder, options.limits.bytes).map(Self)
    }

    fn finish(self, options: &LayerOptions, runtime: &Arc<dyn Runtime>) -> Result<Layer, Error> {
        let (diff_id, _, encoder) = self.0.finish();
        let output = encoder.finish().map_err(|error| failed(error, MERGING))?;
        let (digest, size, spool) = output.finish();
        let content = spool.finish(runtime).map_err(|error| failed(error, MERGING))?;
        Ok(Layer {
            content,
            descriptor: Descriptor::new(options.compression.media_type(), digest, size),
            diff_id,
            skipped: Vec::new(),
        })
    }
}

impl Write for Archive {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

const MERGING: &str = "the layers cannot be made one";
