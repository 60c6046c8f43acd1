mod blobs;
mod bombs;

use std::io::{self, Read};
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::runtime::{Runtime, ThreadRuntime};
use oci_spec_types::{Algorithm, Digest, MediaType};

use super::{Budget, LayerStream, Uncompressed};
use crate::ImageLimits;

fn runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

fn budget(limits: ImageLimits) -> Budget {
    Budget::new(limits, runtime())
}

/// All that is in a blob, as an error of what was reading it.
fn whole(blob: &[u8], media_type: &MediaType, limits: ImageLimits) -> Result<Vec<u8>, Error> {
    let mut budget = budget(limits);
    let mut tar = Uncompressed::open(blob, media_type, Algorithm::SHA256.hasher()?, &mut budget)?;
    let mut content = Vec::new();
    tar.read_to_end(&mut content)
        .map_err(crate::layer::archive::malformed)?;
    Ok(content)
}

/// The number of entries of an archive that may never end.
fn entries(archive: impl Read + Send, limits: ImageLimits) -> Result<u64, Error> {
    let mut budget = budget(limits);
    let blob = io::BufReader::new(archive);
    let mut stream = LayerStream::open(blob, &MediaType::IMAGE_LAYER, &Digest::sha256(b""), &mut budget)?;
    let mut count = 0;
    while stream.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// The same bytes over and over, counted.
struct Endless {
    at: usize,
    given: Arc<std::sync::atomic::AtomicU64>,
    piece: Vec<u8>,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.piece[self.at..];
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at = (self.at + count) % self.piece.len();
        self.given.fetch_add(count as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(count)
    }
}
