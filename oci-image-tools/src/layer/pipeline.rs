//! From an archive to a compressed and described layer, on one thread or two.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest};

use super::count::Hashed;
use super::{Compression, LayerOptions};
use crate::compression::Encoder;
use crate::errors::failed;

/// What was written.
pub(crate) struct Described {
    pub(crate) descriptor: Descriptor,
    pub(crate) diff_id: Digest,
}

/// Has `archive` write an archive, and compresses it into `output`; hashed before and after.
pub(crate) fn compressed<W: Send + Write>(
    options: &LayerOptions,
    output: W,
    archive: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(Described, W), Error> {
    let output = Hashed::new(output, Descriptor::MAX_SIZE)?;
    let encoder = Encoder::new(options.compression, output).map_err(|error| failed(error, WRITING))?;
    let (diff_id, encoder) = match options.threads && options.compression != Compression::None {
        true => on_two_threads(options, encoder, archive)?,
        false => hashed(options, encoder, archive)?,
    };
    let output = encoder.finish().map_err(|error| failed(error, WRITING))?;
    let (digest, size, output) = output.finish();
    let descriptor = Descriptor::new(options.compression.media_type(), digest, size);
    Ok((Described { descriptor, diff_id }, output))
}

fn hashed<W: Write>(
    options: &LayerOptions,
    output: W,
    archive: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(Digest, W), Error> {
    let mut tar = Hashed::new(output, options.limits.bytes)?;
    archive(&mut tar)?;
    let (diff_id, _, output) = tar.finish();
    Ok((diff_id, output))
}

/// The archive is made and hashed on this thread, and compressed and written on another one.
fn on_two_threads<W: Send + Write>(
    options: &LayerOptions,
    encoder: Encoder<W>,
    archive: impl FnOnce(&mut dyn Write) -> Result<(), Error>,
) -> Result<(Digest, Encoder<W>), Error> {
    let (sender, receiver) = sync_channel(QUEUE);
    thread::scope(|scope| {
        let thread = thread::Builder::new().name("compress layer".to_owned());
        let compressor = thread.spawn_scoped(scope, move || receive(&receiver, encoder));
        let compressor = compressor.map_err(|error| failed(error, "no thread can be started to compress the layer"))?;
        let queue = Queue {
            gathered: Vec::with_capacity(PIECE),
            sender,
        };
        // The queue goes away with this, and so the other thread ends.
        let archived = hashed(options, queue, archive).and_then(|(diff_id, mut queue)| {
            queue.flush().map_err(|error| failed(error, WRITING))?;
            Ok(diff_id)
        });
        let encoder = compressor
            .join()
            .map_err(|_| Error::new(ErrorKind::Misuse, "the thread that compresses a layer panicked"))?;
        // An archive that cannot be passed on fails as well, but that says nothing.
        let encoder = encoder.map_err(|error| failed(error, WRITING))?;
        Ok((archived?, encoder))
    })
}

fn receive<W: Send + Write>(receiver: &Receiver<Vec<u8>>, mut encoder: Encoder<W>) -> io::Result<Encoder<W>> {
    while let Ok(piece) = receiver.recv() {
        encoder.write_all(&piece)?;
    }
    Ok(encoder)
}

/// Passes on what is written to it, in pieces.
struct Queue {
    gathered: Vec<u8>,
    sender: SyncSender<Vec<u8>>,
}

impl Write for Queue {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.gathered.extend_from_slice(piece);
        if self.gathered.len() >= PIECE {
            self.flush()?;
        }
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = std::mem::replace(&mut self.gathered, Vec::with_capacity(PIECE));
        let sent = self.sender.send(piece);
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}

/// How much is passed on at a time: 128 KiB.
const PIECE: usize = 128 << 10;

/// How many pieces may wait.
const QUEUE: usize = 8;

const WRITING: &str = "the layer cannot be written";
