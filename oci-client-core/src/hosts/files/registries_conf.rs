mod entry;

use std::path::Path;

use oci_spec_types::{RegistryHost, RepositoryName};

use self::entry::{Entry, Target};
use super::CertsDir;
use super::error::{HostFileError, HostFileErrorKind};
use super::source::{Source, list};
use crate::hosts::{Endpoint, HostConfig, Hosts, TransportSettings};
use crate::proto::HostProfile;

/// `registries.conf`, version 2: prefixes of names, where their content is, their mirrors, and what is blocked.
///
/// Of the prefixes that fit a name the longest counts. One without a port fits a host without a port only; `*.example.com` fits every host below it, with or without a port. Mirrors
/// serve tags and digests unless `pull-from-mirror` or `mirror-by-digest-only` says otherwise, and never what is stored; of one for tags alone is asked what a tag stands for, and not what
/// is then asked for by digest. What concerns short names is left alone: names are always whole here.
///
/// A location that is `insecure` is reached by https without checking its certificate, or by http if [`with_insecure_as_plain_http`](Self::with_insecure_as_plain_http) says so; never by one after the
/// other.
#[derive(Clone, Debug, Default)]
pub struct RegistriesConf {
    certificates: Option<CertsDir>,
    entries: Vec<Entry>,
    insecure_is_http: bool,
}

impl RegistriesConf {
    /// Reads a file.
    ///
    /// # Errors
    /// If it is missing, unreadable, too large or malformed.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, HostFileError> {
        Self::of(&Source::read(path.as_ref())?)
    }

    /// Reads `text`, which errors call `registries.conf`.
    ///
    /// # Errors
    /// If it is malformed.
    pub fn parse(text: &str) -> Result<Self, HostFileError> {
        Self::of(&Source::new(Path::new("registries.conf"), text))
    }

    /// Adds every `*.conf` of a directory such as `registries.conf.d`, in the order of their names. An entry takes the place of an earlier one with the same prefix.
    ///
    /// # Errors
    /// If the directory or one of the files is missing, unreadable, too large or malformed.
    pub fn with_additions(mut self, directory: impl AsRef<Path>) -> Result<Self, HostFileError> {
        let directory = directory.as_ref();
        for path in list(directory)? {
            if path.extension().is_none_or(|extension| extension != "conf") {
                continue;
            }
            for entry in Self::of(&Source::read(&path)?)?.entries {
                self.entries.retain(|earlier| earlier.prefix != entry.prefix);
                self.entries.push(entry);
            }
            if self.entries.len() > MAX_ENTRIES {
                let message = format!("there are more than {MAX_ENTRIES} registries");
                return Err(HostFileError::new(
                    HostFileErrorKind::TooLarge,
                    directory,
                    None,
                    message,
                ));
            }
        }
        Ok(self)
    }

    /// Takes the certificates for all locations from there.
    #[must_use]
    pub fn with_certificates(mut self, certificates: CertsDir) -> Self {
        self.certificates = Some(certificates);
        self
    }

    /// Reaches what is `insecure` by plain http. Credentials and content are then readable on the network.
    #[must_use]
    pub const fn with_insecure_as_plain_http(mut self) -> Self {
        self.insecure_is_http = true;
        self
    }

    fn of(source: &Source) -> Result<Self, HostFileError> {
        let mut table = source.parse()?;
        if let Some(old) = table.take("registries") {
            let message = "this is version 1 of the format; describe registries in [[registry]] tables";
            return Err(source.malformed(old.at, message));
        }
        let tables = table.take_tables("registry")?;
        let mut conf = Self::default();
        for table in tables {
            let at = table.at;
            let entry = Entry::read(table)?;
            if conf.entries.iter().any(|earlier| earlier.prefix == entry.prefix) {
                return Err(source.malformed(at, "there is another [[registry]] with the same prefix"));
            }
            if conf.entries.len() >= MAX_ENTRIES {
                let message = format!("there are more than {MAX_ENTRIES} registries");
                return Err(HostFileError::new(
                    HostFileErrorKind::TooLarge,
                    source.path(),
                    None,
                    message,
                ));
            }
            conf.entries.push(entry);
        }
        Ok(conf)
    }

    /// The longest prefix that fits.
    fn find(&self, host: &RegistryHost, repository: Option<&RepositoryName>) -> Option<&Entry> {
        let fitting = self.entries.iter().filter(|entry| entry.prefix.fits(host, repository));
        fitting.max_by_key(|entry| entry.prefix.len())
    }

    /// `endpoint` moved to `target`, for the names that `entry` describes.
    fn reach(&self, endpoint: Endpoint, target: &Target, entry: &Entry) -> Endpoint {
        let mut profile = endpoint.profile().clone();
        let mut transport = self.transport(profile.host());
        if target.insecure && self.insecure_is_http {
            profile = profile.with_plain_http();
        } else if target.insecure {
            transport = transport.danger_accept_invalid_certificates();
        }
        let mut endpoint = endpoint.with_profile(profile).with_transport(transport);
        if target.place.is_some() {
            if let Some(removed) = entry.prefix.namespace() {
                endpoint = endpoint.without_repository_prefix(removed.clone());
            }
            if let Some(added) = target.place.as_ref().and_then(|place| place.namespace.as_ref()) {
                endpoint = endpoint.with_repository_prefix(added.clone());
            }
        }
        endpoint
    }

    fn transport(&self, host: &RegistryHost) -> TransportSettings {
        self.certificates
            .as_ref()
            .map(|certificates| certificates.config(host, None).registry().transport().clone())
            .unwrap_or_default()
    }
}

impl Hosts for RegistriesConf {
    fn config(&self, host: &RegistryHost, repository: Option<&RepositoryName>) -> HostConfig {
        let Some(entry) = self.find(host, repository) else {
            let plain = Endpoint::new(HostProfile::new(host.clone())).with_transport(self.transport(host));
            return HostConfig::of(host.clone(), plain);
        };
        let own = entry.target.place.as_ref().map_or(host, |place| &place.host);
        let own = self.reach(Endpoint::new(HostProfile::new(own.clone())), &entry.target, entry);
        let mut config = HostConfig::of(host.clone(), own);
        for mirror in &entry.mirrors {
            if let Some(place) = &mirror.target.place {
                let endpoint = Endpoint::mirror(place.host.clone()).with_capabilities(mirror.capabilities);
                config = config.with_mirror(self.reach(endpoint, &mirror.target, entry));
            }
        }
        match entry.blocked_by() {
            Some(reason) => config.blocked(reason),
            None => config,
        }
    }

    fn known(&self) -> Vec<HostConfig> {
        let exact = self.entries.iter().filter_map(|entry| entry.prefix.example());
        exact
            .map(|(host, namespace)| self.config(&host, namespace.as_ref()))
            .collect()
    }
}

/// The most `[[registry]]` tables.
const MAX_ENTRIES: usize = 10_000;

#[cfg(test)]
mod tests;
