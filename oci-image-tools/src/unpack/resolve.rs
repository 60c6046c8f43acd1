//! Directories of the image by path, as a process whose root they are would find them.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use crate::path::MAX_PATH;

/// What becomes of directories on the way that are not there.
pub(super) type OnMissing<'a> = &'a mut dyn FnMut(BorrowedFd<'_>, &[u8]) -> Result<(), Errno>;

/// Opens the directory at `path`. One that is missing is made by `create`, or, without it, an error.
pub(super) fn open(root: &OwnedFd, path: &[&[u8]], create: Option<OnMissing<'_>>) -> Result<OwnedFd, Errno> {
    match open_in_root(root, path) {
        // What the kernel cannot do, or not now, is done step by step.
        Err(Errno::NOSYS | Errno::PERM | Errno::AGAIN | Errno::NAMETOOLONG) => walk(root, path, create),
        Err(Errno::NOENT) if create.is_some() => walk(root, path, create),
        result => result,
    }
}

fn open_in_root(root: &OwnedFd, path: &[&[u8]]) -> Result<OwnedFd, Errno> {
    let joined = path.join(&b'/');
    let name = if joined.is_empty() { b".".as_slice() } else { &joined };
    #[cfg(test)]
    OPENED.set(OPENED.get() + 1);
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    rustix::fs::openat2(root, name, DIRECTORY, Mode::empty(), resolve)
}

/// The same with nothing but `openat`, which follows no link: links are read and followed here.
pub(super) fn walk(root: &OwnedFd, path: &[&[u8]], mut create: Option<OnMissing<'_>>) -> Result<OwnedFd, Errno> {
    let mut rest: VecDeque<Vec<u8>> = path.iter().map(|part| part.to_vec()).collect();
    let (mut above, mut current, mut links): (Vec<Vec<u8>>, _, _) =
        (Vec::new(), root.try_clone().map_err(|_| Errno::MFILE)?, 0);
    let mut steps = 0;
    while let Some(part) = rest.pop_front() {
        steps += 1;
        if steps > MAX_STEPS {
            return Err(Errno::LOOP);
        }
        match part.as_slice() {
            b"" | b"." => continue,
            b".." => {
                above.pop();
                steps += above.len();
                current = descend(root, &above)?;
                continue;
            }
            _ => {}
        }
        match step(current.as_fd(), &part, &mut create) {
            Ok(next) => {
                current = next;
                above.push(part);
            }
            // Which of the two it is depends on the system, and a link may not lead to a directory at all.
            Err(Errno::LOOP | Errno::NOTDIR) => {
                let target = match rustix::fs::readlinkat(&current, part.as_slice(), Vec::new()) {
                    Ok(target) => target.into_bytes(),
                    Err(_) => return Err(Errno::NOTDIR),
                };
                links += 1;
                if links > MAX_LINKS || target.len() > MAX_PATH {
                    return Err(Errno::LOOP);
                }
                if target.starts_with(b"/") {
                    above.clear();
                    current = root.try_clone().map_err(|_| Errno::MFILE)?;
                }
                for part in target.split(|byte| *byte == b'/').rev() {
                    rest.push_front(part.to_vec());
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(current)
}

fn step(parent: BorrowedFd<'_>, name: &[u8], create: &mut Option<OnMissing<'_>>) -> Result<OwnedFd, Errno> {
    match (open_child(parent, name), create) {
        (Err(Errno::NOENT), Some(create)) => {
            create(parent, name)?;
            open_child(parent, name)
        }
        (result, _) => result,
    }
}

/// The directory of this name right in `parent`, which is none if it is a link.
pub(super) fn open_child(parent: BorrowedFd<'_>, name: &[u8]) -> Result<OwnedFd, Errno> {
    #[cfg(test)]
    OPENED.set(OPENED.get() + 1);
    rustix::fs::openat(parent, name, DIRECTORY | OFlags::NOFOLLOW, Mode::empty())
}

/// Goes down again along names that were no links a moment ago.
fn descend(root: &OwnedFd, path: &[Vec<u8>]) -> Result<OwnedFd, Errno> {
    let mut current = root.try_clone().map_err(|_| Errno::MFILE)?;
    for part in path {
        current = open_child(current.as_fd(), part)?;
    }
    Ok(current)
}

const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::CLOEXEC);

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;

/// Far more than any path of an image takes.
const MAX_STEPS: usize = 100_000;

#[cfg(test)]
std::thread_local! {
    /// How many directories this thread has tried to open.
    pub(super) static OPENED: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}
