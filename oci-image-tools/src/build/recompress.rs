use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::TryStreamExt;
use oci_client_core::client::Chunks;
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest};

use super::Image;
use super::convert::format_of;
use crate::layer::archive::not_a_layer;
use crate::layer::compression::{Decoder, Encoder, failed};
use crate::layer::count::Hashed;
use crate::layer::spool::Spool;
use crate::layer::{Compression, LayerOptions};

impl Image {
    /// The image with its layers compressed as the options say; they count for compression, spool and limit of bytes. Layers that are compressed so already stay as they are, as do those
    /// that may not be distributed. The configuration stays too: what the layers hold is the same, which is checked.
    ///
    /// One layer is worked on at a time, in constant memory; finished ones are kept where the options say.
    ///
    /// # Errors
    /// If a layer cannot be read, is not compressed as its type says, is over the limit or cannot be kept; of kind [`Mismatch`](ErrorKind::Mismatch) if it does not have its DiffID.
    ///
    /// # Cancellation
    /// What was kept so far is thrown away.
    pub async fn recompress(self, options: &LayerOptions, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let format = format_of(self.manifest.value());
        let layers = self.manifest.value().layers.clone();
        let diff_ids = self.config.value().rootfs.diff_ids.clone();
        let mut edit = self.clone().edit();
        let (manifest, _, origins) = edit.parts();
        for ((layer, diff_id), changed) in layers.iter().zip(&diff_ids).zip(&mut manifest.layers) {
            let found = Compression::of(&layer.media_type).ok_or_else(|| not_a_layer(&layer.media_type))?;
            if found == options.compression || layer.media_type.is_nondistributable() {
                continue;
            }
            let content = self.origins.blob(layer).await?;
            let recoder = Recoder::new(found, options, diff_id)?;
            let chunks = content.open(Span::new(0, layer.size)).await?;
            let (digest, size, spool) = recoder.run(layer, chunks, runtime).await?.finish(diff_id)?;
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

/// Takes compressed content, gives it compressed in another way, and hashes it at all three places.
struct Recoder {
    decoder: Decoder<Hashed<Encoder<Hashed<Spool>>>>,
}

impl Recoder {
    fn new(found: Compression, options: &LayerOptions, diff_id: &Digest) -> Result<Self, Error> {
        let spool = Spool::new(options.memory, options.spool_folder.as_deref());
        let output = Hashed::new(spool, Descriptor::MAX_SIZE)?;
        let encoder = Encoder::new(options.compression, output).map_err(|error| failed(error, RECODING))?;
        let tar = Hashed::like(encoder, options.limits.bytes, diff_id)?;
        let decoder = Decoder::new(found, tar).map_err(|error| failed(error, RECODING))?;
        Ok(Self { decoder })
    }

    async fn run(mut self, layer: &Descriptor, mut chunks: Chunks, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let mut verifier = layer.verifier()?;
        while let Some(chunk) = chunks.try_next().await? {
            let work = unblock(&**runtime, move || {
                verifier.update(&chunk)?;
                self.write(&chunk).map(|()| (self, verifier))
            });
            (self, verifier) = work.await.map_err(io::Error::from)??;
        }
        verifier.finish()?;
        Ok(self)
    }

    fn write(&mut self, chunk: &Bytes) -> Result<(), Error> {
        self.decoder.write_all(chunk).map_err(|error| failed(error, RECODING))
    }

    fn finish(self, diff_id: &Digest) -> Result<(Digest, u64, Spool), Error> {
        let tar = self.decoder.finish().map_err(|error| failed(error, RECODING))?;
        let (found, _, encoder) = tar.finish();
        if found != *diff_id {
            let message =
                format!("the configuration says that a layer is {diff_id} without compression, but it is {found}");
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        let output = encoder.finish().map_err(|error| failed(error, RECODING))?;
        Ok(output.finish())
    }
}

const RECODING: &str = "the layer cannot be compressed anew";
