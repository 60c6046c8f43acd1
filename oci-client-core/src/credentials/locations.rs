//! Where configuration files are by default.

use std::ffi::OsString;
use std::path::PathBuf;

/// The environment, as far as it says where files are.
pub(super) trait Environment {
    fn home(&self) -> Option<PathBuf>;
    /// The number of the user, on systems where the folders of sessions may be found by it.
    fn user(&self) -> Option<u32>;
    fn variable(&self, name: &str) -> Option<OsString>;

    /// A variable that names a place; an empty one names none.
    fn place(&self, name: &str) -> Option<PathBuf> {
        self.variable(name).filter(|value| !value.is_empty()).map(PathBuf::from)
    }
}

/// That of this process.
pub(super) struct ProcessEnvironment;

impl Environment for ProcessEnvironment {
    fn home(&self) -> Option<PathBuf> {
        std::env::home_dir().filter(|home| !home.as_os_str().is_empty())
    }

    fn user(&self) -> Option<u32> {
        #[cfg(target_os = "linux")]
        return Some(rustix::process::getuid().as_raw());
        #[cfg(not(target_os = "linux"))]
        None
    }

    fn variable(&self, name: &str) -> Option<OsString> {
        std::env::var_os(name)
    }
}

/// A place where a file may be.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Location {
    /// Whether the user has named this very file, which then has to be there.
    pub(super) is_named: bool,
    pub(super) path: PathBuf,
}

/// Docker's file: in `DOCKER_CONFIG`, else in `~/.docker`.
pub(super) fn docker(environment: &impl Environment) -> Option<Location> {
    let folder = environment
        .place("DOCKER_CONFIG")
        .or_else(|| Some(environment.home()?.join(".docker")))?;
    Some(unnamed(folder.join("config.json")))
}

/// Podman's files, the first first: `REGISTRY_AUTH_FILE` alone if it is set, else those of the session and of the user.
pub(super) fn podman(environment: &impl Environment) -> Vec<Location> {
    if let Some(path) = environment.place("REGISTRY_AUTH_FILE") {
        let is_named = true;
        return vec![Location { is_named, path }];
    }
    let session = environment
        .place("XDG_RUNTIME_DIR")
        .map(|folder| folder.join("containers"))
        // Where there is no session, as for root within a container, Podman has a folder for each user.
        .or_else(|| Some(PathBuf::from(format!("/run/containers/{}", environment.user()?))));
    let user = environment
        .place("XDG_CONFIG_HOME")
        .or_else(|| Some(environment.home()?.join(".config")))
        .map(|folder| folder.join("containers"));
    let folders = [session, user].into_iter().flatten();
    folders.map(|folder| unnamed(folder.join("auth.json"))).collect()
}

/// All of them in the order in which they are asked. `DOCKER_CONFIG` by itself stands for Docker's file alone, as it does for Podman.
pub(super) fn all(environment: &impl Environment) -> Vec<Location> {
    let docker_alone =
        environment.place("DOCKER_CONFIG").is_some() && environment.place("REGISTRY_AUTH_FILE").is_none();
    let podman = if docker_alone { Vec::new() } else { podman(environment) };
    podman.into_iter().chain(docker(environment)).collect()
}

const fn unnamed(path: PathBuf) -> Location {
    let is_named = false;
    Location { is_named, path }
}

#[cfg(test)]
mod tests;
