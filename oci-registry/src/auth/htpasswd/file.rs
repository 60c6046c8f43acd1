use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use oci_client_core::Secret;
use oci_spec_types::Digest;

use super::entries::Entries;

/// A file that is looked at again and again.
pub(super) struct WatchedFile {
    /// When it was last looked at.
    looked: Duration,
    path: PathBuf,
    /// Of the content that is in use, or that was found to be of no use.
    seen: Digest,
}

impl WatchedFile {
    /// Reads the file for the first time.
    pub(super) fn open(path: PathBuf, now: Duration) -> io::Result<(Self, Entries)> {
        let content = read(&path)?;
        let entries = parse(&path, &content)?;
        let file = Self {
            looked: now,
            seen: Digest::sha256(content.expose().as_bytes()),
            path,
        };
        Ok((file, entries))
    }

    /// The path, if it is time to look again; whoever gets it does so.
    pub(super) fn due(&mut self, now: Duration) -> Option<PathBuf> {
        if now.saturating_sub(self.looked) < INTERVAL {
            return None;
        }
        self.looked = now;
        Some(self.path.clone())
    }

    /// Whether `content` is new.
    pub(super) fn is_new(&mut self, content: &Secret) -> bool {
        let digest = Digest::sha256(content.expose().as_bytes());
        let is_new = digest != self.seen;
        self.seen = digest;
        is_new
    }
}

/// All of the file.
pub(super) fn read(path: &Path) -> io::Result<Secret> {
    let name = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(name)?;
    let length = file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(name)?;
    if length as u64 > MOST_BYTES {
        let message = format!("{}: larger than the {MOST_BYTES} bytes that are read", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, message));
    }
    Ok(Secret::new(text))
}

pub(super) fn parse(path: &Path, content: &Secret) -> io::Result<Entries> {
    Entries::parse(content.expose()).map_err(|error| {
        let message = format!("{}: {error}", path.display());
        io::Error::new(io::ErrorKind::InvalidData, message)
    })
}

/// How often the file is looked at, at the most.
const INTERVAL: Duration = Duration::from_secs(1);
/// The largest file that is read: more than ten thousand users.
const MOST_BYTES: u64 = 1 << 20;
