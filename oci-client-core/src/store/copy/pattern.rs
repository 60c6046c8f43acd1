use std::fmt;
use std::str::FromStr;

use oci_spec_types::Tag;

/// A pattern that tags match as a whole: `*` stands for any characters, also none, and `?` for one.
///
/// ```
/// use oci_client_core::store::TagPattern;
///
/// let pattern: TagPattern = "v1.*-rc?".parse()?;
/// assert!(pattern.matches(&"v1.20-rc3".parse().unwrap()));
/// assert!(!pattern.matches(&"v1.20".parse().unwrap()));
/// assert!("v1/*".parse::<TagPattern>().is_err());
/// # Ok::<(), oci_client_core::store::InvalidTagPattern>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TagPattern(String);

impl TagPattern {
    /// The pattern of all tags.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// The pattern of the tags that begin with `prefix`, as any tag may.
    ///
    /// # Errors
    /// If no tag can contain it.
    pub fn prefix(prefix: &str) -> Result<Self, InvalidTagPattern> {
        match prefix.contains(['*', '?']) {
            true => Err(InvalidTagPattern(())),
            false => format!("{prefix}*").parse(),
        }
    }

    /// Whether `tag` is one that the pattern stands for. It takes time in proportion to the product of both lengths at most.
    pub fn matches(&self, tag: &Tag) -> bool {
        matches(self.0.as_bytes(), tag.as_str().as_bytes())
    }

    /// The longest pattern in bytes.
    pub const MAX_LENGTH: usize = 256;
}

impl FromStr for TagPattern {
    type Err = InvalidTagPattern;

    fn from_str(text: &str) -> Result<Self, InvalidTagPattern> {
        let allowed = text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || "_.-*?".contains(char));
        match allowed && !text.is_empty() && text.len() <= Self::MAX_LENGTH {
            true => Ok(Self(text.to_owned())),
            false => Err(InvalidTagPattern(())),
        }
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A text that no tag can match.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a pattern for tags has 1 to 256 letters, digits, `_`, `.`, `-`, and `*` and `?` for any of them")]
pub struct InvalidTagPattern(());

/// Goes back to the last `*` only, so that no pattern takes more than a pass for each character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(read) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at = at.saturating_add(1);
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at = at.saturating_add(1);
                read = read.saturating_add(1);
            }
            _ => {
                let Some((star_at, taken)) = star else {
                    return false;
                };
                // The star takes one more.
                let taken = taken.saturating_add(1);
                star = Some((star_at, taken));
                (at, read) = (star_at.saturating_add(1), taken);
            }
        }
    }
    pattern.iter().skip(at).all(|left| *left == b'*')
}

#[cfg(test)]
mod tests;
