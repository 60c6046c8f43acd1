use std::path::Path;

use oci_spec_types::Descriptor;

use super::Source;
use crate::Error;
use crate::partial_file::PartialFile;
use crate::proto::Span;
use crate::runtime::Runtime;

/// Writes a blob of any store to the file at `path`, a piece at a time, in place of a file that was there. It gets its name once the whole content is verified and on disk; until then it is a
/// file beside it whose name begins with `.partial-`. Missing folders are created.
///
/// ```
/// use oci_client_core::runtime::{ThreadRuntime, block_on};
/// use oci_client_core::store::{MemoryStore, save_blob};
/// use oci_spec_types::MediaType;
///
/// let store = MemoryStore::new();
/// let blob = store.add_blob(MediaType::OCTET_STREAM, "content");
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("sub/blob");
/// block_on(save_blob(&store, &blob, &path, &ThreadRuntime::new()))?;
/// assert_eq!(std::fs::read(path)?, b"content");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// As [`Source::blob`]; if the content cannot be read or is not what the descriptor says, or the file cannot be written. What was at `path` stays then.
///
/// # Cancellation
/// A dropped future leaves what was at `path`.
pub async fn save_blob(
    source: &dyn Source,
    blob: &Descriptor,
    path: &Path,
    runtime: &dyn Runtime,
) -> Result<(), Error> {
    let verifier = blob.verifier()?;
    let chunks = source.blob(blob).await?.open(Span::new(0, blob.size)).await?;
    PartialFile::write_whole(path.to_owned(), runtime, Some(verifier), chunks, PartialFile::commit).await
}

#[cfg(all(test, feature = "thread-runtime"))]
mod tests;
