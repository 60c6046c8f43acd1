//! Which entry of an index to take.

use super::{Architecture, Os, Platform};
use crate::Descriptor;

/// Chooses the entry of an index to run on a platform.
///
/// Among the entries, the best variant wins; among equal ones, the first, as the spec asks:
/// 1. Operating system and architecture must be those of the platform, whatever their [spelling](Platform::normalized).
/// 2. The variant must be the platform's or a lower one, the highest first: what was built for `arm/v6` runs on `arm/v7`,
///    what was built for `amd64` runs on `amd64/v3`. Where variants have no such order, it must be equal.
/// 3. If both name a version of Windows, the first three numbers of it, up to the build, must be equal; of another system,
///    all of it. Where only one names a version, it does not matter.
/// 4. Each feature that the entry needs (`os.features`) must be offered; see [`PlatformMatcher::with_os_features`].
///
/// An entry without a platform and an `unknown/unknown` one, such as an attestation, never match.
///
/// ```
/// use oci_spec_types::{Descriptor, MediaType, Platform, PlatformMatcher};
///
/// let entry = |platform: &str| {
///     Descriptor::of(MediaType::IMAGE_MANIFEST, platform.as_bytes()).with_platform(platform.parse().unwrap())
/// };
/// let entries = [entry("linux/arm/v5"), entry("linux/arm/v6"), entry("linux/arm/v7")];
/// let matcher = |platform: &str| PlatformMatcher::new(platform.parse().unwrap());
/// assert_eq!(matcher("linux/arm/v6").select(&entries), Some(&entries[1]));
/// assert_eq!(matcher("linux/arm/v8").select(&entries), Some(&entries[2]));
/// assert_eq!(matcher("linux/arm64").select(&entries), None);
/// assert_eq!(matcher("linux/arm64").with_32bit_fallback().select(&entries), Some(&entries[2]));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PlatformMatcher {
    accepts_32bit: bool,
    platform: Platform,
}

impl PlatformMatcher {
    /// A matcher for this platform.
    ///
    /// If `platform` has no `os_features`, Windows is taken to offer `win32k` and other systems nothing.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        let mut platform = platform.normalized();
        if platform.os_features.is_empty() && platform.os == Os::WINDOWS {
            platform.os_features.push("win32k".to_owned());
        }
        Self {
            accepts_32bit: false,
            platform,
        }
    }

    /// Accepts what was built for the 32-bit architecture of the same processor (`arm` on `arm64`, `386` on `amd64`) if
    /// there is nothing else.
    #[must_use]
    pub fn with_32bit_fallback(self) -> Self {
        Self {
            accepts_32bit: true,
            ..self
        }
    }

    /// Sets what the operating system offers.
    #[must_use]
    pub fn with_os_features<F: Into<String>>(mut self, features: impl IntoIterator<Item = F>) -> Self {
        self.platform.os_features = features.into_iter().map(Into::into).collect();
        self
    }

    /// The platform that is looked for, normalized.
    #[must_use]
    pub const fn platform(&self) -> &Platform {
        &self.platform
    }

    /// Whether what was built for `offered` may be taken.
    #[must_use]
    pub fn matches(&self, offered: &Platform) -> bool {
        self.rank(offered).is_some()
    }

    /// The entry to take; `None` if none matches.
    #[must_use]
    pub fn select<'a>(&self, entries: &'a [Descriptor]) -> Option<&'a Descriptor> {
        let ranked = entries
            .iter()
            .filter_map(|entry| Some((self.rank(entry.platform.as_ref()?)?, entry)));
        // Of equal ranks, the first entry is kept.
        ranked.min_by_key(|(rank, _)| *rank).map(|(_, entry)| entry)
    }

    /// How far an offer is from the best one, which is 0; `None` if it does not match.
    fn rank(&self, offered: &Platform) -> Option<u32> {
        if offered.is_unknown() {
            return None;
        }
        let offered = offered.clone().normalized();
        let fits = offered.os == self.platform.os && self.fits_version(&offered) && self.fits_features(&offered);
        if !fits {
            return None;
        }
        if offered.architecture == self.platform.architecture {
            return steps_down(&self.platform, &offered);
        }
        if self.accepts_32bit {
            self.rank_32bit(&offered)
        } else {
            None
        }
    }

    fn rank_32bit(&self, offered: &Platform) -> Option<u32> {
        let os = self.platform.os.clone();
        let narrow = if self.platform.architecture == Architecture::AMD64 {
            Platform::new(os, Architecture::I386)
        } else if self.platform.architecture == Architecture::ARM64 {
            Platform::new(os, Architecture::ARM).with_variant("v8")
        } else {
            return None;
        };
        if offered.architecture != narrow.architecture {
            return None;
        }
        steps_down(&narrow, offered).map(|steps| AFTER_ALL_VARIANTS + steps)
    }

    fn fits_features(&self, offered: &Platform) -> bool {
        offered
            .os_features
            .iter()
            .all(|needed| self.platform.os_features.contains(needed))
    }

    fn fits_version(&self, offered: &Platform) -> bool {
        match (version(&self.platform), version(offered)) {
            (Some(own), Some(needed)) if self.platform.os == Os::WINDOWS => {
                own.split('.').take(3).eq(needed.split('.').take(3))
            }
            (Some(own), Some(needed)) => own == needed,
            _ => true,
        }
    }
}

fn version(platform: &Platform) -> Option<&str> {
    platform.os_version.as_deref().filter(|version| !version.is_empty())
}

/// How many steps the variant of `offered` is below that of `own`, both of one architecture; `None` if it is not.
fn steps_down(own: &Platform, offered: &Platform) -> Option<u32> {
    if own.variant == offered.variant {
        return Some(0);
    }
    level(own)?.checked_sub(level(offered)?)
}

/// The place of a variant among those of its architecture, for architectures whose variants each run what the lower ones
/// run. A variant that is not known has none.
pub(super) fn level(platform: &Platform) -> Option<u32> {
    let variant = platform.variant.as_deref();
    let architecture = platform.architecture.as_str();
    match (architecture, variant) {
        ("amd64", None) => Some(1),
        ("amd64", Some(variant)) => number(variant, "v").filter(|level| (1..=MAX_LEVEL).contains(level)),
        ("arm", Some(variant)) => number(variant, "v").filter(|level| (5..=8).contains(level)),
        ("arm64", None) => arm64_level("v8"),
        ("arm64", Some(variant)) => arm64_level(variant),
        ("ppc64le" | "ppc64", None) => Some(8),
        ("ppc64le" | "ppc64", Some(variant)) => {
            number(variant, "power").filter(|level| (8..=MAX_LEVEL).contains(level))
        }
        ("riscv64", None) => Some(20),
        ("riscv64", Some(variant)) => {
            number(variant.strip_suffix("u64")?, "rva").filter(|level| (20..=MAX_LEVEL).contains(level))
        }
        _ => None,
    }
}

/// Armv9.N has what Armv8.(N+5) has, so that both series are one.
fn arm64_level(variant: &str) -> Option<u32> {
    let (major, minor) = variant.split_once('.').unwrap_or((variant, "0"));
    let minor = number(minor, "").filter(|minor| *minor <= MAX_LEVEL)?;
    match major {
        "v8" => Some(2 * minor),
        "v9" => Some(2 * (minor + 5) + 1),
        _ => None,
    }
}

/// The number after `prefix`, written without sign or leading zeros.
fn number(text: &str, prefix: &str) -> Option<u32> {
    let digits = text.strip_prefix(prefix)?;
    let canonical = digits == "0" || !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit());
    if canonical { digits.parse().ok() } else { None }
}

/// No variant has a higher number: a bound that keeps sums small.
const MAX_LEVEL: u32 = 99;

/// A rank after those of all variants of one architecture.
const AFTER_ALL_VARIANTS: u32 = 1_000;
