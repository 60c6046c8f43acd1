//! Keys, and the tags that they become.

#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use oci_spec_types::{Digest, Sanitized, Tag};

/// The name of an object: any text of 1 byte to 1 KiB.
///
/// A tag is shorter than that and knows fewer characters, so a key is written in one of two ways:
///
/// - `k_` and the bytes of the key, where letters, digits, `.` and `-` stand for themselves and any other byte is `_` and two lower-case hexadecimal digits, if
///   that fits into the 128 characters of a tag;
/// - else `h_` and the sha256 of the key in hexadecimal.
///
/// Two keys never have the same tag (as far as nobody finds two texts with one sha256), and the manifest carries the key, which is compared whenever an object is read.
///
/// ```
/// use oci_image_tools::objects::Key;
///
/// let key: Key = "reports/2026 Q1.pdf".parse()?;
/// assert_eq!(key.tag().as_str(), "k_reports_2f2026_20Q1.pdf");
/// # Ok::<(), oci_image_tools::objects::InvalidKey>(())
/// ```
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Key(String);

impl Key {
    /// The most bytes of a key: 1 KiB.
    pub const MAX_LEN: usize = 1024;

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The tag under which the object is.
    #[must_use]
    pub fn tag(&self) -> Tag {
        let spelt = spell(&self.0);
        let text = match spelt.len() <= TAG_LEN {
            true => spelt,
            false => hashed(&self.0),
        };
        text.parse().expect("both ways of writing a key make a tag")
    }

    /// The key that a tag spells out; where the tag has only its hash, or is of something else, what is known of it.
    pub(super) fn of_tag(tag: &Tag) -> OfTag {
        let text = tag.as_str();
        if let Some(spelt) = text.strip_prefix(SPELT) {
            let key = unspell(spelt).and_then(|key| key.parse::<Self>().ok());
            // Only what this crate would write itself, or two tags could stand for one key.
            return match key.filter(|key| key.tag() == *tag) {
                Some(key) => OfTag::Key(key),
                None => OfTag::Other,
            };
        }
        let is_hash = |rest: &str| rest.len() == 64 && rest.bytes().all(|byte| HEX.contains(&byte));
        match text.strip_prefix(HASHED).is_some_and(is_hash) {
            true => OfTag::Hash,
            false => OfTag::Other,
        }
    }

    /// The name of the file that other clients save the content as: the key where that is a harmless relative path, else the tag.
    pub(super) fn title(&self) -> String {
        let harmless = |part: &str| !part.is_empty() && part != "." && part != "..";
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-/ ".contains(&byte);
        match self.0.split('/').all(harmless) && self.0.bytes().all(plain) {
            true => self.0.clone(),
            false => self.tag().to_string(),
        }
    }
}

impl fmt::Display for Key {
    /// The text, without what acts on a terminal, and cut where it is long.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        Sanitized::new(&self.0).fmt(formatter)
    }
}

impl FromStr for Key {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        match text.len() {
            1..=Self::MAX_LEN => Ok(Self(text.to_owned())),
            len => Err(InvalidKey { len }),
        }
    }
}

impl TryFrom<String> for Key {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        text.parse()
    }
}

/// A text that is no key: it is empty or too long.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct InvalidKey {
    len: usize,
}

impl fmt::Display for InvalidKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { len } = self;
        write!(
            formatter,
            "a key of {len} bytes: it must have from 1 to {}",
            Key::MAX_LEN
        )
    }
}

impl std::error::Error for InvalidKey {}

/// What a tag tells of a key.
pub(super) enum OfTag {
    Hash,
    Key(Key),
    Other,
}

fn spell(key: &str) -> String {
    let mut tag = SPELT.to_owned();
    for byte in key.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' => tag.push(char::from(byte)),
            _ => tag.push_str(&format!("_{byte:02x}")),
        }
    }
    tag
}

fn unspell(spelt: &str) -> Option<String> {
    let mut key = Vec::with_capacity(spelt.len());
    let mut rest = spelt.bytes();
    while let Some(byte) = rest.next() {
        key.push(match byte {
            b'_' => nibble(rest.next()?)? << 4 | nibble(rest.next()?)?,
            _ => byte,
        });
    }
    String::from_utf8(key).ok()
}

fn nibble(digit: u8) -> Option<u8> {
    let value = char::from(digit).to_digit(16)?;
    u8::try_from(value).ok()
}

fn hashed(key: &str) -> String {
    format!("{HASHED}{}", Digest::sha256(key.as_bytes()).encoded_string())
}

const HASHED: &str = "h_";
const HEX: &[u8] = b"0123456789abcdef";
const SPELT: &str = "k_";
/// The most characters of a tag.
const TAG_LEN: usize = 128;
