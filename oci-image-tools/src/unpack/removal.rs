//! Taking things away by handle, without following links.

use std::os::fd::{AsFd, BorrowedFd};

use rustix::fs::{AtFlags, Dir, FileType, Stat};
use rustix::io::Errno;

use super::resolve::open_child;
use super::written::Written;

/// Removes what has this name, with everything below it. What `keep` holds stays, with the directories that lead to it.
pub(super) fn remove(parent: BorrowedFd<'_>, name: &[u8], keep: Option<&mut Written>) -> Result<(), Errno> {
    remove_below(parent, name, keep, 0)
}

/// Removes what is in this directory, as [`remove`] does.
pub(super) fn remove_children(directory: BorrowedFd<'_>, keep: Option<&mut Written>) -> Result<(), Errno> {
    remove_all(directory, keep, 0)
}

/// What has this name, if anything has; a link is not followed.
pub(super) fn look(parent: BorrowedFd<'_>, name: &[u8]) -> Result<Option<Stat>, Errno> {
    match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(stat) => Ok(Some(stat)),
        Err(Errno::NOENT) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What is in this directory.
pub(super) fn names(directory: BorrowedFd<'_>) -> Result<Vec<Vec<u8>>, Errno> {
    let entries = Dir::read_from(directory)?.map(|entry| entry.map(|entry| entry.file_name().to_bytes().to_vec()));
    entries
        .filter(|name| !matches!(name.as_deref(), Ok(b"." | b"..")))
        .collect()
}

pub(super) fn is_directory(stat: &Stat) -> bool {
    FileType::from_raw_mode(stat.st_mode) == FileType::Directory
}

fn remove_below(
    parent: BorrowedFd<'_>,
    name: &[u8],
    mut keep: Option<&mut Written>,
    depth: usize,
) -> Result<(), Errno> {
    let Some(found) = look(parent, name)? else {
        return Ok(());
    };
    let kept = match &keep {
        Some(written) => written.contains(&rustix::fs::fstat(parent)?, name),
        None => false,
    };
    if !is_directory(&found) {
        return if kept {
            Ok(())
        } else {
            rustix::fs::unlinkat(parent, name, AtFlags::empty())
        };
    }
    // Each level holds a handle.
    if depth >= MAX_DEPTH {
        return Err(Errno::NAMETOOLONG);
    }
    let directory = open_child(parent, name)?;
    remove_all(directory.as_fd(), keep.as_deref_mut(), depth + 1)?;
    if kept {
        return Ok(());
    }
    match rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Err(Errno::NOTEMPTY | Errno::EXIST) if keep.is_some() => Ok(()),
        result => result,
    }
}

fn remove_all(directory: BorrowedFd<'_>, mut keep: Option<&mut Written>, depth: usize) -> Result<(), Errno> {
    if let Some(written) = &mut keep
        && !written.hide(&rustix::fs::fstat(directory)?)
    {
        return Ok(());
    }
    for name in names(directory)? {
        remove_below(directory, &name, keep.as_deref_mut(), depth)?;
    }
    Ok(())
}

const MAX_DEPTH: usize = 512;
