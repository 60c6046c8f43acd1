use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::client::VerifiedContent;
use oci_client_core::runtime::Runtime;
use oci_spec_types::{Descriptor, Digest, MediaType};

use super::Image;
use super::convert::format_of;
use crate::compression::Encoder;
use crate::errors::failed;
use crate::layer::archive::{malformed, pump};
use crate::layer::count::Hashed;
use crate::layer::spool::Spool;
use crate::layer::{Compression, LayerOptions};
use crate::layer_stream::{BlobStream, Budget, Uncompressed, with_content};

impl Image {
    /// The image with its layers compressed as the options say; they count for compression, spool and limits, which hold for all layers together. Layers that are compressed so already stay as they are, as do those
    /// that may not be distributed. The configuration stays too: what the layers hold is the same, which is checked.
    ///
    /// One layer is worked on at a time, in constant memory; finished ones are kept where the options say.
    ///
    /// # Errors
    /// If a layer cannot be read, is not compressed as its type says, is over a limit or cannot be kept; of kind [`Mismatch`](oci_client_core::ErrorKind::Mismatch) if it does not have its DiffID.
    ///
    /// # Cancellation
    /// What was kept so far is thrown away.
    pub async fn recompress(self, options: &LayerOptions, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let format = format_of(self.manifest.value());
        let layers = self.manifest.value().layers.clone();
        let diff_ids = self.config.value().rootfs.diff_ids.clone();
        let mut edit = self.clone().edit();
        let (manifest, _, origins) = edit.parts();
        let mut budget = Budget::new(options.limits, runtime.clone());
        for ((layer, diff_id), changed) in layers.iter().zip(&diff_ids).zip(&mut manifest.layers) {
            let found = Compression::of_layer(&layer.media_type)?;
            if found == options.compression || layer.media_type.is_nondistributable() {
                continue;
            }
            let content = VerifiedContent::new(self.origins.blob(layer).await?, layer.clone());
            let (media_type, expected, shared) = (layer.media_type.clone(), diff_id.clone(), options.clone());
            let recoded = with_content(&content, layer.size, &**runtime, move |blob| {
                recode(blob, &media_type, &expected, &shared, &mut budget).map(|recoded| (recoded, budget))
            });
            let (digest, size, spool);
            ((digest, size, spool), budget) = recoded.await?;
            let content = spool
                .finish(runtime)
                .map_err(|error| failed(error, "the layer cannot be kept"))?;
            origins.insert_content(&digest, content);
            let mut descriptor = Descriptor::new(options.compression.media_type(), digest, size);
            descriptor.annotations = std::mem::take(&mut changed.annotations);
            *changed = format.layer(descriptor);
        }
        edit.finish()
    }
}

/// Compresses in another way what is in `blob`, which is of this type and has to have this DiffID.
fn recode(
    blob: BlobStream,
    media_type: &MediaType,
    diff_id: &Digest,
    options: &LayerOptions,
    budget: &mut Budget,
) -> Result<(Digest, u64, Spool), Error> {
    let spool = Spool::new(options.memory, options.spool_folder.as_deref());
    let output = Hashed::new(spool, Descriptor::MAX_SIZE)?;
    let mut encoder = Encoder::new(options.compression, output).map_err(|error| failed(error, RECODING))?;
    let mut tar = Uncompressed::open(blob, media_type, diff_id.hasher()?, budget)?;
    pump(&mut tar, &mut encoder, malformed)?;
    tar.verify(diff_id)?;
    let output = encoder.finish().map_err(|error| failed(error, RECODING))?;
    Ok(output.finish())
}

const RECODING: &str = "the layer cannot be compressed anew";
