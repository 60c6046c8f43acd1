use std::collections::HashMap;
use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use oci_spec_types::RegistryHost;
use zeroize::Zeroizing;

use super::process::{self, Answer};
use super::protocol;
use crate::ErrorKind;
use crate::credentials::fault::Fault;
use crate::credentials::key::canonical;
use crate::credentials::lookup::shown;
use crate::proto::Credential;

/// Where credential helpers are looked for, and how long they may take. Clones share the runs under way.
#[derive(Clone)]
pub struct HelperPrograms {
    folders: Arc<[PathBuf]>,
    limit: Duration,
    running: Arc<Mutex<Running>>,
}

impl HelperPrograms {
    /// The programs in the folders of `PATH`, with 30 s for each run.
    pub fn new() -> Self {
        Self::in_path(env::var_os("PATH").unwrap_or_default())
    }

    /// The programs in the folders that `path` lists, in the form of `PATH`. Relative ones are left out: what lies in the current folder is nobody's
    /// credential helper.
    pub fn in_path(path: impl AsRef<OsStr>) -> Self {
        let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
        Self {
            folders: folders.collect(),
            limit: Self::TIME_LIMIT,
            running: Arc::default(),
        }
    }

    /// How long a helper may take, in place of [`TIME_LIMIT`](Self::TIME_LIMIT). It is killed then, with the processes that it has started.
    #[must_use]
    pub const fn with_time_limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How long a helper may take by default: 30 s.
    pub const TIME_LIMIT: Duration = Duration::from_secs(30);

    /// The largest answer that is read of a helper: 1 MiB. One that says more is killed.
    pub const ANSWER_LIMIT: usize = 1 << 20;

    /// What the helper has for `host`. Blocks; whoever asks the same meanwhile gets the same answer.
    pub(in crate::credentials) fn get(&self, name: &str, host: &RegistryHost) -> Outcome {
        let run = (name.to_owned(), host.clone());
        let cell = self.running().entry(run.clone()).or_default().clone();
        let outcome = cell.get_or_init(|| self.get_now(name, host)).clone();
        let mut running = self.running();
        if running.get(&run).is_some_and(|known| Arc::ptr_eq(known, &cell)) {
            running.remove(&run);
        }
        outcome
    }

    /// Blocks until the helper has kept `credential`.
    pub(in crate::credentials) fn store(
        &self,
        name: &str,
        host: &RegistryHost,
        credential: &Credential,
    ) -> Result<(), Fault> {
        let input = protocol::entry(canonical(host), credential)?;
        let answer = self.run(name, "store", input)?;
        answer.success.then_some(()).ok_or_else(|| refused(name, "store", host))
    }

    /// Blocks until the helper has forgotten `host`. How it takes being told to forget what it does not know differs, so it is asked first.
    pub(in crate::credentials) fn erase(&self, name: &str, host: &RegistryHost) -> Result<bool, Fault> {
        if self.get_now(name, host)?.is_none() {
            return Ok(false);
        }
        let answer = self.run(name, "erase", server(host))?;
        answer
            .success
            .then_some(true)
            .ok_or_else(|| refused(name, "erase", host))
    }

    fn get_now(&self, name: &str, host: &RegistryHost) -> Outcome {
        let answer = self.run(name, "get", server(host))?;
        match (answer.success, protocol::says_not_found(&answer.stdout)) {
            (true, _) => protocol::credential(&answer.stdout, canonical(host))
                .map_err(|fault| fault.prefixed(&format!("the credential helper {name}"))),
            (false, true) => Ok(None),
            (false, false) => Err(refused(name, "get", host)),
        }
    }

    fn run(&self, name: &str, verb: &str, input: Zeroizing<String>) -> Result<Answer, Fault> {
        check_name(name)?;
        let program = format!("docker-credential-{name}{}", env::consts::EXE_SUFFIX);
        let path = self
            .folders
            .iter()
            .map(|folder| folder.join(&program))
            .find(|path| is_program(path));
        let path = path.ok_or_else(|| {
            let message = format!(
                "the credential helper {program} is in no folder of PATH: install it, or take it out of the configuration"
            );
            Fault::unavailable(ErrorKind::Store, message)
        })?;
        tracing::debug!(helper = name, verb, "credential helper");
        process::run(&path, verb, input, self.limit)
            .map_err(|fault| fault.prefixed(&format!("the credential helper {name}")))
    }

    fn running(&self) -> MutexGuard<'_, Running> {
        // A panic elsewhere leaves at worst a run in the map that nobody has begun.
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for HelperPrograms {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for HelperPrograms {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("HelperPrograms")
            .field("folders", &self.folders)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

/// Refuses names that are paths, options or nothing.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.as_bytes().first().is_some_and(u8::is_ascii_alphanumeric) && name.bytes().all(plain) {
        return Ok(());
    }
    let message = format!("`{}` cannot be the name of a credential helper", shown(name));
    Err(Fault::unavailable(ErrorKind::Invalid, message))
}

pub(in crate::credentials) type Outcome = Result<Option<Credential>, Fault>;

/// The name of the helper, and for whom it is asked.
type Run = (String, RegistryHost);

type Running = HashMap<Run, Arc<OnceLock<Outcome>>>;

/// What a helper is told for `get` and `erase`. A host is validated: it holds no line break.
fn server(host: &RegistryHost) -> Zeroizing<String> {
    Zeroizing::new(canonical(host).to_owned())
}

fn refused(name: &str, verb: &str, host: &RegistryHost) -> Fault {
    let message = format!(
        "the credential helper {name} failed to {verb} the credential for {host}: run `docker-credential-{name} {verb}` by hand to see why"
    );
    Fault::new(ErrorKind::Store, message)
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;

    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}
