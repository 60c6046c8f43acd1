use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::lock;
use oci_client_core::Secret;
use oci_client_core::runtime::{Runtime, unblock};

use super::entries::Entries;
use super::error::InvalidHtpasswd;
use super::file::{self, WatchedFile};
use crate::auth::issued::{Issued, NoRandom, random};
use crate::auth::users::{Account, fingerprint};

/// Names and passwords as `htpasswd -B` writes them: `name:hash` in each line, hashed with bcrypt at a cost of 4 to 14.
///
/// To compare a password with its hash takes long, on purpose. It happens where the runtime lets work block, four at a time, and what was
/// right is remembered for a minute, by a digest with a random key. For a name that is not there it takes as long as for the costliest one that is.
/// As everywhere with bcrypt, only the first 72 bytes of a password count.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::ThreadRuntime;
/// use oci_registry::auth::{Access, Htpasswd, Users};
///
/// let file = "reader:$2y$05$abcdefghijklmnopqrstuuNHHlP5jHJ.WMtLCMTt9tK37MeUQ2Sz2\n";
/// let htpasswd = Htpasswd::parse(file, Arc::new(ThreadRuntime::new()))?;
/// let users = Users::new().with_htpasswd(htpasswd).with_any_user(Access::all());
///
/// let error = Htpasswd::parse("reader:secret\n", Arc::new(ThreadRuntime::new())).unwrap_err();
/// assert_eq!(error.line(), 1);
/// assert!(!error.to_string().contains("secret"));
/// # Ok::<(), oci_registry::auth::InvalidHtpasswd>(())
/// ```
#[derive(Clone)]
pub struct Htpasswd {
    shared: Arc<Shared>,
}

struct Shared {
    entries: Mutex<Arc<Entries>>,
    file: Option<Mutex<WatchedFile>>,
    /// Part of every remembered proof; without random numbers nothing is remembered.
    key: Result<Secret, NoRandom>,
    lanes: [Arc<lock::Mutex<()>>; LANES],
    /// Passwords that were right.
    proven: Issued<()>,
    runtime: Arc<dyn Runtime>,
}

impl Htpasswd {
    /// Reads the content of such a file. Empty lines, and those that start with `#`, say nothing.
    ///
    /// # Errors
    /// With the number of the first line that cannot be used. Other hashes than bcrypt's are refused by name.
    pub fn parse(text: &str, runtime: Arc<dyn Runtime>) -> Result<Self, InvalidHtpasswd> {
        Ok(Self::new(Entries::parse(text)?, None, runtime))
    }

    /// Reads the file `path`, and again when it has changed.
    ///
    /// While it is in use it is looked at every second. As long as what it has become cannot be read or used, what it was stays in force, and the
    /// reason is logged.
    ///
    /// # Errors
    /// If the file cannot be read, is larger than 1 MiB, or as [`parse`](Self::parse).
    pub async fn open(path: impl Into<PathBuf>, runtime: Arc<dyn Runtime>) -> io::Result<Self> {
        let (path, now) = (path.into(), runtime.now().monotonic);
        let (file, entries) = unblock(&*runtime, move || WatchedFile::open(path, now)).await??;
        Ok(Self::new(entries, Some(file), runtime))
    }

    fn new(entries: Entries, file: Option<WatchedFile>, runtime: Arc<dyn Runtime>) -> Self {
        let shared = Shared {
            entries: Mutex::new(Arc::new(entries)),
            file: file.map(Mutex::new),
            key: random(),
            lanes: Default::default(),
            proven: Issued::new(),
            runtime,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The account of which these are name and password.
    pub(in crate::auth) async fn verify(&self, name: &str, password: &str) -> Option<Account> {
        let entries = self.shared.current().await;
        let hash = entries.hash(name);
        let account = hash.map(|hash| Account::new(name, fingerprint(hash.expose())));
        let proof = self.shared.proof(name, password, hash);
        if self.shared.is_proven(proof.as_ref()) {
            return account;
        }
        let lane = name.bytes().fold(0, |sum: usize, byte| sum.wrapping_add(byte.into())) % LANES;
        let lane = Arc::clone(self.shared.lanes.get(lane)?).lock_owned().await;
        // Of several requests at once with the same password, one has done the work by now.
        if self.shared.is_proven(proof.as_ref()) {
            return account;
        }
        let hash = Arc::clone(hash.unwrap_or_else(|| entries.decoy()));
        let (password, shared) = (Secret::new(password), Arc::clone(&self.shared));
        let work = move || {
            let is_right = bcrypt::verify(password.expose(), hash.expose()).unwrap_or(false);
            if let Some(proof) = proof.filter(|_| is_right) {
                shared.proven.keep(&proof, (), shared.now(), REMEMBERED);
            }
            // Whoever waits for the lane is to find what was remembered.
            drop(lane);
            is_right
        };
        let is_right = unblock(&*self.shared.runtime, work).await.unwrap_or(false);
        account.filter(|_| is_right)
    }

    /// Whether an account is still there, with the password that it had.
    pub(in crate::auth) async fn is_current(&self, account: &Account) -> bool {
        let entries = self.shared.current().await;
        let hash = entries.hash(&account.name);
        hash.is_some_and(|hash| fingerprint(hash.expose()) == account.fingerprint)
    }
}

impl fmt::Debug for Htpasswd {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Htpasswd").finish_non_exhaustive()
    }
}

impl Shared {
    /// The names and hashes by now.
    async fn current(&self) -> Arc<Entries> {
        let due = self.file.as_ref().and_then(|file| guard(file).due(self.now()));
        if let Some(path) = due {
            let read = unblock(&*self.runtime, {
                let path = path.clone();
                move || file::read(&path)
            });
            let read = read.await.map_err(io::Error::from).flatten();
            let parsed = read.and_then(|content| self.parse_new(&path, &content));
            match parsed {
                Ok(Some(entries)) => *guard(&self.entries) = Arc::new(entries),
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "passwords are not read again; those from before stay in force"),
            }
        }
        Arc::clone(&guard(&self.entries))
    }

    fn parse_new(&self, path: &std::path::Path, content: &Secret) -> io::Result<Option<Entries>> {
        let is_new = self.file.as_ref().is_some_and(|file| guard(file).is_new(content));
        is_new.then(|| file::parse(path, content)).transpose()
    }

    /// What stands for a name, its password and the hash that it was found right by.
    fn proof(&self, name: &str, password: &str, hash: Option<&Arc<Secret>>) -> Option<Secret> {
        let (key, hash) = (self.key.as_ref().ok()?.expose(), hash?.expose());
        // Neither key nor hash varies in length, and a name has no `:`.
        Some(Secret::new(format!("{key}{hash}{name}:{password}")))
    }

    fn is_proven(&self, proof: Option<&Secret>) -> bool {
        proof.is_some_and(|proof| self.proven.get(proof.expose(), self.now()).is_some())
    }

    fn now(&self) -> Duration {
        self.runtime.now().monotonic
    }
}

fn guard<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many passwords are compared at once.
const LANES: usize = 4;
/// How long a password that was right need not be compared again.
const REMEMBERED: Duration = Duration::from_secs(60);
