use std::collections::HashMap;
use std::path::{Path, PathBuf};

use oci_spec_types::{RegistryHost, RepositoryName};

use super::error::{HostFileError, HostFileErrorKind};
use super::hosts_toml::{HostsToml, with_pair};
use super::source::{list, read};
use crate::hosts::{Endpoint, HostConfig, Hosts, TransportSettings};
use crate::proto::HostProfile;

/// A directory such as `certs.d`, with a directory for each registry, called by its host.
///
/// A port stands after a colon, or between underscores (`registry.example.com_5000_`), which is looked for first; `_default` is for all that have none. Each holds a `hosts.toml`, or certificates: roots in `*.crt`, and
/// `*.cert` with a `*.key` of the same name to show to the server. Directories whose name is no host are left alone.
///
/// Every host in a `hosts.toml` that is not the registry's own is told, by the query parameter `ns`, which registry it stands for.
#[derive(Clone, Debug, Default)]
pub struct CertsDir {
    by_host: HashMap<RegistryHost, Directory>,
    others: Option<Directory>,
}

impl CertsDir {
    /// Reads the directory and all that its files refer to.
    ///
    /// # Errors
    /// If anything of it is missing, unreadable, too large or malformed.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, HostFileError> {
        let mut all = Self::default();
        for path in list(path.as_ref())? {
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            if !path.is_dir() {
                continue;
            }
            if name == "_default" {
                all.others = Some(Directory::read(&path)?);
            } else if let Some((host, preferred)) = host_of(name)
                && (preferred || !all.by_host.contains_key(&host))
            {
                all.by_host.insert(host, Directory::read(&path)?);
            }
        }
        Ok(all)
    }
}

impl Hosts for CertsDir {
    fn config(&self, host: &RegistryHost, _: Option<&RepositoryName>) -> HostConfig {
        match self.by_host.get(host).or(self.others.as_ref()) {
            Some(Directory::Certificates(settings)) => {
                let endpoint = Endpoint::new(HostProfile::new(host.clone())).with_transport(settings.clone());
                HostConfig::of(host.clone(), endpoint)
            }
            Some(Directory::HostsToml(file)) => file.config(host),
            None => HostConfig::new(HostProfile::new(host.clone())),
        }
    }

    fn known(&self) -> Vec<HostConfig> {
        self.by_host.keys().map(|host| self.config(host, None)).collect()
    }
}

/// What is said of one registry.
#[derive(Clone, Debug)]
enum Directory {
    Certificates(TransportSettings),
    HostsToml(HostsToml),
}

impl Directory {
    fn read(path: &Path) -> Result<Self, HostFileError> {
        let file = path.join("hosts.toml");
        match HostsToml::read(&file) {
            Ok(hosts) => Ok(Self::HostsToml(hosts)),
            Err(error) if error.kind() == HostFileErrorKind::Missing && error.path() == file => {
                read_certificates(path).map(Self::Certificates)
            }
            Err(error) => Err(error),
        }
    }
}

fn read_certificates(directory: &Path) -> Result<TransportSettings, HostFileError> {
    let paths = list(directory)?;
    let having = |extension: &'static str| {
        paths
            .iter()
            .filter(move |path| path.extension().is_some_and(|found| found == extension))
    };
    let mut settings = TransportSettings::new();
    for path in having("crt") {
        settings = settings.with_roots(read(path)?);
    }
    for certificate in having("cert") {
        settings = with_pair(settings, certificate, &partner(&paths, certificate, "key")?)?;
    }
    for key in having("key") {
        partner(&paths, key, "cert")?;
    }
    Ok(settings)
}

/// The file of the same name with another extension.
fn partner(paths: &[PathBuf], file: &Path, extension: &str) -> Result<PathBuf, HostFileError> {
    let partner = file.with_extension(extension);
    if paths.contains(&partner) {
        return Ok(partner);
    }
    let name = partner.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let message = format!("`{name}`, which belongs to it, is missing");
    Err(HostFileError::new(HostFileErrorKind::Missing, file, None, message))
}

/// The host that a directory is called by, and whether by the form that is preferred.
fn host_of(name: &str) -> Option<(RegistryHost, bool)> {
    let underscored = name.strip_suffix('_').and_then(|name| name.rsplit_once('_'));
    match underscored {
        Some((host, port)) => Some((format!("{host}:{port}").parse().ok()?, true)),
        None => Some((name.parse().ok()?, false)),
    }
}

#[cfg(test)]
mod tests;
