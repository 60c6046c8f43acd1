//! Removing what no entry leads to.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use oci_spec_types::Digest;

use super::OciLayout;
use super::files::{BLOBS, Files};
use super::reachable::Reachable;
use crate::Error;
use crate::partial_file::{PREFIX, failed};

impl OciLayout {
    /// Removes the blobs that no entry of `index.json` leads to, and what broken writers have left, if they are at least `min_age` old by the runtime's clock.
    ///
    /// Writers store blobs before they enter what leads to them. The age keeps those of writers at work: give it more time than any of them takes, or zero if
    /// there are none. `index.json` cannot change meanwhile. A manifest that is entered keeps what it is made of; one that refers to a subject does not keep the subject.
    ///
    /// # Errors
    /// If a manifest cannot be read that is there, as it is then unknown what it leads to: nothing is removed then. Or if a file cannot be removed; those before it are.
    ///
    /// # Cancellation
    /// Work that has begun goes on.
    pub async fn gc(&self, min_age: Duration) -> Result<LayoutGarbage, Error> {
        let before = self.runtime.now().unix.saturating_sub(min_age);
        self.blocking(move |files| {
            let _locked = files.lock()?;
            let kept = Reachable::find(files, &files.read_index()?).into_digests()?;
            sweep(files, &kept, before)
        })
        .await
    }
}

/// What [`OciLayout::gc`] has removed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct LayoutGarbage {
    /// The blobs.
    pub blobs: Vec<Digest>,
    /// How many bytes they and unfinished files had together.
    pub bytes: u64,
    /// How many unfinished files there were.
    pub unfinished: usize,
}

/// Files whose names mean nothing here are others' and stay.
fn sweep(files: &Files, kept: &HashSet<Digest>, before: Duration) -> Result<LayoutGarbage, Error> {
    let mut garbage = LayoutGarbage::default();
    let blobs = files.root().join(BLOBS);
    for algorithm in list(&blobs)? {
        if !blobs.join(&algorithm).is_dir() {
            continue;
        }
        for name in list(&blobs.join(&algorithm))? {
            let path = blobs.join(&algorithm).join(&name);
            let digest = format!("{algorithm}:{name}").parse::<Digest>().ok();
            let unfinished = name.starts_with(PREFIX);
            if !unfinished && digest.as_ref().is_none_or(|digest| kept.contains(digest)) {
                continue;
            }
            let Some(size) = remove_old(&path, before)? else {
                continue;
            };
            garbage.bytes = garbage.bytes.saturating_add(size);
            garbage.blobs.extend(digest.filter(|_| !unfinished));
            garbage.unfinished = garbage.unfinished.saturating_add(usize::from(unfinished));
        }
    }
    garbage.blobs.sort();
    Ok(garbage)
}

/// The size of the file that was removed; `None` if it is too young, or no file.
fn remove_old(path: &Path, before: Duration) -> Result<Option<u64>, Error> {
    let error = |error| failed("remove", path, error);
    let metadata = fs::symlink_metadata(path).map_err(error)?;
    let modified = metadata.modified().map_err(error)?;
    let modified = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    if !metadata.is_file() || modified > before {
        return Ok(None);
    }
    fs::remove_file(path).map_err(error)?;
    Ok(Some(metadata.len()))
}

fn list(folder: &Path) -> Result<Vec<String>, Error> {
    let read = || {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder)? {
            names.extend(entry?.file_name().into_string());
        }
        Ok(names)
    };
    read().map_err(|error| failed("read the folder", folder, error))
}
