use oci_client_core::{Error, ErrorKind};

use super::LayerOptions;
use crate::ImageLimits;
use crate::path::MAX_PATH;

/// The path of an entry as the archive has it: relative, without `.` and doubled slashes; empty for the root.
pub(super) fn normalized(path: &str, options: &LayerOptions) -> Result<Vec<u8>, Error> {
    let mut result = Vec::new();
    for name in path.split('/').filter(|name| !name.is_empty() && *name != ".") {
        push(&mut result, name.as_bytes(), options)?;
    }
    check(&result, &options.limits)?;
    Ok(result)
}

/// Adds a name to a path.
pub(super) fn push(path: &mut Vec<u8>, name: &[u8], options: &LayerOptions) -> Result<(), Error> {
    let reason = if name == b".." {
        "it leads out of the layer"
    } else if name.contains(&0) {
        "it has a zero byte"
    } else if name.starts_with(WHITEOUT) && !options.artifact {
        "names that begin with `.wh.` mark removed files; remove files with `with_removed`"
    } else {
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(name);
        return Ok(());
    };
    let (path, name) = (String::from_utf8_lossy(path), String::from_utf8_lossy(name));
    Err(invalid(&format!("{path}/{name}"), reason))
}

/// Holds a path to the limits.
pub(super) fn check(path: &[u8], limits: &ImageLimits) -> Result<(), Error> {
    let depth = path.split(|&byte| byte == b'/').count();
    if path.len() <= MAX_PATH && depth <= limits.depth {
        return Ok(());
    }
    let start = String::from_utf8_lossy(path.get(..80).unwrap_or(path));
    let message = format!(
        "the path that begins with {start:?} has {} bytes on {depth} levels; {MAX_PATH} and {} are allowed",
        path.len(),
        limits.depth
    );
    Err(Error::new(ErrorKind::TooLarge, message))
}

/// The path of the entry that says that `path` is removed.
pub(super) fn whiteout(path: &[u8]) -> Vec<u8> {
    let name = path
        .iter()
        .rposition(|&byte| byte == b'/')
        .map_or(0, |slash| slash.saturating_add(1));
    let (folder, name) = path.split_at(name.min(path.len()));
    [folder, WHITEOUT, name].concat()
}

/// The path of the entry that hides what lower layers have in the directory `path`.
pub(super) fn opaque(path: &[u8]) -> Vec<u8> {
    match path.is_empty() {
        true => OPAQUE.to_vec(),
        false => [path, b"/", OPAQUE].concat(),
    }
}

pub(super) fn invalid(path: &str, reason: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("{path:?} cannot be in a layer: {reason}"))
}

const OPAQUE: &[u8] = b".wh..wh..opq";

const WHITEOUT: &[u8] = b".wh.";
