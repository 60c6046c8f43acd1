use std::ops::Range;

use bytes::Bytes;
use futures_util::stream;
use oci_client_core::transport::Body;

/// Bytes in the chunks in which they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Content {
    chunks: Vec<Chunk>,
}

/// A chunk, and where it ends in the whole.
#[derive(Clone, Debug)]
struct Chunk {
    bytes: Bytes,
    end: u64,
}

impl Content {
    pub(super) fn append(&mut self, bytes: Bytes) {
        if bytes.is_empty() {
            return;
        }
        let end = self.size().saturating_add(bytes.len() as u64);
        match self.chunks.last_mut() {
            // What comes byte by byte is not to take many times its room.
            Some(last) if last.bytes.len() + bytes.len() <= SMALL => {
                last.bytes = [&last.bytes[..], &bytes[..]].concat().into();
                last.end = end;
            }
            _ => self.chunks.push(Chunk { bytes, end }),
        }
    }

    pub(super) fn size(&self) -> u64 {
        self.chunks.last().map_or(0, |chunk| chunk.end)
    }

    /// Streams the bytes of `range`, without copying them.
    pub(super) fn read(&self, range: Range<u64>) -> Body {
        let first = self.chunks.partition_point(|chunk| chunk.end <= range.start);
        let parts: Vec<Bytes> = self
            .chunks
            .iter()
            .skip(first)
            .map_while(|chunk| chunk.part(&range))
            .flat_map(pieces)
            .collect();
        let length = range.end.min(self.size()).saturating_sub(range.start);
        Body::from_stream(stream::iter(parts.into_iter().map(Ok)), Some(length))
    }
}

impl Chunk {
    /// What lies in `range`; `None` if the chunk begins behind it.
    fn part(&self, range: &Range<u64>) -> Option<Bytes> {
        let start = self.end - self.bytes.len() as u64;
        let from = usize::try_from(range.start.saturating_sub(start)).ok()?;
        let behind = usize::try_from(self.end.saturating_sub(range.end)).ok()?;
        let to = self.bytes.len().checked_sub(behind)?;
        (from < to).then(|| self.bytes.slice(from..to))
    }
}

/// Cuts a part so that no chunk of a response is larger than [`PIECE`].
fn pieces(mut part: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let length = part.len().min(PIECE);
        (length > 0).then(|| part.split_to(length))
    })
}

/// The largest chunk of a response.
const PIECE: usize = 256 * 1024;
/// Up to which size chunks are joined.
const SMALL: usize = 4096;

#[cfg(test)]
mod tests;
