//! Where credentials come from, and where a login is kept.
//!
//! A [`CredentialSource`] is asked per registry and repository. [`StaticCredentials`] holds them in memory, [`EnvironmentCredentials`] reads variables that the
//! program names, a [`CredentialChain`] asks one source after the other.
#![cfg_attr(
    feature = "credentials",
    doc = "
A [`ConfigFile`] is Docker's `config.json` or Podman's `auth.json`, for reading and for [logins](ConfigFile::store); a [`CredentialHelper`] is a program that keeps
secrets for others; [`PullSecrets`] are those of Kubernetes. [`CredentialChain::default_files`] is what a command line tool wants.

Files are read and programs run on threads of their own: no source here needs a [`Runtime`](crate::runtime::Runtime) or holds up an executor."
)]

mod chain;
mod environment;
mod memory;
mod source;

#[cfg(feature = "credentials")]
mod config_file;
#[cfg(feature = "credentials")]
mod entry;
#[cfg(feature = "credentials")]
mod fault;
#[cfg(feature = "credentials")]
mod files;
#[cfg(feature = "credentials")]
mod glob;
#[cfg(feature = "credentials")]
mod helper;
#[cfg(feature = "credentials")]
mod json;
#[cfg(feature = "credentials")]
mod key;
#[cfg(feature = "credentials")]
mod locations;
#[cfg(feature = "credentials")]
mod login;
#[cfg(feature = "credentials")]
mod lookup;
#[cfg(feature = "credentials")]
mod pull_secrets;
#[cfg(feature = "credentials")]
mod worker;

pub use chain::CredentialChain;
pub use environment::EnvironmentCredentials;
pub use memory::StaticCredentials;
pub use source::CredentialSource;

#[cfg(feature = "credentials")]
pub use config_file::ConfigFile;
#[cfg(feature = "credentials")]
pub use helper::{CredentialHelper, HelperPrograms};
#[cfg(feature = "credentials")]
pub use login::CredentialPlace;
#[cfg(feature = "credentials")]
pub use pull_secrets::PullSecrets;
