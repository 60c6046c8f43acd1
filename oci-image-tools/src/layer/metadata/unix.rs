use std::ffi::OsStr;
use std::fs::{self, FileType};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

use oci_client_core::Error;
use rustix::fs::{Dev, major, minor};

use super::Found;
use crate::layer::entry::{Device, Kind, Metadata};

pub(in crate::layer) fn name_bytes(name: &OsStr) -> Result<Vec<u8>, Error> {
    Ok(name.as_bytes().to_vec())
}

pub(in crate::layer) fn of(path: &Path, found: &fs::Metadata) -> io::Result<Found> {
    let kind = match found.file_type() {
        kind if kind.is_dir() => Kind::Directory,
        kind if kind.is_file() => Kind::File {
            size: found.len(),
            identity: (found.nlink() > 1).then(|| (found.dev(), found.ino())),
        },
        kind if kind.is_symlink() => Kind::Symlink(fs::read_link(path)?.into_os_string().into_vec()),
        kind if kind.is_socket() => return Ok(Found::Socket),
        kind => Kind::Device(device(kind, found)),
    };
    let metadata = Metadata {
        gid: found.gid(),
        mode: found.mode(),
        mtime: found.mtime(),
        uid: found.uid(),
    };
    Ok(Found::Entry { kind, metadata })
}

fn device(kind: FileType, found: &fs::Metadata) -> Device {
    let number = found.rdev() as Dev;
    let (major, minor) = (major(number), minor(number));
    if kind.is_fifo() {
        Device::Fifo
    } else if kind.is_block_device() {
        Device::Block { major, minor }
    } else {
        Device::Character { major, minor }
    }
}
