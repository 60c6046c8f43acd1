//! Reading a platform that a person wrote, and the many names of one architecture.

use std::str::FromStr;

use super::{Architecture, Os, Platform};

/// Text that is not a platform.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error(
    "invalid platform at byte {position}: write `os/arch` or `os/arch/variant`, such as `linux/arm64` or `linux/arm/v7`"
)]
pub struct InvalidPlatform {
    position: usize,
}

impl InvalidPlatform {
    /// The byte of the text where it is wrong; its length if something is missing at the end.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.position
    }
}

impl FromStr for Platform {
    type Err = InvalidPlatform;

    /// Parses `os/arch` or `os/arch/variant` and [normalizes](Platform::normalized) it.
    ///
    /// # Errors
    ///
    /// With the position of the first byte that does not fit.
    fn from_str(text: &str) -> Result<Self, InvalidPlatform> {
        let mut parts = Vec::with_capacity(MAX_PARTS);
        let mut position = 0;
        for part in text.split('/') {
            if parts.len() == MAX_PARTS {
                return Err(InvalidPlatform { position: position - 1 });
            }
            check(part).map_err(|within| InvalidPlatform {
                position: position + within,
            })?;
            parts.push(part);
            position += part.len() + 1;
        }
        let [os, architecture, variant @ ..] = parts.as_slice() else {
            return Err(InvalidPlatform { position: text.len() });
        };
        let platform = Self::new((*os).into(), (*architecture).into());
        let variant = variant.first().map(|variant| (*variant).to_owned());
        Ok(Self { variant, ..platform }.normalized())
    }
}

/// Checks that a part is of letters, digits, `_`, `.` and `-`, and not empty. The error is a position.
fn check(part: &str) -> Result<(), usize> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    match part.bytes().position(|byte| !fits(byte)) {
        None if part.is_empty() => Err(0),
        None => Ok(()),
        Some(position) => Err(position),
    }
}

pub(super) fn normalize(platform: Platform) -> Platform {
    let (architecture, variant) = normalize_architecture(&platform.architecture, platform.variant.as_deref());
    Platform {
        architecture,
        os: normalize_os(&platform.os),
        variant,
        ..platform
    }
}

fn normalize_os(os: &Os) -> Os {
    match os.as_str().to_ascii_lowercase() {
        macos if macos == "macos" => Os::DARWIN,
        other => other.into(),
    }
}

fn normalize_architecture(architecture: &Architecture, variant: Option<&str>) -> (Architecture, Option<String>) {
    let architecture = architecture.as_str().to_ascii_lowercase();
    let variant = variant.unwrap_or_default().to_ascii_lowercase();
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("386" | "i386" | "i486" | "i586" | "i686" | "x86", _) => ("386", String::new()),
        ("amd64" | "x86_64" | "x86-64", "v1" | "1") => ("amd64", String::new()),
        ("amd64" | "x86_64" | "x86-64", _) => ("amd64", prefixed(variant)),
        ("arm64" | "aarch64", "v8" | "8" | "v8.0" | "8.0") => ("arm64", String::new()),
        ("arm64" | "aarch64", _) => ("arm64", prefixed(variant)),
        ("armhf" | "armv7l", _) | ("arm", "") => ("arm", "v7".to_owned()),
        ("armel" | "armv6l", _) => ("arm", "v6".to_owned()),
        ("arm", _) => ("arm", prefixed(variant)),
        ("riscv64", "rva20u64") => ("riscv64", String::new()),
        (other, _) => (other, variant),
    };
    (architecture.into(), Some(variant).filter(|variant| !variant.is_empty()))
}

/// A variant that was written as a bare number gets its `v`.
fn prefixed(variant: String) -> String {
    if variant.starts_with(|first: char| first.is_ascii_digit()) {
        format!("v{variant}")
    } else {
        variant
    }
}

/// Operating system, architecture, variant.
const MAX_PARTS: usize = 3;
