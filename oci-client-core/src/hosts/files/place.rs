use oci_spec_types::{RegistryHost, RepositoryName};
use url::Url;

use crate::proto::HostProfile;

/// `host[:port][/namespace…]`: a registry, or the part of it below a namespace.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) host: RegistryHost,
    pub(super) namespace: Option<RepositoryName>,
}

impl Place {
    /// What is wrong with `text` is said of `key`.
    pub(super) fn parse(key: &str, text: &str) -> Result<Self, String> {
        let wrong =
            |reason: &dyn std::fmt::Display| format!("`{key}` is not of the form host[:port][/namespace]: {reason}");
        if text.contains("://") {
            return Err(wrong(&"it must not have a scheme"));
        }
        let (host, namespace) = match text.trim_end_matches('/').split_once('/') {
            Some((host, namespace)) => (host, Some(namespace)),
            None => (text.trim_end_matches('/'), None),
        };
        if namespace.is_some_and(|namespace| namespace.contains([':', '@'])) {
            return Err(wrong(&"it must not have a tag or digest"));
        }
        Ok(Self {
            host: host.parse().map_err(|error| wrong(&error))?,
            namespace: namespace.map(str::parse).transpose().map_err(|error| wrong(&error))?,
        })
    }
}

/// Where an API is, as containerd names it: a URL, below whose path is the API unless the path is said to be its root.
#[derive(Clone, Debug)]
pub(super) struct Api {
    base: Url,
    /// What lies between the API's `/v2/` and the names of repositories.
    pub(super) prefix: Option<RepositoryName>,
}

impl Api {
    pub(super) fn parse(text: &str, is_root: bool) -> Result<Self, String> {
        let wrong = |reason: &dyn std::fmt::Display| format!("it is no URL of a registry: {reason}");
        let mut base = match text.contains("://") {
            true => Url::parse(text).map_err(|error| wrong(&error))?,
            false => without_scheme(text).map_err(|error| wrong(&error))?,
        };
        if !matches!(base.scheme(), "http" | "https") {
            return Err(wrong(&"its scheme is neither http nor https"));
        }
        let path = base.path().trim_matches('/').to_owned();
        let (above, prefix) = if is_root {
            let padded = format!("/{path}/");
            let (above, below) = padded
                .split_once("/v2/")
                .ok_or_else(|| wrong(&"with `override_path`, the path has to have a part `v2`"))?;
            (above.trim_matches('/').to_owned(), below.trim_matches('/').to_owned())
        } else {
            let above = path
                .strip_suffix("v2")
                .filter(|above| above.is_empty() || above.ends_with('/'));
            (above.unwrap_or(&path).trim_matches('/').to_owned(), String::new())
        };
        base.set_path(&format!("/{above}"));
        let prefix = (!prefix.is_empty()).then(|| prefix.parse());
        // Refuses all that is no part of a base.
        HostProfile::new(host_of(&base).map_err(|error| wrong(&error))?)
            .with_base(base.clone())
            .map_err(|error| wrong(&error))?;
        Ok(Self {
            base,
            prefix: prefix.transpose().map_err(|error| wrong(&error))?,
        })
    }

    /// The profile of the API; if it is that of the registry `upstream` itself, under its name.
    pub(super) fn profile(&self, upstream: &RegistryHost) -> HostProfile {
        let own = HostProfile::new(upstream.clone());
        let profile = match self.is_api_of(upstream) {
            true => own,
            false => HostProfile::new(host_of(&self.base).expect("checked when it was parsed")),
        };
        profile
            .with_base(self.base.clone())
            .expect("checked when it was parsed")
    }

    /// Whether this is the registry's own API host.
    pub(super) fn is_api_of(&self, upstream: &RegistryHost) -> bool {
        let own = HostProfile::new(upstream.clone());
        let same_port = own.base().port_or_known_default() == self.base.port_or_known_default();
        own.base().host() == self.base.host()
            && (same_port || (upstream.port().is_none() && self.base.port().is_none()))
    }
}

/// By the default scheme of the host.
fn without_scheme(text: &str) -> Result<Url, String> {
    let (host, path) = text.split_once('/').unwrap_or((text, ""));
    let host: RegistryHost = host.parse().map_err(|error| format!("{error}"))?;
    HostProfile::new(host)
        .base()
        .join(&format!("./{path}"))
        .map_err(|error| error.to_string())
}

/// A URL's host is valid as a registry's, if need be with its port.
fn host_of(url: &Url) -> Result<RegistryHost, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let with_default = || format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
    format!("{host}{port}")
        .parse()
        .or_else(|_| with_default().parse())
        .map_err(|error: oci_spec_types::InvalidRegistryHost| error.to_string())
}
