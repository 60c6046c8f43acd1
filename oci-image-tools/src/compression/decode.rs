use std::io::{BufRead, Read};

use flate2::bufread::MultiGzDecoder;
use oci_client_core::Error;
use oci_spec_types::MediaType;

use super::Compression;
use crate::errors::{Fault, invalid};

/// The tar archive that a layer is, by its media type; its first bytes must agree. All of the blob has to be of the format, and whole: what reads it to the end learns that.
pub(crate) fn uncompressed<'a>(
    mut blob: impl BufRead + Send + 'a,
    media_type: &MediaType,
) -> Result<Box<dyn Read + Send + 'a>, Error> {
    let said = Compression::of_layer(media_type)?;
    let peeked = blob.fill_buf().map_err(Fault::from);
    let start = peeked.map_err(|fault| fault.into_error(|| "the layer cannot be read".to_owned()))?;
    // A layer without a single byte is an archive without entries, as some writers have it.
    if start.is_empty() {
        return Ok(Box::new(blob));
    }
    let found = found(start);
    if found != said {
        let (found, said) = (name(found), name(said));
        return Err(invalid(format!(
            "the layer is {found}, but its media type `{media_type}` says {said}"
        )));
    }
    match said {
        Compression::Gzip => Ok(Box::new(gunzipped(blob))),
        Compression::None => Ok(Box::new(blob)),
        Compression::Zstd => zstd(blob),
    }
}

/// What gzip has made smaller; of several members all.
pub(crate) fn gunzipped<R: BufRead>(compressed: R) -> MultiGzDecoder<R> {
    MultiGzDecoder::new(compressed)
}

#[cfg(feature = "zstd")]
fn zstd<'a>(blob: impl BufRead + Send + 'a) -> Result<Box<dyn Read + Send + 'a>, Error> {
    let mut decoder = zstd::stream::read::Decoder::with_buffer(blob)?;
    decoder.window_log_max(WINDOW_LOG_MAX)?;
    Ok(Box::new(decoder))
}

#[cfg(not(feature = "zstd"))]
fn zstd<'a>(_: impl BufRead + Send + 'a) -> Result<Box<dyn Read + Send + 'a>, Error> {
    Err(super::without_zstd())
}

/// What the first bytes say. A tar archive has the name of a file there, which begins with none of these.
fn found(start: &[u8]) -> Compression {
    match start {
        [0x1f, 0x8b, ..] => Compression::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Compression::Zstd,
        _ => Compression::None,
    }
}

const fn name(compression: Compression) -> &'static str {
    match compression {
        Compression::Gzip => "gzip",
        Compression::None => "uncompressed",
        Compression::Zstd => "zstd",
    }
}

/// The largest window of zstd, 128 MiB, which is what is allocated for it: what its own tools take without being asked.
#[cfg(feature = "zstd")]
const WINDOW_LOG_MAX: u32 = 27;
