//! What the system knows of a file.

#[cfg(not(any(target_os = "android", target_os = "linux", target_vendor = "apple")))]
mod no_xattrs;
#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;
#[cfg(any(target_os = "android", target_os = "linux", target_vendor = "apple"))]
mod xattrs;

#[cfg(not(any(target_os = "android", target_os = "linux", target_vendor = "apple")))]
pub(super) use no_xattrs::xattrs;
#[cfg(not(unix))]
pub(super) use other::{name_bytes, of};
#[cfg(unix)]
pub(super) use unix::{name_bytes, of};
#[cfg(any(target_os = "android", target_os = "linux", target_vendor = "apple"))]
pub(super) use xattrs::xattrs;

use super::entry::{Kind, Metadata};

/// A file as it is on disk.
pub(super) enum Found {
    Entry { kind: Kind, metadata: Metadata },
    Socket,
}
