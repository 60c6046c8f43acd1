use std::path::Path;

use oci_client_core::Error;
use rustix::fs::{lgetxattr, llistxattr};
use rustix::io::Errno;

use crate::layer::file_data::unreadable;
use crate::layer::pax::Records;

/// Adds the extended attributes that a layer may have.
pub(in crate::layer) fn xattrs(path: &Path, records: &mut Records) -> Result<(), Error> {
    let failed = |error: Errno| unreadable(path, error.into());
    let mut names = Vec::with_capacity(LARGEST);
    match llistxattr(path, rustix::buffer::spare_capacity(&mut names)) {
        Ok(_) => {}
        Err(Errno::NOTSUP) => return Ok(()),
        Err(error) => return Err(failed(error)),
    }
    for name in names.split(|&byte| byte == 0).filter(|name| is_kept(name)) {
        let mut value = Vec::with_capacity(LARGEST);
        match lgetxattr(path, name, rustix::buffer::spare_capacity(&mut value)) {
            Ok(_) => records.insert([b"SCHILY.xattr.", name].concat(), value),
            Err(Errno::NODATA) => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Ok(())
}

fn is_kept(name: &[u8]) -> bool {
    name == b"security.capability" || name.starts_with(b"user.") && !name.starts_with(b"user.overlay.")
}

/// The most that a system lets a list of names or a value have: 64 KiB.
const LARGEST: usize = 64 << 10;
