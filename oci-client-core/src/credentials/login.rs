use std::fmt;
use std::path::PathBuf;

use oci_spec_types::RegistryHost;
use zeroize::Zeroizing;

use super::ConfigFile;
use super::entry;
use super::fault::Fault;
use super::files;
use super::json::{member, members, with_member, without_members};
use super::key::{Key, canonical};
use super::lookup::find;
use super::worker::on_thread;
use crate::Error;
use crate::proto::{Credential, CredentialQuery};

/// Where a credential is kept.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum CredentialPlace {
    /// In the file itself, where whoever can read the file can read it.
    File(PathBuf),
    /// With the credential helper of this name.
    Helper(String),
}

impl fmt::Display for CredentialPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Helper(name) => write!(formatter, "the credential helper {name}"),
        }
    }
}

impl ConfigFile {
    /// Keeps `credential` for `host`: with the helper that the file names for it, else in the file, which is created if it is missing.
    ///
    /// It takes the place of every entry for the registry, however spelled. All else in the file stays as it is, byte for byte. The file is replaced at once, readable for its owner
    /// only; a symbolic link is followed. Writers of this library wait for each other, at a file beside it that ends in `.lock`.
    ///
    /// Whether the registry takes the credential is for [`Registry::check`](crate::client::Registry::check) to say, before.
    ///
    /// # Errors
    /// If the file is malformed or cannot be replaced, in which case it is as it was; if the helper fails.
    ///
    /// # Cancellation
    /// The work goes on to its end if the future is dropped.
    pub async fn store(&self, host: &RegistryHost, credential: &Credential) -> Result<CredentialPlace, Error> {
        let (this, host, credential) = (self.clone(), host.clone(), credential.clone());
        on_thread(move || this.store_now(&host, &credential)).await
    }

    /// Forgets the credential for `host`, in the file under every spelling of the registry and with the helper that the file names for it; `false`: there was
    /// none. Entries for namespaces of the registry stay.
    ///
    /// # Errors
    /// If the file is malformed or cannot be replaced; if the helper fails, unless the file itself held the secret.
    ///
    /// # Cancellation
    /// The work goes on to its end if the future is dropped.
    pub async fn erase(&self, host: &RegistryHost) -> Result<bool, Error> {
        let (this, host) = (self.clone(), host.clone());
        on_thread(move || this.erase_now(&host)).await
    }

    fn store_now(&self, host: &RegistryHost, credential: &Credential) -> Result<CredentialPlace, Error> {
        files::replace(&self.path, |text| {
            let text = text.unwrap_or_default();
            let (entry, place) = self.keep(text, host, credential).map_err(|fault| self.fault(fault))?;
            let edited = with_entry(text, host, &entry).map_err(|fault| self.fault(fault))?;
            Ok((Some(edited), place))
        })
    }

    /// Hands the credential to the helper, if there is one; gives what goes into the file.
    fn keep(
        &self,
        text: &str,
        host: &RegistryHost,
        credential: &Credential,
    ) -> Result<(Zeroizing<String>, CredentialPlace), Fault> {
        // First of all that the file can be changed: a helper's secret without its entry would not be found.
        with_entry(text, host, "{}")?;
        match find(text, &CredentialQuery::new(host.clone(), None))?.helper {
            None => Ok((entry::encode(credential)?, CredentialPlace::File(self.path.clone()))),
            Some(helper) => {
                self.helpers.store(&helper.name, host, credential)?;
                Ok((Zeroizing::new("{}".to_owned()), CredentialPlace::Helper(helper.name)))
            }
        }
    }

    fn erase_now(&self, host: &RegistryHost) -> Result<bool, Error> {
        if files::read(&self.path)?.is_none() {
            return Ok(false);
        }
        files::replace(&self.path, |text| {
            let text = text.unwrap_or_default();
            let edited = without_entries(text, host).map_err(|fault| self.fault(fault))?;
            let kept = self.forget(text, host).map_err(|fault| self.fault(fault))?;
            let had = kept || edited.is_some();
            Ok((edited, had))
        })
    }

    /// Has the helper forget; whether it had anything.
    fn forget(&self, text: &str, host: &RegistryHost) -> Result<bool, Fault> {
        let found = find(text, &CredentialQuery::new(host.clone(), None))?;
        let Some(helper) = &found.helper else {
            return Ok(false);
        };
        match self.helpers.erase(&helper.name, host) {
            Err(fault) if fault.is_unavailable() && !helper.is_own => match (&found.entry, found.credential()) {
                // What a helper that is not there may keep is not what this login was.
                (None, _) | (_, Ok(Some(_)) | Err(_)) => Ok(false),
                (Some(_), Ok(None)) => Err(fault),
            },
            outcome => outcome,
        }
    }
}

/// The text with `entry` as the only one for the registry.
fn with_entry(text: &str, host: &RegistryHost, entry: &str) -> Result<Zeroizing<String>, Fault> {
    let key = canonical(host);
    let top = members(text)?;
    let auths = member(&top, "auths")?.unwrap_or("{}");
    // The entry under the usual key is replaced where it stands; one that is there twice is not.
    let once = members(auths)?.iter().filter(|entry| entry.name == key).count() == 1;
    let others = without_members(auths, |name| !(once && name == key) && Key::parse(name).is_host(host))?;
    with_member(text, "auths", &with_member(&others, key, entry, 1)?, 0)
}

/// The text without entries for the registry; `None` if there is none.
fn without_entries(text: &str, host: &RegistryHost) -> Result<Option<Zeroizing<String>>, Fault> {
    let top = members(text)?;
    let Some(auths) = member(&top, "auths")? else {
        return Ok(None);
    };
    let means = |name: &str| Key::parse(name).is_host(host);
    if !members(auths)?.iter().any(|entry| means(&entry.name)) {
        return Ok(None);
    }
    with_member(text, "auths", &without_members(auths, means)?, 0).map(Some)
}

#[cfg(test)]
mod tests;
