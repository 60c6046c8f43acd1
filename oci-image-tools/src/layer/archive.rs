//! Layers of archives that are there already.

use std::io::{self, Read, Write};
use std::sync::Arc;

use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, MediaType};

use super::compression::{Decoder, failed};
use super::count::Hashed;
use super::pipeline::compressed;
use super::spool::Spool;
use super::{Compression, Layer, LayerOptions};

impl Layer {
    /// A layer of an uncompressed tar archive, whose bytes stay as they are: only compression, spool and limit of bytes of the options count. Whether it is an archive is not checked.
    ///
    /// # Errors
    /// If the archive cannot be read or is over the limit, or the layer cannot be kept.
    ///
    /// # Cancellation
    /// What has begun runs to its end even if the future is dropped; then the content is thrown away.
    pub async fn from_tar(
        archive: impl Read + Send + 'static,
        options: LayerOptions,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        kept(runtime, move |runtime| {
            let spool = Spool::new(options.memory, options.spool_folder.as_deref());
            let (described, spool) = compressed(&options, spool, |tar| pump(archive, tar))?;
            let content = spool.finish(runtime).map_err(|error| failed(error, KEEPING))?;
            Ok(Self {
                content,
                descriptor: described.descriptor,
                diff_id: described.diff_id,
                skipped: Vec::new(),
            })
        })
        .await
    }

    /// A layer whose content is a compressed archive as it is: it is decompressed only to learn its DiffID. Of the options spool and limit of bytes count, which holds for the
    /// uncompressed archive.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if `media_type` is not that of a layer; if the content is not compressed as the type says, ends too early or is over the limit; if it cannot be
    /// read or kept.
    ///
    /// # Cancellation
    /// What has begun runs to its end even if the future is dropped; then the content is thrown away.
    pub async fn from_compressed(
        content: impl Read + Send + 'static,
        media_type: MediaType,
        options: LayerOptions,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        let compression = Compression::of(&media_type).ok_or_else(|| not_a_layer(&media_type))?;
        kept(runtime, move |runtime| {
            let tar = Hashed::new(io::sink(), options.limits.bytes)?;
            let decoder = Decoder::new(compression, tar).map_err(|error| failed(error, DECODING))?;
            let spool = Spool::new(options.memory, options.spool_folder.as_deref());
            let mut both = Both {
                compressed: Hashed::new(spool, Descriptor::MAX_SIZE)?,
                decoder,
            };
            pump(content, &mut both)?;
            let tar = both.decoder.finish().map_err(|error| failed(error, DECODING))?;
            let ((diff_id, ..), (digest, size, spool)) = (tar.finish(), both.compressed.finish());
            let content = spool.finish(runtime).map_err(|error| failed(error, KEEPING))?;
            Ok(Self {
                content,
                descriptor: Descriptor::new(media_type, digest, size),
                diff_id,
                skipped: Vec::new(),
            })
        })
        .await
    }
}

pub(crate) fn not_a_layer(media_type: &MediaType) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("{media_type} is not the type of an image layer"),
    )
}

/// Goes to both.
struct Both<C, D: Write> {
    compressed: Hashed<C>,
    decoder: Decoder<D>,
}

impl<C: Write, D: Send + Write> Write for Both<C, D> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.decoder
            .write_all(piece)
            .map_err(|error| io::Error::other(failed(error, DECODING)))?;
        self.compressed.write_all(piece)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn kept(
    runtime: &Arc<dyn Runtime>,
    work: impl FnOnce(&Arc<dyn Runtime>) -> Result<Layer, Error> + Send + 'static,
) -> Result<Layer, Error> {
    let spawner = runtime.clone();
    let runtime = runtime.clone();
    unblock(&*spawner, move || work(&runtime))
        .await
        .map_err(io::Error::from)?
}

/// Reads all of `input`.
fn pump(mut input: impl Read, output: &mut (impl Write + ?Sized)) -> Result<(), Error> {
    let mut buffer = vec![0; PIECE];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => output
                .write_all(buffer.get(..read).unwrap_or_default())
                .map_err(|error| failed(error, "the layer cannot be written"))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(error, "the archive cannot be read")),
        }
    }
}

const DECODING: &str = "the content cannot be decompressed";

const KEEPING: &str = "the layer cannot be kept";

/// How much is read at a time: 128 KiB.
const PIECE: usize = 128 << 10;
