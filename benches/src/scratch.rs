//! Where files go while something is measured.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Outcome;

/// A folder in memory where the system has one, so that no disk is measured.
pub(crate) fn folder(below: Option<&Path>) -> Outcome<TempDir> {
    let below = below.map_or_else(default_folder, Path::to_owned);
    Ok(tempfile::Builder::new().prefix("benches-").tempdir_in(below)?)
}

fn default_folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}
