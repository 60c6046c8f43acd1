//! Reading the blobs of any store: into memory up to a limit, or into a file.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use oci_client_core::Error;
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Source;
use oci_spec_types::Descriptor;
use tempfile::NamedTempFile;

use crate::errors::{at_path, too_large};

/// A whole blob, verified. What is larger than `limit` is refused before anything is read.
pub(crate) async fn read(source: &dyn Source, blob: &Descriptor, limit: u64, what: &str) -> Result<Bytes, Error> {
    if blob.size > limit {
        let size = blob.size;
        return Err(too_large(format!(
            "{what} has {size} bytes, more than the {limit} that are read"
        )));
    }
    let mut verifier = blob.verifier()?;
    let mut chunks = source.blob(blob).await?.open(Span::new(0, blob.size)).await?;
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.try_next().await? {
        verifier.update(&chunk)?;
        whole.extend_from_slice(&chunk);
    }
    verifier.finish()?;
    Ok(whole.freeze())
}

/// Writes a blob to a file, a piece at a time, which gets its name once the content is verified. A file that has the name is replaced.
pub(crate) async fn save(
    source: &dyn Source,
    blob: &Descriptor,
    path: &Path,
    runtime: &dyn Runtime,
) -> Result<(), Error> {
    let mut verifier = blob.verifier()?;
    let place = path.to_owned();
    let mut file = unblock(runtime, move || create(&place))
        .await
        .map_err(io::Error::from)??;
    let mut chunks = source.blob(blob).await?.open(Span::new(0, blob.size)).await?;
    while let Some(chunk) = chunks.try_next().await? {
        verifier.update(&chunk)?;
        let place = path.to_owned();
        let written = unblock(runtime, move || match file.write_all(&chunk) {
            Ok(()) => Ok(file),
            Err(error) => Err(at_path("write", &place, error)),
        });
        file = written.await.map_err(io::Error::from)??;
    }
    verifier.finish()?;
    let place = path.to_owned();
    unblock(runtime, move || keep(file, &place))
        .await
        .map_err(io::Error::from)?
}

/// A file in the folder of `path`, which is created if it is missing.
fn create(path: &Path) -> Result<NamedTempFile, Error> {
    let folder = folder_of(path);
    std::fs::create_dir_all(&folder).map_err(|error| at_path("create", &folder, error))?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".partial-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any other new file: the umask has the last word.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
        .tempfile_in(&folder)
        .map_err(|error| at_path("create a file in", &folder, error))
}

fn keep(file: NamedTempFile, path: &Path) -> Result<(), Error> {
    file.as_file()
        .sync_all()
        .map_err(|error| at_path("write", path, error))?;
    file.persist(path)
        .map(drop)
        .map_err(|error| at_path("create", path, error.error))
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}
