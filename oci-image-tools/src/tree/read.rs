use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Source;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Sanitized;

use super::node::{Location, Node};
use super::{Tree, in_layer};
use crate::layer_stream::{Budget, LayerStream, with_blob};
use crate::tar_stream::{Entry, EntryKind};

impl Tree {
    /// The content of the file at `path`, in a temporary file without a name, at its beginning. The layer that it is in is read, and right, to its end before it is given out.
    ///
    /// # Errors
    /// Of kind `NotFound` if there is no file of this path, `Invalid` if it is not a regular file, and as [`read`](Self::read).
    ///
    /// # Cancellation
    /// A dropped future leaves nothing.
    pub async fn open_file(&self, source: &dyn Source, path: &[u8], runtime: Arc<dyn Runtime>) -> Result<File, Error> {
        let location = self.location(path)?;
        let (layer, diff_id) = self.layers.get(location.layer).ok_or_else(|| missing(path))?;
        let (media_type, expected) = (layer.media_type.clone(), diff_id.clone());
        let mut budget = Budget::new(self.limits, runtime.clone());
        let spooled = with_blob(source, &*runtime, layer, move |blob| {
            let mut stream = LayerStream::open(blob, &media_type, &expected, &mut budget)?;
            let mut file = tempfile::tempfile()?;
            let mut number = 0;
            while let Some(entry) = stream.next()? {
                if number == location.entry {
                    spool(&mut stream, &entry, &mut file)?;
                }
                number += 1;
            }
            stream.finish(&expected)?;
            file.rewind()?;
            Ok(file)
        });
        spooled.await.map_err(|error| in_layer(error, layer))
    }

    /// The content of the file at `path`, in memory, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file), and of kind `TooLarge` if the file is larger than `limit`.
    ///
    /// # Cancellation
    /// A dropped future leaves nothing.
    pub async fn read_file(
        &self,
        source: &dyn Source,
        path: &[u8],
        limit: usize,
        runtime: Arc<dyn Runtime>,
    ) -> Result<Vec<u8>, Error> {
        let size = self.find(path).ok_or_else(|| missing(path))?.size();
        if size > limit as u64 {
            let message = format!("the file has {size} bytes, more than the limit of {limit}");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        let mut file = self.open_file(source, path, runtime.clone()).await?;
        let read = unblock(&*runtime, move || {
            let mut content = Vec::new();
            file.read_to_end(&mut content).map(|_| content)
        });
        Ok(read.await.map_err(io::Error::from)??)
    }

    fn location(&self, path: &[u8]) -> Result<Location, Error> {
        let node = self.nodes.resolve(path).and_then(|id| self.nodes.get(id));
        match node.ok_or_else(|| missing(path))? {
            Node {
                content: Some(content), ..
            } => Ok(content.clone()),
            Node {
                kind: EntryKind::Directory,
                ..
            } => Err(Error::new(
                ErrorKind::Invalid,
                format!("{} is a directory", shown(path)),
            )),
            _ => Err(Error::new(
                ErrorKind::Invalid,
                format!("{} is no regular file", shown(path)),
            )),
        }
    }
}

/// Copies the content of the current entry into a file, with its holes.
fn spool(stream: &mut LayerStream<'_>, entry: &Entry, file: &mut File) -> Result<(), Error> {
    let mut buffer = vec![0; BUFFER];
    let whole = [crate::tar_stream::Segment {
        offset: 0,
        len: entry.size,
    }];
    for segment in entry.sparse.as_deref().unwrap_or(&whole) {
        file.seek(SeekFrom::Start(segment.offset))?;
        let mut left = segment.len;
        while left > 0 {
            let want = usize::try_from(left).unwrap_or(BUFFER).min(BUFFER);
            let count = stream.read(buffer.get_mut(..want).unwrap_or_default())?;
            file.write_all(buffer.get(..count).unwrap_or_default())?;
            left = left.saturating_sub(count as u64);
            if count == 0 {
                break;
            }
        }
    }
    Ok(file.set_len(entry.size)?)
}

fn missing(path: &[u8]) -> Error {
    Error::new(ErrorKind::NotFound, format!("the image has no file {}", shown(path)))
}

fn shown(path: &[u8]) -> String {
    format!("`{}`", Sanitized::new(&String::from_utf8_lossy(path)))
}

const BUFFER: usize = 128 << 10;
