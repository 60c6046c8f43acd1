use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::fault::Fault;
use super::files;
use super::locations::{self, Location, ProcessEnvironment};
use super::lookup::{Found, find};
use super::worker::on_thread;
use super::{CredentialChain, CredentialSource, HelperPrograms};
use crate::proto::{Credential, CredentialQuery};
use crate::{Error, ErrorKind};

/// A configuration file with credentials: Docker's `config.json`, Podman's `auth.json`, and others of that form.
///
/// The file is read anew at each query, so that a program that runs for long sees a new login. What is used, in this order:
///
/// 1. the helper that `credHelpers` names for the registry;
/// 2. the entry in `auths` for the longest part of the repository's name, `host/namespace/repository`;
/// 3. the helper that `credsStore` names;
/// 4. the entry in `auths` for the registry, spelled `host`, `host:port` or as a URL; Docker Hub's is `https://index.docker.io/v1/`.
///
/// An entry holds a `registrytoken`, an `identitytoken`, an `auth` (Base64 of `user:password`, where the user `<token>` has a refresh token for a password), or `username` and
/// `password`; the first of these counts.
///
/// # Errors
/// Of kind [`NotFound`](ErrorKind::NotFound) if a file that was named explicitly is missing, [`Store`](ErrorKind::Store) if it cannot be read and
/// [`Invalid`](ErrorKind::Invalid) if it is malformed, or the entry for the registry is. Malformed entries for other registries do no harm. A helper that
/// is configured for the registry and fails is an error; one in `credsStore` that is not installed is one only for registries that have an entry without a secret.
///
/// ```
/// use oci_client_core::credentials::{ConfigFile, CredentialSource};
/// use oci_client_core::proto::{Credential, CredentialQuery};
/// use oci_client_core::runtime::block_on;
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("config.json");
/// std::fs::write(&path, r#"{"auths": {"registry.example.com": {"auth": "bWU6c2VjcmV0"}}}"#)?;
///
/// let query = CredentialQuery::new("registry.example.com".parse()?, None);
/// let found = block_on(ConfigFile::at(path).credential(&query))?;
/// assert_eq!(found, Some(Credential::password("me", "secret".to_owned())));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConfigFile {
    pub(super) helpers: HelperPrograms,
    is_named: bool,
    pub(super) path: PathBuf,
}

impl ConfigFile {
    /// The file at `path`, which has to be there when it is asked for a credential.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let (path, is_named) = (path.into(), true);
        Self::from(Location { is_named, path })
    }

    /// Docker's: `config.json` in the folder that the variable `DOCKER_CONFIG` names, else in `~/.docker`. It may be missing. `None` if there is no home folder.
    pub fn docker() -> Option<Self> {
        locations::docker(&ProcessEnvironment).map(Self::from)
    }

    /// The one that Podman writes: the file that the variable `REGISTRY_AUTH_FILE` names, which has to be there, else `containers/auth.json` in `XDG_RUNTIME_DIR`, else on
    /// Linux `/run/containers/UID/auth.json`, else `containers/auth.json` in `XDG_CONFIG_HOME` or `~/.config`, which may be missing. `None` if none of these folders is known.
    pub fn podman() -> Option<Self> {
        locations::podman(&ProcessEnvironment)
            .into_iter()
            .next()
            .map(Self::from)
    }

    /// Where helpers are looked for and how long they may take, in place of `PATH` and 30 s.
    #[must_use]
    pub fn with_helpers(mut self, helpers: HelperPrograms) -> Self {
        self.helpers = helpers;
        self
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Blocks: reads the file and may run a helper.
    fn look_up(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        let Some(text) = files::read(&self.path)? else {
            return if self.is_named { Err(self.missing()) } else { Ok(None) };
        };
        let found = find(&text, query).map_err(|fault| self.fault(fault))?;
        self.resolve(&found, query).map_err(|fault| self.fault(fault))
    }

    fn resolve(&self, found: &Found<'_>, query: &CredentialQuery) -> Result<Option<Credential>, Fault> {
        let Some(helper) = &found.helper else {
            return found.credential();
        };
        if !helper.is_own && found.entry.as_ref().is_some_and(|entry| entry.is_namespace) {
            return found.credential();
        }
        match self.helpers.get(&helper.name, &query.host) {
            Ok(None) => found.credential(),
            Err(fault) if fault.is_unavailable() && !helper.is_own => {
                if found.entry.is_none() {
                    tracing::warn!(reason = fault.message(), "no credential");
                    return Ok(None);
                }
                found
                    .credential()?
                    .map_or(Err(fault), |credential| Ok(Some(credential)))
            }
            outcome => outcome,
        }
    }

    pub(super) fn fault(&self, fault: Fault) -> Error {
        fault.prefixed(&self.path.display().to_string()).into()
    }

    fn missing(&self) -> Error {
        let message = format!(
            "there is no file {}: create it by a login, or name another",
            self.path.display()
        );
        Error::new(ErrorKind::NotFound, message)
    }
}

impl CredentialChain {
    /// The files that a user's logins are in: Podman's, then Docker's.
    ///
    /// These are the file that the variable `REGISTRY_AUTH_FILE` names, else `containers/auth.json` in `XDG_RUNTIME_DIR` (on Linux without it `/run/containers/UID/auth.json`) and
    /// in `XDG_CONFIG_HOME` (`~/.config`); then `config.json` in
    /// `DOCKER_CONFIG` (`~/.docker`). With `DOCKER_CONFIG` set and `REGISTRY_AUTH_FILE` not, Docker's file is the only one. Only a file that `REGISTRY_AUTH_FILE` names has to be there.
    pub fn default_files() -> Self {
        let helpers = HelperPrograms::new();
        locations::all(&ProcessEnvironment)
            .into_iter()
            .map(|location| ConfigFile::from(location).with_helpers(helpers.clone()))
            .fold(Self::new(), Self::with)
    }
}

#[async_trait]
impl CredentialSource for ConfigFile {
    async fn credential(&self, query: &CredentialQuery) -> Result<Option<Credential>, Error> {
        let (this, query) = (self.clone(), query.clone());
        on_thread(move || this.look_up(&query)).await
    }
}

impl From<Location> for ConfigFile {
    fn from(location: Location) -> Self {
        Self {
            helpers: HelperPrograms::new(),
            is_named: location.is_named,
            path: location.path,
        }
    }
}
