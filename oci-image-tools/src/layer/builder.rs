use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::runtime::{Runtime, unblock};
use oci_spec_types::{Descriptor, Digest};

use super::entry::{Entry, Kind};
use super::pipeline::compressed;
use super::spool::Spool;
use super::tar_writer::TarWriter;
use super::walk::{Collected, Tree};
use super::{Layer, LayerOptions, SkippedFile, path};
use crate::errors::failed;

/// Collects what a layer is to hold. Nothing is read before the layer is built.
///
/// Paths in the layer are relative to its root, a slash before them changes nothing. What is added later replaces what has the same path. Folders above a path are in the layer only if
/// they are added: whoever unpacks it makes those that are missing, and keeps those of lower layers as they are.
///
/// Symbolic links are taken as they are, never followed. Of files with several names the first one in the order of the paths holds the content, and the others are hard links to it.
#[derive(Clone, Debug)]
#[must_use]
pub struct LayerBuilder {
    options: LayerOptions,
    parts: Vec<Part>,
}

impl LayerBuilder {
    /// An empty layer.
    pub const fn new(options: LayerOptions) -> Self {
        Self {
            options,
            parts: Vec::new(),
        }
    }

    /// Adds a regular file with this content and mode.
    ///
    /// # Errors
    /// Of kind [`Invalid`](oci_client_core::ErrorKind::Invalid) if `destination` cannot be a path in a layer: it has `..` or a zero byte, or a name that begins with `.wh.`;
    /// of kind [`TooLarge`](oci_client_core::ErrorKind::TooLarge) if it is over the [limits](crate::ImageLimits). So it is with every path below.
    pub fn with_bytes(self, destination: &str, mode: u32, content: impl Into<Bytes>) -> Result<Self, Error> {
        let content = content.into();
        self.with(destination, |path| Part::Bytes { content, mode, path })
    }

    /// Adds the directory `source`, which may be a link to one, and all that is in it, as `destination`; `/` is the root of the layer, which gets no entry of its own.
    ///
    /// # Errors
    /// As [`with_bytes`](Self::with_bytes).
    pub fn with_directory(self, source: impl Into<PathBuf>, destination: &str) -> Result<Self, Error> {
        let source = source.into();
        self.with(destination, |path| Part::Directory { path, source })
    }

    /// Adds an empty directory with this mode.
    ///
    /// # Errors
    /// As [`with_bytes`](Self::with_bytes).
    pub fn with_empty_directory(self, destination: &str, mode: u32) -> Result<Self, Error> {
        self.with(destination, |path| Part::EmptyDirectory { mode, path })
    }

    /// Adds the file `source`, or the link that it is, as `destination`.
    ///
    /// # Errors
    /// As [`with_bytes`](Self::with_bytes).
    pub fn with_file(self, source: impl Into<PathBuf>, destination: &str) -> Result<Self, Error> {
        let source = source.into();
        self.with(destination, |path| Part::File { path, source })
    }

    /// Hides what lower layers have in the directory `path`, by an opaque whiteout ([image-spec, layer.md]).
    ///
    /// # Errors
    /// As [`with_bytes`](Self::with_bytes).
    ///
    /// [image-spec, layer.md]: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
    pub fn with_hidden(self, path: &str) -> Result<Self, Error> {
        self.with(path, |path| Part::Whiteout(path::opaque(&path)))
    }

    /// Removes what lower layers have at `path`, by a whiteout ([image-spec, layer.md]).
    ///
    /// # Errors
    /// As [`with_bytes`](Self::with_bytes), and for the root.
    ///
    /// [image-spec, layer.md]: https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts
    pub fn with_removed(self, path: &str) -> Result<Self, Error> {
        if path::normalized(path, &self.options)?.is_empty() {
            return Err(path::invalid(
                path,
                "the root cannot be removed; `with_hidden` empties it",
            ));
        }
        self.with(path, |path| Part::Whiteout(path::whiteout(&path)))
    }

    /// Adds a symbolic link to `target`, which is written as it is.
    ///
    /// # Errors
    /// As [`with_bytes`](Self::with_bytes).
    pub fn with_symlink(self, destination: &str, target: &str) -> Result<Self, Error> {
        let target = target.as_bytes().to_vec();
        self.with(destination, |path| Part::Symlink { path, target })
    }

    /// Builds the layer where blocking is allowed, and keeps its content in memory or, if it is larger than [that](LayerOptions::with_spool), in a temporary file.
    ///
    /// # Errors
    /// If a file cannot be read, changes meanwhile or may not be in a layer; if the layer is over its limits, or its content cannot be kept.
    ///
    /// # Cancellation
    /// What has begun runs to its end even if the future is dropped; then the content is thrown away.
    pub async fn build(self, runtime: &Arc<dyn Runtime>) -> Result<Layer, Error> {
        let spawner = runtime.clone();
        let runtime = runtime.clone();
        let built = unblock(&*spawner, move || {
            let spool = Spool::new(self.options.memory, self.options.spool_folder.as_deref());
            let (written, spool) = self.run(spool)?;
            let content = spool
                .finish(&runtime)
                .map_err(|error| failed(error, "the layer cannot be kept"))?;
            Ok(Layer {
                content,
                descriptor: written.descriptor,
                diff_id: written.diff_id,
                skipped: written.skipped,
            })
        });
        built.await.map_err(io::Error::from)?
    }

    /// Builds the layer into `output`, such as a file. Blocks.
    ///
    /// # Errors
    /// As [`build`](Self::build). What was written until then stays.
    pub fn write(&self, output: impl Send + Write) -> Result<WrittenLayer, Error> {
        self.run(output).map(|(written, _)| written)
    }

    fn with(mut self, path: &str, part: impl FnOnce(Vec<u8>) -> Part) -> Result<Self, Error> {
        let normalized = path::normalized(path, &self.options)?;
        let part = part(normalized);
        if part.is_nameless() {
            return Err(path::invalid(path, "it is the root"));
        }
        self.parts.push(part);
        Ok(self)
    }

    fn run<W: Send + Write>(&self, output: W) -> Result<(WrittenLayer, W), Error> {
        let options = &self.options;
        let mut tree = Tree::new(options);
        for part in &self.parts {
            part.add_to(&mut tree)?;
        }
        let Collected { entries, skipped } = tree.finish()?;
        let (described, output) = compressed(options, output, |tar| {
            let mut writer = TarWriter::new(tar, options.xattrs);
            for (path, entry) in &entries {
                writer.entry(path, entry)?;
            }
            writer.finish().map(drop)
        })?;
        let written = WrittenLayer {
            descriptor: described.descriptor,
            diff_id: described.diff_id,
            skipped,
        };
        Ok((written, output))
    }
}

/// A layer that was written to a place of the caller's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WrittenLayer {
    /// Type, digest and size of what was written.
    pub descriptor: Descriptor,
    /// The digest of the uncompressed archive.
    pub diff_id: Digest,
    /// What was on disk and is not in the layer, in the order of the paths.
    pub skipped: Vec<SkippedFile>,
}

#[derive(Clone, Debug)]
enum Part {
    Bytes { content: Bytes, mode: u32, path: Vec<u8> },
    Directory { path: Vec<u8>, source: PathBuf },
    EmptyDirectory { mode: u32, path: Vec<u8> },
    File { path: Vec<u8>, source: PathBuf },
    Symlink { path: Vec<u8>, target: Vec<u8> },
    Whiteout(Vec<u8>),
}

impl Part {
    /// Whether it needs a name and has none.
    fn is_nameless(&self) -> bool {
        match self {
            Self::Bytes { path, .. }
            | Self::EmptyDirectory { path, .. }
            | Self::File { path, .. }
            | Self::Symlink { path, .. }
            | Self::Whiteout(path) => path.is_empty(),
            Self::Directory { .. } => false,
        }
    }

    fn add_to(&self, tree: &mut Tree<'_>) -> Result<(), Error> {
        match self {
            Self::Bytes { content, mode, path } => {
                tree.insert(path.clone(), Entry::new(Kind::Bytes(content.clone()), *mode))
            }
            Self::Directory { path, source } => tree.directory(Path::new(source), path),
            Self::EmptyDirectory { mode, path } => tree.insert(path.clone(), Entry::new(Kind::Directory, *mode)),
            Self::File { path, source } => tree.file(source, path),
            Self::Symlink { path, target } => {
                tree.insert(path.clone(), Entry::new(Kind::Symlink(target.clone()), 0o777))
            }
            Self::Whiteout(path) => tree.insert(path.clone(), Entry::new(Kind::Bytes(Bytes::new()), 0o644)),
        }
    }
}
