use std::sync::Arc;

use oci_spec_types::RegistryHost;

use super::Shared;
use super::progress::BlobEvent;
use super::site::Site;
use crate::proto::headers::RateLimit;
use crate::proto::{Notice, Warning, WarningOrigin};

/// Is told what happens besides the results of operations. Every method has an empty default.
///
/// The methods are called on whatever thread drives the operation, which waits for them: they must return at once, and hand longer work on.
///
/// ```
/// use std::sync::Mutex;
///
/// use oci_client_core::client::{Observer, WarningEvent};
///
/// #[derive(Default)]
/// struct Warnings(Mutex<Vec<String>>);
///
/// impl Observer for Warnings {
///     fn warning(&self, event: &WarningEvent<'_>) {
///         self.0.lock().unwrap().push(format!("{}: {}", event.host, event.text));
///     }
/// }
/// ```
pub trait Observer: Send + Sync {
    /// A blob has come a step further. This is called on the way of the content.
    fn blob(&self, event: &BlobEvent<'_>) {
        let _ = event;
    }

    /// A warning. Each text comes once per client and registry, as long as there are not hundreds of them.
    fn warning(&self, event: &WarningEvent<'_>) {
        let _ = event;
    }

    /// A registry has stated a rate limit other than its last one.
    fn rate_limit(&self, event: &RateLimitEvent<'_>) {
        let _ = event;
    }
}

/// Something to look into, which is no error. Nothing should be decided by its text.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct WarningEvent<'a> {
    /// The registry that it is about.
    pub host: &'a RegistryHost,
    /// Who warns.
    pub origin: WarningOrigin,
    /// The text, on one line and without control characters.
    pub text: &'a str,
}

/// How many requests a registry allows.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RateLimitEvent<'a> {
    /// The registry.
    pub host: &'a RegistryHost,
    /// What it says.
    pub limit: RateLimit,
}

impl Shared {
    /// Hands on what was learned while the memory of `site` was locked.
    pub(super) fn tell(&self, site: &Site, notices: Vec<Notice>) {
        let name = site.name();
        for notice in notices {
            match &notice {
                Notice::RateLimit(limit) => {
                    tracing::debug!(host = %name, ?limit, "rate limit");
                    let limit = *limit;
                    self.observed(|observer| observer.rate_limit(&RateLimitEvent { host: name, limit }));
                }
                Notice::Warning(Warning { origin, text }) => {
                    tracing::warn!(host = %name, ?origin, "{text}");
                    let (host, origin) = (name, *origin);
                    self.observed(|observer| observer.warning(&WarningEvent { host, origin, text }));
                }
            }
        }
    }

    fn observed(&self, tell: impl Fn(&Arc<dyn Observer>)) {
        self.observer.iter().for_each(tell);
    }
}
