use std::fs::File;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};

use oci_spec_types::Digest;

use crate::Error;
use crate::partial_file::{KeptFile, PartialFile, failed};

/// The file that a blob is written into until it is whole. Everything here blocks.
pub(super) enum Destination {
    /// It stays when the download fails.
    Kept(KeptFile),
    /// It goes when it is dropped.
    Temporary(PartialFile),
}

impl Destination {
    pub(super) fn open(path: PathBuf, digest: &Digest, kept: bool) -> Result<Self, Error> {
        if kept {
            KeptFile::open(path, digest).map(Self::Kept)
        } else {
            PartialFile::create(path).map(Self::Temporary)
        }
    }

    pub(super) const fn is_kept(&self) -> bool {
        matches!(self, Self::Kept(_))
    }

    /// Which pieces of the blob, which has `size` bytes, an earlier run has left. They are only as right as that run was.
    pub(super) fn recover(&self, size: u64) -> Result<Vec<Range<u64>>, Error> {
        let file = self.file();
        let len = file.metadata().map(|metadata| metadata.len());
        let pieces = len.and_then(|len| {
            if len <= size {
                return Ok(std::iter::once(0..len).collect());
            }
            let mut note = vec![0; len.saturating_sub(size).min(LONGEST_NOTE as u64) as usize];
            read_exact_at(file, size, &mut note)?;
            Ok(pieces_of(&note, size).unwrap_or_default())
        });
        pieces.map_err(|error| failed("read", self.path(), error))
    }

    pub(super) fn truncate(&self, len: u64) -> Result<(), Error> {
        self.file()
            .set_len(len)
            .map_err(|error| failed("write", self.path(), error))
    }

    /// Notes behind the place of the blob which pieces of it are there: parts leave gaps between them, which must not be taken for content.
    pub(super) fn note(&self, size: u64, pieces: impl Iterator<Item = Range<u64>>) -> Result<(), Error> {
        let pieces: Vec<Range<u64>> = pieces.take(MOST_PIECES).collect();
        let numbers = pieces.iter().flat_map(|piece| [piece.start, piece.end]);
        let numbers = std::iter::once(pieces.len() as u64).chain(numbers);
        let note: Vec<u8> = numbers.flat_map(u64::to_le_bytes).collect();
        self.write_at(size, &note)
    }

    pub(super) fn write_at(&self, at: u64, content: &[u8]) -> Result<(), Error> {
        write_all_at(self.file(), at, content).map_err(|error| failed("write", self.path(), error))
    }

    pub(super) fn read_at(&self, at: u64, content: &mut [u8]) -> Result<(), Error> {
        read_exact_at(self.file(), at, content).map_err(|error| failed("read", self.path(), error))
    }

    pub(super) fn commit(self) -> Result<(), Error> {
        match self {
            Self::Kept(file) => file.commit(),
            Self::Temporary(file) => file.commit(),
        }
    }

    /// Leaves nothing behind.
    pub(super) fn discard(self) -> Result<(), Error> {
        match self {
            Self::Kept(file) => file.discard(),
            Self::Temporary(_) => Ok(()),
        }
    }

    fn file(&self) -> &File {
        match self {
            Self::Kept(file) => file.file(),
            Self::Temporary(file) => file.file(),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(file) => file.partial_path(),
            Self::Temporary(file) => file.path(),
        }
    }
}

/// The pieces that a note names: their number, then where each begins and ends.
fn pieces_of(note: &[u8], size: u64) -> Option<Vec<Range<u64>>> {
    let mut numbers = note
        .chunks_exact(size_of::<u64>())
        .filter_map(|number| Some(u64::from_le_bytes(number.try_into().ok()?)));
    let count = usize::try_from(numbers.next()?)
        .ok()
        .filter(|&count| count <= MOST_PIECES)?;
    let mut pieces = Vec::new();
    for _ in 0..count {
        let piece = numbers.next()?..numbers.next()?;
        if piece.start >= piece.end || piece.end > size {
            return None;
        }
        pieces.push(piece);
    }
    Some(pieces)
}

#[cfg(unix)]
fn read_exact_at(file: &File, at: u64, content: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, content, at)
}

#[cfg(unix)]
fn write_all_at(file: &File, at: u64, content: &[u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, content, at)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut at: u64, mut content: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;

    while !content.is_empty() {
        match file.seek_read(content, at) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                content = content.get_mut(read..).unwrap_or_default();
                at = at.saturating_add(read as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut at: u64, mut content: &[u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt as _;

    while !content.is_empty() {
        match file.seek_write(content, at) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => {
                content = content.get(written..).unwrap_or_default();
                at = at.saturating_add(written as u64);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// How many pieces are noted; what else is there is fetched again.
const MOST_PIECES: usize = 256;

/// The length of the longest note in bytes.
const LONGEST_NOTE: usize = (1 + 2 * MOST_PIECES) * size_of::<u64>();
