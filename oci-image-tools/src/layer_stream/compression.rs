use std::io::{BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::MediaType;

use crate::fault::Fault;

/// The tar archive that a layer is, by its media type; its first bytes must agree.
pub(super) fn uncompressed<R>(mut blob: R, media_type: &MediaType) -> Result<Box<dyn Read + Send>, Error>
where
    R: BufRead + Send + 'static,
{
    let said = Compression::of(media_type)?;
    let peeked = blob.fill_buf().map_err(Fault::from);
    let start = peeked.map_err(|fault| fault.into_error(|| "the layer cannot be read".to_owned()))?;
    let found = Compression::found(start);
    // A layer without a single byte is an archive without entries, as some writers have it.
    if found != said && !start.is_empty() {
        let message = format!(
            "the layer is {}, but its media type `{media_type}` says {}",
            found.name(),
            said.name()
        );
        return Err(Error::new(ErrorKind::Invalid, message));
    }
    match said {
        Compression::Gzip if start.is_empty() => Ok(Box::new(blob)),
        Compression::Gzip => Ok(Box::new(MultiGzDecoder::new(blob))),
        Compression::None => Ok(Box::new(blob)),
        Compression::Zstd => zstd(blob),
    }
}

#[cfg(feature = "zstd")]
fn zstd(blob: impl BufRead + Send + 'static) -> Result<Box<dyn Read + Send>, Error> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(std::io::BufReader::new(blob))?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

#[cfg(not(feature = "zstd"))]
fn zstd(_: impl BufRead + Send + 'static) -> Result<Box<dyn Read + Send>, Error> {
    let message = "the layer is compressed with zstd; build oci-image-tools with its feature `zstd` to read it";
    Err(Error::new(ErrorKind::Unsupported, message))
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Compression {
    Gzip,
    None,
    Zstd,
}

impl Compression {
    fn of(media_type: &MediaType) -> Result<Self, Error> {
        let name = media_type.as_str();
        let ends = |endings: [&str; 2]| endings.iter().any(|ending| name.ends_with(ending));
        if ends([".tar+gzip", ".tar.gzip"]) {
            Ok(Self::Gzip)
        } else if ends([".tar+zstd", ".tar.zstd"]) {
            Ok(Self::Zstd)
        } else if name.ends_with(".tar") {
            Ok(Self::None)
        } else {
            let message = format!("a layer of type `{media_type}` is no tar archive that can be read");
            Err(Error::new(ErrorKind::Unsupported, message))
        }
    }

    /// What the first bytes say. A tar archive has the name of a file there, which begins with none of these.
    fn found(start: &[u8]) -> Self {
        match start {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Self::Zstd,
            _ => Self::None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::None => "uncompressed",
            Self::Zstd => "zstd",
        }
    }
}

/// The largest window of zstd, 128 MiB: what its own tools take without being asked.
#[cfg(feature = "zstd")]
const WINDOW_LOG_MAX: u32 = 27;
