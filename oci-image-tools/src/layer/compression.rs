use std::io::{self, Write};

use flate2::GzBuilder;
use flate2::write::{GzEncoder, MultiGzDecoder};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::MediaType;

/// How a layer is compressed, and by what: the bytes of a compressed layer, and so its digest, are those of one encoder at one level.
///
/// The DiffID of a layer does not depend on any of this.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Compression {
    /// gzip by flate2 over zlib-rs, level 6, without a time or name in its header. Another crate in the same program that has flate2 use another backend changes the bytes.
    #[default]
    Gzip,
    /// The tar archive as it is.
    None,
    /// zstd by the reference implementation, level 3, one frame. Needs the feature `zstd`.
    Zstd,
}

impl Compression {
    /// How a layer of this type is compressed; `None` if it is not the type of a layer.
    pub fn of(media_type: &MediaType) -> Option<Self> {
        if !media_type.is_layer() {
            return None;
        }
        let suffix = media_type.as_str().rsplit(['.', '+']).next();
        Some(match suffix {
            Some(suffix) if suffix.eq_ignore_ascii_case("gzip") => Self::Gzip,
            Some(suffix) if suffix.eq_ignore_ascii_case("zstd") => Self::Zstd,
            _ => Self::None,
        })
    }

    /// The type of an OCI layer that is compressed like this.
    pub const fn media_type(self) -> MediaType {
        match self {
            Self::Gzip => MediaType::IMAGE_LAYER_GZIP,
            Self::None => MediaType::IMAGE_LAYER,
            Self::Zstd => MediaType::IMAGE_LAYER_ZSTD,
        }
    }
}

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
            Compression::Zstd => return Err(without_zstd()),
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

/// Decompresses what is written to it. All of it has to be of the format: what follows the end is an error.
pub(crate) enum Decoder<W: Write> {
    Gzip(Box<MultiGzDecoder<W>>),
    None(W),
    #[cfg(feature = "zstd")]
    Zstd(zstd::stream::write::Decoder<'static, W>),
}

impl<W: Write> Decoder<W> {
    pub(crate) fn new(compression: Compression, output: W) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Self::Gzip(Box::new(MultiGzDecoder::new(output))),
            Compression::None => Self::None(output),
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut decoder = zstd::stream::raw::Decoder::new()?;
                decoder.set_parameter(zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                Self::Zstd(zstd::stream::write::Decoder::with_decoder(output, decoder))
            }
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => return Err(without_zstd()),
        })
    }

    /// Fails if what was written ends too early.
    pub(crate) fn finish(self) -> io::Result<W> {
        match self {
            Self::Gzip(decoder) => decoder.finish(),
            Self::None(output) => Ok(output),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.finish(),
        }
    }

    fn output(&mut self) -> &mut dyn Write
    where
        W: Send,
    {
        match self {
            Self::Gzip(decoder) => decoder,
            Self::None(output) => output,
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder,
        }
    }
}

impl<W: Send + Write> Write for Decoder<W> {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.output().write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output().flush()
    }
}

#[cfg(not(feature = "zstd"))]
fn without_zstd() -> io::Error {
    io::Error::other(Error::new(
        ErrorKind::Unsupported,
        "zstd was left out of this program; build it with the feature `zstd` of oci-image-tools",
    ))
}

/// What went wrong where content flows through writers: an error of this library as it is, any other with what was being done.
pub(crate) fn failed(error: io::Error, doing: &str) -> Error {
    match error.downcast::<Error>() {
        Ok(error) => error,
        Err(error) => Error::new(ErrorKind::Store, doing).with_source(error),
    }
}

const GZIP_LEVEL: u32 = 6;

/// How much is compressed at a time: 128 KiB. Another size gives other bytes.
const PIECE: usize = 128 << 10;

/// In the header of a gzip member: not told.
const UNKNOWN_SYSTEM: u8 = 255;

#[cfg(feature = "zstd")]
const ZSTD_LEVEL: i32 = 3;

/// The largest window of a zstd frame that is read: 128 MiB, which is what is allocated for it.
#[cfg(feature = "zstd")]
const ZSTD_WINDOW_LOG: u32 = 27;
