//! What the name of an entry means: a place below the root, or a whiteout.

use oci_client_core::Error;

use crate::errors::{invalid, too_large};
use crate::tar_stream::EntryKind;

/// What an entry is about.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Place<'a> {
    /// The file of this name in the directory `parent`.
    File {
        parent: &'a [&'a [u8]],
        name: &'a [u8],
    },
    /// The own files of an old storage driver, which mean nothing.
    Meta,
    /// What the layers below have in this directory is gone.
    Opaque {
        parent: &'a [&'a [u8]],
    },
    Root,
    /// What the layers below have under this name in the directory `parent` is gone.
    Whiteout {
        parent: &'a [&'a [u8]],
        name: &'a [u8],
    },
}

impl<'a> Place<'a> {
    pub(crate) fn of(components: &'a [&'a [u8]], kind: EntryKind) -> Result<Self, Error> {
        let Some((name, parent)) = components.split_last() else {
            return Ok(Self::Root);
        };
        if components.iter().any(|part| part.starts_with(META) && *part != OPAQUE) {
            return Ok(Self::Meta);
        }
        if parent.iter().any(|part| part.starts_with(WHITEOUT)) {
            return Err(invalid("a whiteout has nothing below it"));
        }
        let Some(hidden) = name.strip_prefix(WHITEOUT) else {
            return Ok(Self::File { parent, name });
        };
        if kind == EntryKind::Directory {
            return Err(invalid("a whiteout is no directory"));
        }
        match hidden {
            b"" | b"." | b".." => Err(invalid("a whiteout names nothing that it could hide")),
            _ if *name == OPAQUE => Ok(Self::Opaque { parent }),
            hidden => Ok(Self::Whiteout { parent, name: hidden }),
        }
    }
}

/// The components of a path below the root: a leading `/`, `.` and empty ones do not count.
pub(crate) fn components(path: &[u8], depth: usize) -> Result<Vec<&[u8]>, Error> {
    if path.len() > MAX_PATH {
        return Err(too_large(format!("a path has more than {MAX_PATH} bytes")));
    }
    let parts = path
        .split(|byte| *byte == b'/')
        .filter(|part| !matches!(*part, b"" | b"."));
    let components: Vec<_> = parts.collect();
    if components.len() > depth {
        return Err(too_large(format!("a path has more than {depth} components")));
    }
    match components.iter().find_map(|part| fault(part)) {
        Some(fault) => Err(invalid(fault)),
        None => Ok(components),
    }
}

/// Whether a file of this name in a layer marks what is gone.
pub(crate) fn is_whiteout(name: &[u8]) -> bool {
    name.starts_with(WHITEOUT)
}

fn fault(part: &[u8]) -> Option<&'static str> {
    if part == b".." {
        Some("its path has a `..`, which might lead out of the image")
    } else if part.contains(&0) {
        Some("its path has a NUL")
    } else if part.len() > MAX_NAME {
        Some("a component of its path has more than 255 bytes")
    } else {
        None
    }
}

const MAX_NAME: usize = 255;

/// The longest path, as Linux has it.
pub(crate) const MAX_PATH: usize = 4096;

const META: &[u8] = b".wh..wh.";
pub(crate) const OPAQUE: &[u8] = b".wh..wh..opq";
pub(crate) const WHITEOUT: &[u8] = b".wh.";
