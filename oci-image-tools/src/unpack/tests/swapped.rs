//! A tree that somebody else changes while it is being written.

use std::fs;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rustix::fs::{AtFlags, Mode, OFlags, RenameFlags};
use rustix::io::Errno;

use super::{Place, skipped};
use crate::unpack::removal::{remove, remove_children};
use crate::unpack::resolve::{OnMissing, open, open_child, walk};

/// U19: a directory and a link out of the root change places all the time; nothing that is found, made or removed by way of them is outside.
#[test]
fn u19_directories_that_become_links_lead_nowhere() {
    let place = Place::new();
    fs::create_dir_all(place.root().join("d/e")).unwrap();
    fs::write(place.outer.path().join("others/kept"), "kept").unwrap();
    let root: OwnedFd = fs::File::open(place.root()).unwrap().into();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let swapper = scope.spawn(|| {
            let mut swapped = 0_u64;
            while !done.load(Ordering::Relaxed) {
                for target in ["../others", "/others", "../../others"] {
                    match swap(root.as_fd(), target) {
                        Ok(()) => swapped += 1,
                        Err(error @ (Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP)) => return Err(error),
                        // Somebody was faster.
                        Err(_) => {}
                    }
                }
            }
            Ok::<_, Errno>(swapped)
        });
        for round in 0..ROUNDS {
            write(&root, round);
        }
        done.store(true, Ordering::Relaxed);
        // A filesystem that cannot exchange names cannot be attacked in this way.
        match swapper.join().unwrap() {
            Ok(swapped) => assert!(swapped > 0),
            Err(error) => skipped(&format!("names cannot be exchanged here: {error}")),
        }
    });
    let outside: Vec<_> = fs::read_dir(place.outer.path().join("others")).unwrap().collect();
    assert_eq!(outside.len(), 1);
    assert_eq!(fs::read(place.outer.path().join("others/kept")).unwrap(), b"kept");
    assert_eq!(fs::read(place.outer.path().join("secret")).unwrap(), b"secret");
}

/// Puts a link in the place of `d`, and back what was there.
fn swap(root: BorrowedFd<'_>, target: &str) -> Result<(), Errno> {
    // What is left of the last time: by now it may be either of the two.
    remove(root, b"link", None)?;
    rustix::fs::symlinkat(target, root, "link")?;
    rustix::fs::renameat_with(root, "d", root, "link", RenameFlags::EXCHANGE)?;
    rustix::fs::renameat_with(root, "d", root, "link", RenameFlags::EXCHANGE)
}

/// What unpacking does with a file, whatever comes of it.
fn write(root: &OwnedFd, round: u64) {
    let mut make = |parent: BorrowedFd<'_>, name: &[u8]| {
        rustix::fs::mkdirat(parent, name, Mode::RWXU)?;
        open_child(parent, name).map(drop)
    };
    let create: OnMissing<'_> = &mut make;
    let path: &[&[u8]] = if round.is_multiple_of(2) {
        &[b"d", b"e"]
    } else {
        &[b"d"]
    };
    let directory = match round % 3 {
        0 => walk(root, path, Some(create)),
        _ => open(root, path, Some(create)),
    };
    let Ok(directory) = directory else {
        return;
    };
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW;
    if let Ok(file) = rustix::fs::openat(&directory, "evil", flags, Mode::RUSR | Mode::WUSR) {
        fs::File::from(file).write_all(b"evil").unwrap();
    }
    // Each of these may fail, as what it is about may just have changed places.
    let _ = match round % 4 {
        0 => remove_children(directory.as_fd(), None),
        1 => remove(root.as_fd(), b"d", None),
        _ => rustix::fs::unlinkat(&directory, "kept", AtFlags::empty()),
    };
    // What was removed comes back, so that there is something to exchange.
    let _ = rustix::fs::mkdirat(root, "d", Mode::RWXU);
}

const ROUNDS: u64 = 2_000;
