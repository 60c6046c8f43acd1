use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use oci_client_core::{Error, ErrorKind};

use super::Found;
use crate::layer::entry::{Kind, Metadata};

pub(in crate::layer) fn name_bytes(name: &OsStr) -> Result<Vec<u8>, Error> {
    let name = name.to_str().ok_or_else(|| {
        let message = format!("the file name {name:?} is no Unicode text");
        Error::new(ErrorKind::Invalid, message)
    })?;
    Ok(name.as_bytes().to_vec())
}

pub(in crate::layer) fn of(path: &Path, found: &fs::Metadata) -> io::Result<Found> {
    let (kind, mode) = if found.is_dir() {
        (Kind::Directory, 0o755)
    } else if found.is_symlink() {
        let target = fs::read_link(path)?;
        let target = target.to_string_lossy().replace('\\', "/");
        (Kind::Symlink(target.into_bytes()), 0o777)
    } else {
        let size = found.len();
        (Kind::File { size, identity: None }, 0o644)
    };
    let mtime = found.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let metadata = Metadata {
        gid: 0,
        mode,
        mtime: i64::try_from(mtime.as_secs()).unwrap_or_default(),
        uid: 0,
    };
    Ok(Found::Entry { kind, metadata })
}
