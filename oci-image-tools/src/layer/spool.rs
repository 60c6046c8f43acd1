use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::client::{Chunks, Content, FileContent};
use oci_client_core::proto::Span;
use oci_client_core::runtime::Runtime;
use tempfile::{NamedTempFile, TempPath};

/// Content that is being written: in memory as long as it is small, then in a temporary file.
pub(crate) struct Spool {
    file: Option<NamedTempFile>,
    folder: Option<PathBuf>,
    memory: Vec<u8>,
    most: usize,
}

impl Spool {
    /// At most `most` bytes in memory; files in `folder`, or where the system keeps temporary ones.
    pub(crate) fn new(most: usize, folder: Option<&Path>) -> Self {
        Self {
            file: None,
            folder: folder.map(Path::to_owned),
            memory: Vec::new(),
            most,
        }
    }

    /// What was written. A file is removed with the last user of the content.
    pub(crate) fn finish(self, runtime: &Arc<dyn Runtime>) -> io::Result<Arc<dyn Content>> {
        let Some(mut file) = self.file else {
            return Ok(Arc::new(Bytes::from(self.memory)));
        };
        file.flush()?;
        let path = file.into_temp_path();
        Ok(Arc::new(Spooled {
            content: FileContent::new(path.to_path_buf(), runtime.clone()),
            _path: path,
        }))
    }

    fn moved_to_file(&mut self) -> io::Result<&mut NamedTempFile> {
        let file = match self.file.take() {
            Some(file) => file,
            None => {
                let mut file = match &self.folder {
                    Some(folder) => NamedTempFile::new_in(folder)?,
                    None => NamedTempFile::new()?,
                };
                file.write_all(&self.memory)?;
                self.memory = Vec::new();
                file
            }
        };
        Ok(self.file.insert(file))
    }
}

impl Write for Spool {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        if self.file.is_none() && self.memory.len().saturating_add(piece.len()) <= self.most {
            self.memory.extend_from_slice(piece);
            return Ok(piece.len());
        }
        self.moved_to_file()?.write(piece)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

struct Spooled {
    content: FileContent,
    _path: TempPath,
}

#[async_trait]
impl Content for Spooled {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        self.content.open(span).await
    }
}
