use std::fmt;

/// What an endpoint may be asked for.
///
/// ```
/// use oci_client_core::hosts::HostCapabilities;
///
/// let cache = HostCapabilities::PULL.and(HostCapabilities::RESOLVE);
/// assert!(cache.include(HostCapabilities::PULL));
/// assert!(!cache.include(HostCapabilities::PUSH));
/// assert_eq!(format!("{cache:?}"), "HostCapabilities(pull, resolve)");
/// ```
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct HostCapabilities(u8);

impl HostCapabilities {
    /// Everything.
    pub const ALL: Self = Self::PULL.and(Self::PUSH).and(Self::REFERRERS).and(Self::RESOLVE);

    /// Nothing.
    pub const NONE: Self = Self(0);

    /// Content by its digest, which is verified wherever it comes from.
    pub const PULL: Self = Self(1);

    /// Storing and deleting.
    pub const PUSH: Self = Self(2);

    /// What refers to a manifest. That is the endpoint's word: of what it leaves out of a list nobody hears, and what was attached a moment ago may not be in it yet.
    ///
    /// A mirror is asked by the referrers API alone. One that does not have it, fails, or lists nothing is passed over; where lists are written they are read at last,
    /// with or without this capability.
    pub const REFERRERS: Self = Self(4);

    /// What a tag stands for. That is the endpoint's word: whoever answers decides which content is pulled.
    pub const RESOLVE: Self = Self(8);

    /// These and `others`.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// The one that configuration files call `name`.
    #[cfg(feature = "host-files")]
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(one, _)| *one)
    }

    /// Whether all of `others` are among these.
    pub const fn include(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl fmt::Debug for HostCapabilities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostCapabilities({self})")
    }
}

impl fmt::Display for HostCapabilities {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = NAMES
            .iter()
            .filter(|(one, _)| self.include(*one))
            .map(|(_, name)| *name)
            .collect();
        formatter.write_str(if names.is_empty() { "none" } else { "" })?;
        formatter.write_str(&names.join(", "))
    }
}

/// How configuration files call them.
const NAMES: [(HostCapabilities, &str); 4] = [
    (HostCapabilities::PULL, "pull"),
    (HostCapabilities::PUSH, "push"),
    (HostCapabilities::REFERRERS, "referrers"),
    (HostCapabilities::RESOLVE, "resolve"),
];
