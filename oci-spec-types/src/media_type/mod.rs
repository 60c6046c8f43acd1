//! Media types: what a document or blob is.

mod known;
mod parse;

#[cfg(test)]
mod tests;

use std::{
    cmp::Ordering,
    fmt::{self, Display},
    hash::{Hash, Hasher},
    str::FromStr,
    sync::Arc,
};

pub use self::parse::{InvalidMediaType, InvalidMediaTypeKind};
use crate::text::text_conversions;

/// A media type without parameters, such as `application/vnd.oci.image.manifest.v1+json`.
///
/// The set is open: associated constants name the ones of the specs, any other name of the RFC 6838
/// grammar is carried as it is. Letters of either case are equal (RFC 6838, section 4.2), the text
/// stays as it was written. Well-known types take no heap memory.
///
/// ```
/// use oci_spec_types::MediaType;
///
/// let media_type: MediaType = "application/vnd.oci.image.index.v1+json".parse()?;
/// assert_eq!(media_type, MediaType::IMAGE_INDEX);
/// assert!(media_type.is_index() && media_type.is_manifest());
///
/// const SBOM: MediaType = MediaType::from_static("application/spdx+json");
/// assert_eq!(MediaType::parse_content_type("Application/SPDX+json; charset=utf-8")?, SBOM);
/// # Ok::<(), oci_spec_types::InvalidMediaType>(())
/// ```
///
/// Spec: [image-spec,
/// media-types.md](https://github.com/opencontainers/image-spec/blob/main/media-types.md).
#[derive(Clone)]
pub struct MediaType(Repr);

#[derive(Clone)]
enum Repr {
    Shared(Arc<str>),
    Static(&'static str),
}

impl MediaType {
    /// The media type that a program names itself; usable in constants.
    ///
    /// # Panics
    ///
    /// If `text` is not a media type; in a constant, that is an error at compile time.
    #[must_use]
    pub const fn from_static(text: &'static str) -> Self {
        assert!(
            parse::scan(text.as_bytes()).is_ok(),
            "not a media type without parameters"
        );
        Self(Repr::Static(text))
    }

    /// The media type of a `Content-Type` header: parameters and the space around it are left out.
    ///
    /// # Errors
    ///
    /// If what is left is not a media type. The position counts from the start of `header`.
    pub fn parse_content_type(header: &str) -> Result<Self, InvalidMediaType> {
        let value = header.split(';').next().unwrap_or_default();
        let text = value.trim_ascii_start();
        let offset = value.len() - text.len();
        text.trim_ascii_end()
            .parse()
            .map_err(|error: InvalidMediaType| error.after(offset))
    }

    /// The text, in the case in which it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Shared(text) => text,
            Repr::Static(text) => text,
        }
    }
}

text_conversions!(MediaType, InvalidMediaType, "a media type such as `application/json`");

impl AsRef<str> for MediaType {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl Display for MediaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Eq for MediaType {}

impl FromStr for MediaType {
    type Err = InvalidMediaType;

    /// Parses `type/subtype`, each of 1 to 127 characters.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidMediaType> {
        if let Some(known) = known::intern(text) {
            return Ok(Self(Repr::Static(known)));
        }
        parse::check(text)?;
        Ok(Self(Repr::Shared(text.into())))
    }
}

impl Hash for MediaType {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for byte in lower_case(self) {
            state.write_u8(byte);
        }
        state.write_u8(0xff);
    }
}

impl Ord for MediaType {
    fn cmp(&self, other: &Self) -> Ordering {
        lower_case(self).cmp(lower_case(other))
    }
}

impl PartialEq for MediaType {
    fn eq(&self, other: &Self) -> bool {
        self.as_str().eq_ignore_ascii_case(other.as_str())
    }
}

impl PartialOrd for MediaType {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn lower_case(media_type: &MediaType) -> impl Iterator<Item = u8> {
    media_type.as_str().bytes().map(|byte| byte.to_ascii_lowercase())
}
