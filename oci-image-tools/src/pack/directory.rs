//! A directory as one layer.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use flate2::Compression;
use flate2::write::GzEncoder;
use oci_client_core::Error;
use oci_client_core::client::{Chunks, Content, FileContent};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, unblock};
use oci_spec_types::{Annotations, Descriptor, MediaType};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

use super::hashing::Hashing;
use crate::errors::{at_path, invalid};

/// The layer that holds `path` as `title`, as ORAS describes it, and its content.
pub(super) async fn archive(
    title: String,
    path: PathBuf,
    runtime: &Arc<dyn Runtime>,
) -> Result<(Descriptor, Arc<dyn Content>), Error> {
    let work = unblock(&**runtime, move || write(&title, &path));
    let (layer, file) = work.await.map_err(io::Error::from)??;
    let content = FileContent::new(file.path(), runtime.clone());
    Ok((layer, Arc::new(Temporary { content, _file: file })))
}

/// The content of a file that is removed when nobody reads it any more.
struct Temporary {
    content: FileContent,
    _file: NamedTempFile,
}

#[async_trait]
impl Content for Temporary {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        self.content.open(span).await
    }
}

fn write(title: &str, path: &Path) -> Result<(Descriptor, NamedTempFile), Error> {
    let file = NamedTempFile::new().map_err(|error| at_path("create a file in", &std::env::temp_dir(), error))?;
    let compressed = Hashing::new(BufWriter::new(file))?;
    let plain = Hashing::new(GzEncoder::new(compressed, Compression::default()))?;
    let mut builder = Builder::new(plain);
    append_all(&mut builder, title, path)?;
    let finished = builder.into_inner().and_then(|plain| {
        let (encoder, tar_digest, _) = plain.finish();
        let (buffer, digest, size) = encoder.finish()?.finish();
        let file = buffer.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok((file, tar_digest, digest, size))
    });
    let (file, tar_digest, digest, size) = finished.map_err(|error| at_path("write the archive of", path, error))?;
    let layer = Descriptor::new(MediaType::IMAGE_LAYER_GZIP, digest, size)
        .with_annotation(Annotations::TITLE, title)
        .with_annotation(DIGEST, tar_digest.to_string())
        .with_annotation(UNPACK, "true");
    Ok((layer, file))
}

/// Appends a directory and all below it in the order of the names, parents first.
fn append_all(builder: &mut Builder<impl Write>, title: &str, root: &Path) -> Result<(), Error> {
    let metadata = fs::metadata(root).map_err(|error| at_path("read", root, error))?;
    if !metadata.is_dir() {
        return Err(invalid(format!("{} is no directory", root.display())));
    }
    let mut rest = vec![(PathBuf::from(title), root.to_owned(), metadata)];
    while let Some((name, path, metadata)) = rest.pop() {
        append(builder, &name, &path, &metadata)?;
        if metadata.is_dir() {
            let mut children = children(&name, &path)?;
            // The first one comes off the end first.
            children.sort_by(|(left, ..), (right, ..)| right.cmp(left));
            rest.extend(children);
        }
    }
    Ok(())
}

fn children(name: &Path, path: &Path) -> Result<Vec<(PathBuf, PathBuf, Metadata)>, Error> {
    let failed = |error| at_path("read", path, error);
    let mut children = Vec::new();
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path).map_err(|error| at_path("read", &path, error))?;
        children.push((name.join(entry.file_name()), path, metadata));
    }
    Ok(children)
}

fn append(builder: &mut Builder<impl Write>, name: &Path, path: &Path, metadata: &Metadata) -> Result<(), Error> {
    let mut header = Header::new_gnu();
    header.set_mode(mode(metadata));
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(0);
    let failed = |error| at_path("read", path, error);
    let appended = if metadata.is_dir() {
        header.set_entry_type(EntryType::Directory);
        builder.append_data(&mut header, name, io::empty())
    } else if metadata.is_symlink() {
        header.set_entry_type(EntryType::Symlink);
        let target = fs::read_link(path).map_err(failed)?;
        builder.append_link(&mut header, name, target)
    } else if metadata.is_file() {
        let file = File::open(path).map_err(failed)?;
        header.set_entry_type(EntryType::Regular);
        header.set_size(metadata.len());
        builder.append_data(&mut header, name, Exactly::new(file, metadata.len()))
    } else {
        return Err(invalid(format!(
            "{} is neither a file, a directory nor a symbolic link",
            path.display()
        )));
    };
    appended.map_err(failed)
}

/// What a header has promised: a file that grows is cut, and one that shrinks is an error.
struct Exactly {
    file: io::Take<File>,
}

impl Exactly {
    fn new(file: File, size: u64) -> Self {
        Self {
            file: io::Read::take(file, size),
        }
    }
}

impl io::Read for Exactly {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if read == 0 && !buffer.is_empty() && self.file.limit() > 0 {
            return Err(io::Error::other("it has become shorter while it was being read"));
        }
        Ok(read)
    }
}

#[cfg(unix)]
fn mode(metadata: &Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata) -> u32 {
    match metadata.is_dir() {
        true => 0o755,
        false => 0o644,
    }
}

/// The digest of the archive before compression.
const DIGEST: &str = "io.deis.oras.content.digest";
/// Says that the layer is to be unpacked.
const UNPACK: &str = "io.deis.oras.content.unpack";
