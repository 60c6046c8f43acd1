//! Platforms: what an image runs on, and which entry of an index to take for one.

mod architecture;
mod matcher;
mod no_match;
mod os;
mod parse;

#[cfg(test)]
mod tests;

use std::fmt::{self, Display};

pub use self::{
    architecture::Architecture, matcher::PlatformMatcher, no_match::NoMatch, os::Os, parse::InvalidPlatform,
};
use crate::{Extra, Sanitized, json::wire_object};

/// What an image runs on: operating system, architecture and its variant.
///
/// Parsing takes `os/arch` or `os/arch/variant` and the usual other names of architectures; what is read from a document
/// stays as it was written. [`Platform::normalized`] brings both to one form.
///
/// ```
/// use oci_spec_types::{Architecture, Os, Platform};
///
/// let platform: Platform = "linux/armhf".parse()?;
/// assert_eq!(platform, Platform::new(Os::LINUX, Architecture::ARM).with_variant("v7"));
/// assert_eq!(platform.to_string(), "linux/arm/v7");
/// # Ok::<(), oci_spec_types::InvalidPlatform>(())
/// ```
///
/// Spec: [image-spec, image-index.md](https://github.com/opencontainers/image-spec/blob/main/image-index.md).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct Platform {
    /// The architecture, in the words of Go.
    pub architecture: Architecture,
    /// The operating system, in the words of Go.
    pub os: Os,
    /// The version of the operating system, such as `10.0.17763.1234` of Windows.
    pub os_version: Option<String>,
    /// What the operating system has to offer, such as `win32k` of Windows.
    pub os_features: Vec<String>,
    /// The variant of the architecture, such as `v7`.
    pub variant: Option<String>,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl Platform {
    /// A platform of this operating system and architecture.
    #[must_use]
    pub const fn new(os: Os, architecture: Architecture) -> Self {
        Self {
            architecture,
            os,
            os_version: None,
            os_features: Vec::new(),
            variant: None,
            extra: Extra::new(),
        }
    }

    /// The platform that this program was built for.
    ///
    /// Where containers run in a Linux virtual machine, as on macOS, set `os` to [`Os::LINUX`].
    #[must_use]
    pub fn host() -> Self {
        let os = match std::env::consts::OS {
            "macos" => Os::DARWIN,
            other => Os::from(other),
        };
        let architecture = match std::env::consts::ARCH {
            "loongarch64" => "loong64",
            "mips" if cfg!(target_endian = "little") => "mipsle",
            "mips64" if cfg!(target_endian = "little") => "mips64le",
            "powerpc64" if cfg!(target_endian = "little") => "ppc64le",
            "powerpc64" => "ppc64",
            "wasm32" => "wasm",
            "x86" => "386",
            other => other,
        };
        Self::new(os, architecture.into()).normalized()
    }

    /// The same with a version of the operating system.
    #[must_use]
    pub fn with_os_version(self, version: impl Into<String>) -> Self {
        Self {
            os_version: Some(version.into()),
            ..self
        }
    }

    /// The same with a variant.
    #[must_use]
    pub fn with_variant(self, variant: impl Into<String>) -> Self {
        Self {
            variant: Some(variant.into()),
            ..self
        }
    }

    /// Whether this is the `unknown/unknown` that marks an entry of an index as no image, such as an attestation.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.os == Os::UNKNOWN && self.architecture == Architecture::UNKNOWN
    }

    /// Whether there is no variant, it is one that the spec lists for the architecture, or the spec lists none.
    pub(crate) fn has_known_variant(&self) -> bool {
        let has_list = matches!(
            self.architecture.as_str(),
            "amd64" | "arm" | "arm64" | "ppc64le" | "riscv64"
        );
        self.variant.as_deref().is_none_or(str::is_empty) || !has_list || matcher::level(self).is_some()
    }

    /// The same platform in the form that is compared: lower case, one name per architecture, and the variant written only
    /// where it is not the one that goes without saying.
    ///
    /// | written | becomes |
    /// |---|---|
    /// | `macos` | `darwin` |
    /// | `x86_64`, `x86-64`, and `amd64/v1` | `amd64` |
    /// | `i386`, `i486`, `i586`, `i686`, `x86` | `386` |
    /// | `aarch64`, and `arm64/v8`, `arm64/8`, `arm64/v8.0` | `arm64` |
    /// | `arm`, `armhf`, `armv7l`, and `arm/7` | `arm/v7` |
    /// | `armel`, `armv6l`, and `arm/6` | `arm/v6` |
    /// | `riscv64/rva20u64` | `riscv64` |
    #[must_use]
    pub fn normalized(self) -> Self {
        parse::normalize(self)
    }
}

/// Writes `os/arch` or `os/arch/variant`, without control characters.
impl Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.os, self.architecture)?;
        match self.variant.as_deref() {
            None | Some("") => Ok(()),
            Some(variant) => write!(f, "/{}", Sanitized::new(variant)),
        }
    }
}

wire_object!(Platform;
    "architecture" => architecture: required,
    "os" => os: required,
    "os.version" => os_version: optional,
    "os.features" => os_features: default,
    "variant" => variant: optional,
);
