use std::fmt;
use std::fs::File;
use std::future::ready;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_core::future::BoxFuture;
use futures_util::stream;
use oci_spec_types::{Algorithm, Descriptor, Digest, MediaType, Verifier};

use super::content::{Chunks, Content, covers, sealed};
use crate::proto::Span;
use crate::runtime::{Runtime, unblock};
use crate::{Error, ErrorKind};

/// The content of a file, read where blocking is allowed, a piece at a time.
#[derive(Clone)]
pub struct FileContent {
    /// What the whole is checked against.
    descriptor: Option<Descriptor>,
    path: PathBuf,
    runtime: Arc<dyn Runtime>,
}

impl FileContent {
    /// The content of the file at `path`, which is opened anew for each reading.
    pub fn new(path: impl Into<PathBuf>, runtime: Arc<dyn Runtime>) -> Self {
        Self {
            descriptor: None,
            path: path.into(),
            runtime,
        }
    }

    /// The same, checked as [`VerifiedContent`](super::VerifiedContent) is, where it is read.
    pub(crate) fn verified(self, descriptor: Descriptor) -> Self {
        Self {
            descriptor: Some(descriptor),
            ..self
        }
    }

    /// Reads the file once and describes it, with its sha256 digest.
    ///
    /// # Errors
    /// If the file cannot be read; the error names it.
    pub async fn describe(&self, media_type: MediaType) -> Result<Descriptor, Error> {
        let path = self.path.clone();
        let hashed = unblock(&*self.runtime, move || {
            hash_file(&path, &Algorithm::SHA256).map_err(|error| unreadable(&path, error))
        })
        .await;
        let (digest, size) = hashed.map_err(io::Error::from)??;
        Ok(Descriptor::new(media_type, digest, size))
    }
}

impl fmt::Debug for FileContent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileContent")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Content for FileContent {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let whole = self.descriptor.as_ref().filter(|descriptor| covers(span, descriptor));
        let verifier = whole.map(Descriptor::verifier).transpose()?;
        let path = self.path.clone();
        let opening = unblock(&*self.runtime, move || {
            let file = open_at(&path, span.start).map_err(|error| unreadable(&path, error))?;
            let remaining = span.len;
            let reader = Reader {
                file,
                path,
                remaining,
                verifier,
            };
            reader.read()
        });
        // The first piece comes along, so that what is small takes one call.
        let first = opening.await.map_err(io::Error::from)??;
        let reading: Reading = Box::pin(ready(Ok(first)));
        let state = Some((reading, self.runtime.clone()));
        Ok(Box::pin(stream::try_unfold(state, |state| async move {
            let Some((reading, runtime)) = state else {
                return Ok(None);
            };
            let (piece, reader) = reading.await?;
            Ok(piece.map(|piece| {
                let next = reader.map(|reader| (reader.begin(&*runtime), runtime));
                (piece, next)
            }))
        })))
    }

    fn checked(&self, _: sealed::Sealed) -> Option<&Descriptor> {
        self.descriptor.as_ref()
    }
}

/// The next piece, which is read while the one before is on its way, and who reads on unless it is the last one.
type Reading = BoxFuture<'static, Result<(Option<Bytes>, Option<Reader>), Error>>;

struct Reader {
    file: File,
    path: PathBuf,
    remaining: Option<u64>,
    verifier: Option<Verifier>,
}

impl Reader {
    fn begin(self, runtime: &dyn Runtime) -> Reading {
        let reading = unblock(runtime, move || self.read());
        Box::pin(async move { reading.await.map_err(io::Error::from)? })
    }

    fn read(mut self) -> Result<(Option<Bytes>, Option<Self>), Error> {
        let wanted = self
            .remaining
            .map_or(CHUNK, |remaining| remaining.min(CHUNK as u64) as usize);
        let mut chunk = Vec::with_capacity(wanted);
        let mut limited = (&mut self.file).take(wanted as u64);
        limited
            .read_to_end(&mut chunk)
            .map_err(|error| unreadable(&self.path, error))?;
        if let Some(verifier) = &mut self.verifier {
            verifier.update(&chunk)?;
        }
        // What is verified ends where it is to end, so that its last piece is known as such.
        let is_whole = self.verifier.as_ref().is_some_and(|verifier| verifier.remaining() == 0);
        let ended = match &mut self.remaining {
            None => is_whole || chunk.len() < wanted,
            Some(_) if chunk.len() < wanted => {
                let path = self.path.display();
                return Err(Error::new(
                    ErrorKind::Store,
                    format!("{path} has become shorter while it was being read"),
                ));
            }
            Some(remaining) => {
                *remaining = remaining.saturating_sub(chunk.len() as u64);
                *remaining == 0
            }
        };
        if !ended {
            return Ok((Some(chunk.into()), Some(self)));
        }
        // Before the last piece is given out.
        self.verifier.map_or(Ok(()), Verifier::finish)?;
        Ok((Some(chunk).filter(|chunk| !chunk.is_empty()).map(Bytes::from), None))
    }
}

/// The digest and size of a file. Blocks.
pub(crate) fn hash_file(path: &Path, algorithm: &Algorithm) -> io::Result<(Digest, u64)> {
    let mut file = File::open(path)?;
    let mut hasher = algorithm.hasher().map_err(io::Error::other)?;
    let mut chunk = vec![0; CHUNK];
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => hasher.update(chunk.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let size = hasher.len();
    Ok((hasher.finish(), size))
}

pub(crate) fn open_at(path: &Path, start: u64) -> io::Result<File> {
    let mut file = File::open(path)?;
    if start > 0 {
        file.seek(SeekFrom::Start(start))?;
    }
    Ok(file)
}

pub(crate) fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::Store, format!("{} cannot be read", path.display())).with_source(error)
}

/// How much is read at a time: 256 KiB.
const CHUNK: usize = 256 << 10;
