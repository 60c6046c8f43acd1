use std::io::{self, Write};

use flate2::GzBuilder;
use flate2::write::GzEncoder;

use super::Compression;

/// Compresses what is written to it, in pieces of one size: what an encoder makes of its input depends on where that is cut, and here nothing else may count than the input.
pub(crate) struct Encoder<W: Write> {
    coder: Coder<W>,
    gathered: Vec<u8>,
}

impl<W: Send + Write> Encoder<W> {
    pub(crate) fn new(compression: Compression, output: W) -> io::Result<Self> {
        Ok(Self {
            coder: Coder::new(compression, output)?,
            gathered: Vec::with_capacity(PIECE),
        })
    }

    pub(crate) fn finish(mut self) -> io::Result<W> {
        self.coder.input().write_all(&self.gathered)?;
        self.coder.finish()
    }
}

impl<W: Send + Write> Write for Encoder<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        let room = PIECE.saturating_sub(self.gathered.len());
        let (taken, _) = piece.split_at(room.min(piece.len()));
        self.gathered.extend_from_slice(taken);
        if self.gathered.len() >= PIECE {
            self.coder.input().write_all(&self.gathered)?;
            self.gathered.clear();
        }
        Ok(taken.len())
    }

    /// Does nothing: pieces must not end early.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Coder<W: Write> {
    Gzip(Box<GzEncoder<W>>),
    None(W),
    #[cfg(feature = "zstd")]
    Zstd(zstd::Encoder<'static, W>),
}

impl<W: Send + Write> Coder<W> {
    fn new(compression: Compression, output: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => {
                let header = GzBuilder::new().mtime(0).operating_system(UNKNOWN_SYSTEM);
                Self::Gzip(Box::new(header.write(output, flate2::Compression::new(GZIP_LEVEL))))
            }
            Compression::None => Self::None(output),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Self::Zstd(zstd::Encoder::new(output, ZSTD_LEVEL)?),
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => return Err(io::Error::other(super::without_zstd())),
        })
    }

    fn input(&mut self) -> &mut dyn Write {
        match self {
            Self::Gzip(encoder) => encoder,
            Self::None(output) => output,
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder,
        }
    }

    fn finish(self) -> io::Result<W> {
        match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::None(output) => Ok(output),
            #[cfg(feature = "zstd")]
            Self::Zstd(encoder) => encoder.finish(),
        }
    }
}

const GZIP_LEVEL: u32 = 6;

/// How much is compressed at a time: 128 KiB. Another size gives other bytes.
const PIECE: usize = 128 << 10;

/// In the header of a gzip member: not told.
const UNKNOWN_SYSTEM: u8 = 255;

#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 3;
