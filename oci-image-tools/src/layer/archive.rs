//! Layers of archives that are there already.

use std::io::{self, BufReader, Read, Write};
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::runtime::{Runtime, unblock};
use oci_spec_types::{Algorithm, Descriptor, MediaType};

use super::count::Hashed;
use super::pipeline::compressed;
use super::spool::Spool;
use super::{Layer, LayerOptions};
use crate::errors::{Fault, failed};
use crate::layer_stream::{Budget, Uncompressed};

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
            let (described, spool) = compressed(&options, spool, |tar| pump(archive, tar, unreadable))?;
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

    /// A layer whose content is a compressed archive as it is: it is uncompressed only to learn its DiffID. Of the options spool and limits count.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](oci_client_core::ErrorKind::Unsupported) if `media_type` is not that of a layer, [`Invalid`](oci_client_core::ErrorKind::Invalid) if the content is not
    /// compressed as the type says or ends too early, [`TooLarge`](oci_client_core::ErrorKind::TooLarge) if it is over a limit; if it cannot be read or kept.
    ///
    /// # Cancellation
    /// What has begun runs to its end even if the future is dropped; then the content is thrown away.
    pub async fn from_compressed(
        content: impl Read + Send + 'static,
        media_type: MediaType,
        options: LayerOptions,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        kept(runtime, move |runtime| {
            let spool = Spool::new(options.memory, options.spool_folder.as_deref());
            let mut copied = Copied {
                input: content,
                output: Hashed::new(spool, Descriptor::MAX_SIZE)?,
            };
            let mut budget = Budget::new(options.limits, runtime.clone());
            let blob = BufReader::with_capacity(PIECE, &mut copied);
            let mut tar = Uncompressed::open(blob, &media_type, Algorithm::SHA256.hasher()?, &mut budget)?;
            pump(&mut tar, &mut io::sink(), malformed)?;
            let diff_id = tar.finish();
            let (digest, size, spool) = copied.output.finish();
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

/// What is read is written, too.
struct Copied<R, W> {
    input: R,
    output: Hashed<W>,
}

impl<R: Read, W: Write> Read for Copied<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = match self.input.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Err(error),
            read => read.map_err(|error| io::Error::other(unreadable(error)))?,
        };
        let written = self.output.write_all(buffer.get(..read).unwrap_or_default());
        written.map_err(|error| io::Error::other(failed(error, KEEPING)))?;
        Ok(read)
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
pub(crate) fn pump(
    mut input: impl Read,
    output: &mut (impl Write + ?Sized),
    misread: impl Fn(io::Error) -> Error,
) -> Result<(), Error> {
    let mut buffer = vec![0; PIECE];
    loop {
        match input.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(read) => output
                .write_all(buffer.get(..read).unwrap_or_default())
                .map_err(|error| failed(error, "the layer cannot be written"))?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(misread(error)),
        }
    }
}

/// Content that is not compressed as it should be.
pub(crate) fn malformed(error: io::Error) -> Error {
    Fault::from(error).into_error(|| "the layer cannot be uncompressed".to_owned())
}

fn unreadable(error: io::Error) -> Error {
    failed(error, "the archive cannot be read")
}

const KEEPING: &str = "the layer cannot be kept";

/// How much is read at a time: 128 KiB.
const PIECE: usize = 128 << 10;
