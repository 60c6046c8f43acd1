//! How to run an image.

use std::collections::BTreeMap;

use super::{InvalidUser, User};
use crate::{Annotations, Extra, json::wire_object};

/// The `config` of an image configuration: how to run the image.
///
/// Whoever wrote the image chose these values. See [`ExecutionConfig::parsed_user`] for a bounded reading of `user`.
///
/// Spec: [image-spec, config.md, Properties](https://github.com/opencontainers/image-spec/blob/main/config.md#properties).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct ExecutionConfig {
    /// The user, and the group if any, to run as: names or numbers.
    pub user: Option<String>,
    /// The ports that the image serves, such as `80/tcp`.
    pub exposed_ports: BTreeMap<String, Extra>,
    /// The environment, as `NAME=value`.
    pub env: Vec<String>,
    /// The start of the command line.
    pub entrypoint: Option<Vec<String>>,
    /// The arguments after the entrypoint, or the whole command line where there is none.
    pub cmd: Option<Vec<String>>,
    /// The directories that hold data of their own.
    pub volumes: BTreeMap<String, Extra>,
    /// The directory to start in.
    pub working_dir: Option<String>,
    /// Labels, under the rules of annotations.
    pub labels: Annotations,
    /// The signal that ends the image, such as `SIGTERM`.
    pub stop_signal: Option<String>,
    /// Deprecated: of a Windows image, whether the command line is escaped already.
    pub args_escaped: Option<bool>,
    /// The fields that this crate does not know, with those of Docker.
    pub extra: Extra,
}

impl ExecutionConfig {
    /// The value of an environment variable: the last one, where a name occurs twice.
    ///
    /// ```
    /// use oci_spec_types::ExecutionConfig;
    ///
    /// let mut config = ExecutionConfig::default();
    /// config.env = vec!["PATH=/bin".into(), "OPTS=-x=1".into()];
    /// assert_eq!(config.env_var("OPTS"), Some("-x=1"));
    /// ```
    #[must_use]
    pub fn env_var(&self, name: &str) -> Option<&str> {
        let mut variables = self.env.iter().rev().filter_map(|variable| variable.split_once('='));
        variables.find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// The user to run as; `None` if the image leaves it to the runtime.
    ///
    /// # Errors
    ///
    /// If a number is over 2^31-1 or a name is one that no user can have. Run nothing then.
    pub fn parsed_user(&self) -> Result<Option<User>, InvalidUser> {
        match self.user.as_deref() {
            None | Some("") => Ok(None),
            Some(user) => user.parse().map(Some),
        }
    }
}

wire_object!(ExecutionConfig;
    "User" => user: optional,
    "ExposedPorts" => exposed_ports: default,
    "Env" => env: default,
    "Entrypoint" => entrypoint: optional,
    "Cmd" => cmd: optional,
    "Volumes" => volumes: default,
    "WorkingDir" => working_dir: optional,
    "Labels" => labels: default,
    "StopSignal" => stop_signal: optional,
    "ArgsEscaped" => args_escaped: optional,
);
