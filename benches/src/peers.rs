//! The programs of others.

use std::env;
use std::path::{Path, PathBuf};

/// Where a program is, in `PATH` or where `interop/install` puts it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = Path::new(env!("CARGO_MANIFEST_DIR")).join("../interop/.cache/bin");
    env::split_paths(&path)
        .chain([installed])
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}
