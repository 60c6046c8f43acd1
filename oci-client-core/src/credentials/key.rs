//! How registries are spelled in configuration files.

use oci_spec_types::{RegistryHost, RepositoryName};

/// A registry, or a part of one, as the key of an entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Key<'k> {
    host: &'k str,
    /// The namespace or repository that the entry is for; empty: all of them.
    path: &'k str,
}

impl<'k> Key<'k> {
    /// Reads `https://h/v1/`, `http://h`, `h`, `h:port`, `h/namespace`. The path of a URL is that of an API and no namespace.
    pub(super) fn parse(text: &'k str) -> Self {
        let after = |scheme: &str| {
            let head = text.get(..scheme.len())?;
            head.eq_ignore_ascii_case(scheme).then(|| text.get(scheme.len()..))?
        };
        let url = after("https://").or_else(|| after("http://"));
        let (host, path) = url.unwrap_or(text).split_once('/').unwrap_or((url.unwrap_or(text), ""));
        let path = path.trim_end_matches('/');
        let path = if url.is_some() || matches!(path, "v1" | "v2") {
            ""
        } else {
            path
        };
        Self { host, path }
    }

    /// Whether the entry is for all of `host`.
    pub(super) fn is_host(&self, host: &RegistryHost) -> bool {
        self.path.is_empty() && self.is_on(host)
    }

    /// How much of the repository's name the key holds, if it is a namespace of `host` that the repository is in, or the repository.
    pub(super) fn namespace_of(&self, host: &RegistryHost, repository: &RepositoryName) -> Option<usize> {
        let rest = repository.as_str().strip_prefix(self.path)?;
        let inside = !self.path.is_empty() && (rest.is_empty() || rest.starts_with('/'));
        (inside && self.is_on(host)).then_some(self.path.len())
    }

    /// Whether both are on the same registry.
    pub(super) fn is_same_host(&self, other: &Key<'_>) -> bool {
        same_registry(self.host, other.host)
    }

    fn is_on(&self, host: &RegistryHost) -> bool {
        same_registry(self.host, host.as_str())
    }
}

/// Whether two hosts are one registry: Docker Hub has several names.
fn same_registry(one: &str, other: &str) -> bool {
    one.eq_ignore_ascii_case(other) || (is_hub(one) && is_hub(other))
}

pub(super) fn is_hub(host: &str) -> bool {
    HUB_NAMES.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// The key under which everybody looks for `host`, and the name by which credential helpers know it.
pub(super) fn canonical(host: &RegistryHost) -> &str {
    if is_hub(host.as_str()) { HUB_KEY } else { host.as_str() }
}

const HUB_KEY: &str = "https://index.docker.io/v1/";

const HUB_NAMES: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

#[cfg(test)]
mod tests;
