//! Owners, modes, times and extended attributes.

use std::os::fd::BorrowedFd;

use oci_client_core::{Error, ErrorKind};
use rustix::fs::{AtFlags, Gid, Mode, Timespec, Timestamps, Uid, XattrFlags};
use rustix::io::Errno;

use super::options::{Ownership, UnpackOptions};
use super::report::{Report, SkipReason};
use crate::tar_stream::{Entry, Timestamp};

/// Whom a file is to belong to; `None` leaves it as it is.
pub(super) type Owner = Option<(Uid, Gid)>;

/// Whom the entry's file is to belong to.
pub(super) fn owner(options: &UnpackOptions, uid: i64, gid: i64) -> Result<Owner, Error> {
    let unusable = |what: &str, id: i64| Error::new(ErrorKind::Invalid, format!("no {what} can have the ID {id}"));
    let checked = |what: &str, id: i64| {
        let valid = u32::try_from(id).ok().filter(|id| *id != u32::MAX);
        valid.ok_or_else(|| unusable(what, id))
    };
    let unmapped = |what: &str, id: i64| {
        Error::new(
            ErrorKind::Invalid,
            format!("the {what} {id} is in no range of the map of IDs"),
        )
    };
    match &options.ownership {
        Ownership::Image => Ok(Some((
            Uid::from_raw(checked("user", uid)?),
            Gid::from_raw(checked("group", gid)?),
        ))),
        Ownership::Mapped(map) => {
            let user = map.user(checked("user", uid)?).ok_or_else(|| unmapped("user", uid))?;
            let group = map
                .group(checked("group", gid)?)
                .ok_or_else(|| unmapped("group", gid))?;
            Ok(Some((Uid::from_raw(user), Gid::from_raw(group))))
        }
        Ownership::Own => Ok(None),
    }
}

/// The mode that a file gets.
pub(super) const fn mode(options: &UnpackOptions, mode: u32) -> Mode {
    let allowed = if options.setuid { 0o7777 } else { 0o1777 };
    Mode::from_raw_mode(mode & allowed)
}

pub(super) fn times(time: Timestamp) -> Timestamps {
    let time = Timespec {
        tv_sec: time.seconds,
        tv_nsec: time.nanos.into(),
    };
    Timestamps {
        last_access: time,
        last_modification: time,
    }
}

/// Sets owner and mode, in this order: giving a file away takes its setuid bit.
pub(super) fn set_owner_and_mode(file: BorrowedFd<'_>, owner: Owner, mode: Mode) -> Result<(), Errno> {
    if let Some((user, group)) = owner {
        rustix::fs::fchown(file, Some(user), Some(group))?;
    }
    rustix::fs::fchmod(file, mode)
}

/// The same for what cannot be opened, by its name; the directory is one that nobody else can get at.
pub(super) fn set_owner_by_name(parent: BorrowedFd<'_>, name: &[u8], owner: Owner) -> Result<(), Errno> {
    match owner {
        Some((user, group)) => rustix::fs::chownat(parent, name, Some(user), Some(group), AtFlags::SYMLINK_NOFOLLOW),
        None => Ok(()),
    }
}

/// Sets the extended attributes that the options allow; the others are reported.
pub(super) fn set_xattrs(
    file: BorrowedFd<'_>,
    entry: &Entry,
    options: &UnpackOptions,
    report: &mut Report,
) -> Result<(), Errno> {
    for (name, value) in &entry.xattrs {
        let set = if allowed(name, options) {
            rustix::fs::fsetxattr(file, name.as_slice(), value, XattrFlags::empty())
        } else {
            Err(Errno::OPNOTSUPP)
        };
        match set {
            Err(Errno::OPNOTSUPP) => report.skip(&entry.path, SkipReason::Attribute(name.clone())),
            result => result?,
        }
    }
    Ok(())
}

/// Removes the attributes that a directory has from the layers below.
pub(super) fn clear_xattrs(file: BorrowedFd<'_>, options: &UnpackOptions) -> Result<(), Errno> {
    let mut names = vec![0; MAX_XATTR_NAMES];
    let len = match rustix::fs::flistxattr(file, &mut names) {
        Err(Errno::OPNOTSUPP) => 0,
        result => result?,
    };
    let names = names.get(..len).unwrap_or_default().split(|byte| *byte == 0);
    for name in names.filter(|name| allowed(name, options)) {
        rustix::fs::fremovexattr(file, name)?;
    }
    Ok(())
}

/// The attributes of users, but for those that an overlay filesystem would obey; what gives rights goes with setuid and with owners.
fn allowed(name: &[u8], options: &UnpackOptions) -> bool {
    match name {
        b"security.capability" => options.setuid,
        b"system.posix_acl_access" | b"system.posix_acl_default" => options.ownership == Ownership::Image,
        _ => name.starts_with(b"user.") && !name.starts_with(b"user.overlay."),
    }
}

/// As long as Linux lets the list be.
const MAX_XATTR_NAMES: usize = 64 << 10;
