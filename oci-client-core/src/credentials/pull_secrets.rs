use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use oci_spec_types::RegistryHost;
use zeroize::Zeroizing;

use super::CredentialSource;
use super::entry;
use super::fault::Fault;
use super::glob::matches;
use super::json::{Member, members};
use super::key::is_hub;
use super::lookup::{object, shown};
use crate::Error;
use crate::proto::{Credential, CredentialQuery};

/// The pull secrets of a pod or service account, as they are in the Kubernetes API, matched as the kubelet does ([images]).
///
/// A key is a host and, if it has more, the beginning of the repository's name, which may end in the middle of a word. In the host `*`, `?` and `[a-z]` stand for
/// characters other than dots; its port has to be the same. Of several keys that match the last in the order of their bytes counts, which is the longest of those that begin alike. For
/// Docker Hub a key `index.docker.io` counts as well. Of equal keys the first counts, in the order in which the secrets were added.
///
/// ```
/// use oci_client_core::credentials::{CredentialSource, PullSecrets};
/// use oci_client_core::proto::{Credential, CredentialQuery};
/// use oci_client_core::runtime::block_on;
///
/// let secret = br#"{"auths": {"*.example.com/team": {"username": "me", "password": "secret"}}}"#;
/// let secrets = PullSecrets::new().with_docker_config_json(secret)?;
/// let query = CredentialQuery::new("eu.example.com".parse()?, Some("team/app".parse()?));
/// let expected = Credential::password("me", "secret".to_owned());
/// assert_eq!(block_on(secrets.credential(&query))?, Some(expected));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [images]: https://kubernetes.io/docs/concepts/containers/images/#config-json
#[derive(Clone, Default)]
pub struct PullSecrets {
    entries: Vec<Arc<Entry>>,
}

impl PullSecrets {
    /// No secrets.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what is under the key `.dockerconfigjson` of a secret of type `kubernetes.io/dockerconfigjson`, decoded from Base64.
    ///
    /// # Errors
    /// Of kind [`Invalid`](crate::ErrorKind::Invalid) if it is no such document. An entry that cannot be used is an error only for the registry that it is for.
    pub fn with_docker_config_json(self, data: &[u8]) -> Result<Self, Error> {
        self.with(data, ".dockerconfigjson", Some("auths"))
    }

    /// Adds what is under the key `.dockercfg` of a secret of type `kubernetes.io/dockercfg`, decoded from Base64.
    ///
    /// # Errors
    /// Of kind [`Invalid`](crate::ErrorKind::Invalid) if it is no such document. An entry that cannot be used is an error only for the registry that it is for.
    pub fn with_dockercfg(self, data: &[u8]) -> Result<Self, Error> {
        self.with(data, ".dockercfg", None)
    }

    /// Adds the entries that are in `field`, or all that there is.
    fn with(mut self, data: &[u8], name: &str, field: Option<&str>) -> Result<Self, Error> {
        let text = std::str::from_utf8(data).map_err(|_| Fault::invalid("it is not UTF-8"));
        let text = text.map(|text| text.strip_prefix('\u{feff}').unwrap_or(text));
        let top = text.and_then(members);
        let found = top.and_then(|top| match field {
            Some(field) => object(&top, field),
            None => Ok(top),
        });
        let found = found.map_err(|fault| fault.prefixed(&format!("the pull secret's {name}")))?;
        self.entries
            .extend(found.iter().map(|member| Arc::new(Entry::new(member))));
        // The sort is stable: equal keys stay in the order in which they came.
        self.entries.sort_by(|one, other| other.pattern.cmp(&one.pattern));
        Ok(self)
    }

    fn find(&self, query: &CredentialQuery) -> Option<&Entry> {
        let path = query.repository.as_ref().map_or("", |name| name.as_str());
        let matching = |host: &str| self.entries.iter().find(|entry| entry.matches(host, path));
        let entry = matching(query.host.as_str()).or_else(|| self.for_hub(&query.host));
        entry.map(Arc::as_ref)
    }

    /// The entry for the registry that needs no name.
    fn for_hub(&self, host: &RegistryHost) -> Option<&Arc<Entry>> {
        let entry = || self.entries.iter().find(|entry| entry.pattern == HUB);
        is_hub(host.as_str()).then(entry)?
    }
}

#[async_trait]
impl CredentialSource for PullSecrets {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        let Some(found) = self.find(query) else {
            return Ok(None);
        };
        let place = || format!("the pull secret's entry `{}`", shown(&found.pattern));
        Ok(entry::decode(&found.text).map_err(|fault| fault.prefixed(&place()))?)
    }
}

impl fmt::Debug for PullSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let patterns = self.entries.iter().map(|entry| &entry.pattern);
        formatter.debug_set().entries(patterns).finish()
    }
}

/// An entry by what it is for: `host`, `host:port` or `host/path`, without a scheme.
struct Entry {
    pattern: String,
    text: Zeroizing<String>,
}

impl Entry {
    fn new(member: &Member<'_>) -> Self {
        let name = member.name.as_str();
        let name = name
            .strip_prefix("https://")
            .or_else(|| name.strip_prefix("http://"))
            .unwrap_or(name);
        let (host, path) = name.split_at(name.find('/').unwrap_or(name.len()));
        // An API's version says nothing of a repository.
        let path = ["/v1/", "/v2/"]
            .iter()
            .find_map(|version| {
                path.strip_prefix(version.trim_end_matches('/'))
                    .filter(|_| path.starts_with(version))
            })
            .unwrap_or(path);
        let path = if path == "/" { "" } else { path };
        Self {
            pattern: format!("{host}{path}"),
            text: Zeroizing::new(member.value.to_owned()),
        }
    }

    fn matches(&self, host: &str, repository: &str) -> bool {
        let (pattern, path) = self.pattern.split_once('/').unwrap_or((&self.pattern, ""));
        let ((pattern, pattern_port), (host, port)) = (with_port(pattern), with_port(host));
        pattern_port == port && repository.starts_with(path) && matches_host(pattern, host)
    }
}

/// Label by label. An address in brackets is no pattern.
fn matches_host(pattern: &str, host: &str) -> bool {
    let (patterns, labels): (Vec<_>, Vec<_>) = (pattern.split('.').collect(), host.split('.').collect());
    let all = || {
        patterns
            .iter()
            .zip(&labels)
            .all(|(pattern, label)| matches(pattern, label))
    };
    pattern == host || (patterns.len() == labels.len() && all())
}

/// The name and the port, if there is one; an address in brackets is all name without one.
fn with_port(host: &str) -> (&str, Option<&str>) {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, Some(port)),
        _ => (host, None),
    }
}

const HUB: &str = "index.docker.io";

#[cfg(test)]
mod tests;
