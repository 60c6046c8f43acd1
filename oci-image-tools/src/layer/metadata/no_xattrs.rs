use std::path::Path;

use oci_client_core::Error;

use crate::layer::pax::Records;

/// Nothing: the system has none, or none that are read the same way.
pub(in crate::layer) fn xattrs(_: &Path, _: &mut Records) -> Result<(), Error> {
    Ok(())
}
