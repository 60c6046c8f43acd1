//! Artifacts of files, directories and bytes: a manifest, its configuration and its layers, pushed to any store.

mod directory;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::client::{Content, FileContent};
use oci_client_core::runtime::Runtime;
use oci_client_core::store::{CopyOptions, MemoryStore, Source as _, Target, copy};
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Document, ImageManifest, MediaType, Tag};

use crate::errors::{invalid, shown};

#[cfg(target_os = "linux")]
pub(crate) use self::directory::DIGEST;
pub use self::directory::is_directory;

/// An artifact that is being put together.
///
/// Nothing is added by itself, a time least of all: the same parts make the same digest.
///
/// ```
/// use oci_client_core::runtime::block_on;
/// use oci_client_core::store::MemoryStore;
/// use oci_image_tools::pack::Pack;
/// use oci_spec_types::MediaType;
///
/// let store = MemoryStore::new();
/// let pack = Pack::new(MediaType::from_static("application/vnd.example.report"))
///     .with_bytes(MediaType::from_static("text/plain"), "report.txt", "all is well");
/// let document = block_on(pack.push(&store, Some(&"v1".parse()?)))?;
/// assert_eq!(document.value().as_image().unwrap().layers.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Pack {
    annotations: Annotations,
    artifact_type: Option<MediaType>,
    config: Part,
    layers: Vec<Part>,
    may_have_subject: bool,
    needs_layer: bool,
    subject: Option<Descriptor>,
}

impl Pack {
    /// An artifact as image-spec 1.1 writes it: with `artifactType`, and the empty configuration unless there is [another](Self::with_config).
    #[must_use]
    pub fn new(artifact_type: MediaType) -> Self {
        Self {
            artifact_type: Some(artifact_type),
            may_have_subject: true,
            needs_layer: true,
            ..Self::from_config(Descriptor::empty(), Bytes::from_static(EMPTY))
        }
    }

    /// An artifact as clients of image-spec 1.0 write it: the type of the configuration `{}` says what it is.
    #[must_use]
    pub fn image_spec_1_0(artifact_type: MediaType) -> Self {
        Self::configured(artifact_type, Bytes::from_static(EMPTY))
    }

    /// An artifact whose configuration has content of its own, and whose type says what it is: a Helm chart, a wasm module. Also a form of image-spec 1.0.
    #[must_use]
    pub fn configured(config_type: MediaType, config: Bytes) -> Self {
        Self::from_config(Descriptor::of(config_type, &config), config)
    }

    /// The same with a configuration of its own besides the artifact type.
    #[must_use]
    pub fn with_config(mut self, config_type: MediaType, config: Bytes) -> Self {
        self.config = Part::new(Descriptor::of(config_type, &config), Arc::new(config));
        self
    }

    /// The same with an annotation of the manifest.
    #[must_use]
    pub fn with_annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(name, value);
        self
    }

    /// The same, about `subject`.
    #[must_use]
    pub fn with_subject(mut self, subject: Descriptor) -> Self {
        self.subject = Some(subject);
        self
    }

    /// The same with a layer of these bytes, to be saved as `title`.
    #[must_use]
    pub fn with_bytes(self, media_type: MediaType, title: impl Into<String>, content: impl Into<Bytes>) -> Self {
        let content = content.into();
        let layer = Descriptor::of(media_type, &content).with_annotation(Annotations::TITLE, title);
        self.with_content(layer, Arc::new(content))
    }

    /// The same with a layer that is described already.
    #[must_use]
    pub fn with_content(mut self, layer: Descriptor, content: Arc<dyn Content>) -> Self {
        self.layers.push(Part::new(layer, content));
        self
    }

    /// The same with a layer that is a file, to be saved as `title`. It is read once here, and again when it is pushed: it must not change in between.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub async fn with_file(
        self,
        media_type: MediaType,
        title: impl Into<String>,
        path: impl AsRef<Path>,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        let content = FileContent::new(path.as_ref(), runtime.clone());
        let layer = content.describe(media_type).await?;
        Ok(self.with_content(layer.with_annotation(Annotations::TITLE, title), Arc::new(content)))
    }

    /// The same with a layer that is a directory and all below it, which `oras pull` and others unpack as `title`, a relative path.
    ///
    /// It becomes a tar archive that depends on names, contents, modes and links alone: in the order of the names, without owners, of the first second of 1970. It
    /// is [built like a layer](crate::layer) with the default options: what is larger than 1 MiB is kept in a temporary file, which goes with the last clone of this pack. Symbolic links
    /// are kept as they are; a file with several names is there under each.
    ///
    /// # Errors
    /// If something cannot be read or changes meanwhile, is neither file, directory nor symbolic link, or there is more than the [limits](crate::ImageLimits) of a layer allow.
    ///
    /// # Cancellation
    /// What has begun runs to its end even if the future is dropped; then the archive is thrown away.
    pub async fn with_directory(
        self,
        title: impl Into<String>,
        path: impl AsRef<Path>,
        runtime: &Arc<dyn Runtime>,
    ) -> Result<Self, Error> {
        let title = title.into();
        check_title(&title)?;
        let (layer, content) = directory::archive(title, path.as_ref().to_owned(), runtime).await?;
        Ok(self.with_content(layer, content))
    }

    /// The manifest.
    ///
    /// # Errors
    /// If two layers have the same title, one has a title that is no relative path, a subject is given to an artifact of image-spec 1.0, or there is more than a manifest
    /// may hold.
    pub fn document(&self) -> Result<Document<AnyManifest>, Error> {
        if self.subject.is_some() && !self.may_have_subject {
            return Err(invalid(
                "an artifact of image-spec 1.0 has no subject; pack it with an artifact type",
            ));
        }
        let mut titles = HashSet::new();
        for layer in &self.layers {
            if let Some(title) = layer.descriptor.annotations.get(Annotations::TITLE) {
                check_title(title)?;
                if !titles.insert(title) {
                    return Err(invalid(format!("two layers are called `{}`", shown(title))));
                }
            }
        }
        let mut manifest = ImageManifest::new(self.config.descriptor.clone(), self.descriptors());
        manifest.artifact_type.clone_from(&self.artifact_type);
        manifest.subject.clone_from(&self.subject);
        manifest.annotations = self.annotations.clone();
        Document::from_value(AnyManifest::Image(manifest))
            .map_err(|error| invalid("the artifact does not fit into a manifest").with_source(error))
    }

    /// Stores everything, blobs first, and tags it where there is a tag.
    ///
    /// # Errors
    /// As [`document`](Self::document), before anything is stored; or if a file cannot be read or has changed, or the target refuses something.
    ///
    /// # Cancellation
    /// A dropped future may leave blobs without a manifest.
    pub async fn push(&self, target: &dyn Target, tag: Option<&Tag>) -> Result<Document<AnyManifest>, Error> {
        let document = self.document()?;
        let store = self.store();
        let root = document.digest().clone().into();
        store.add_manifest(document, None);
        Ok(copy(&store, &root, target, tag, &CopyOptions::new()).await?.root)
    }

    /// Stores the blobs alone, for a manifest that goes up in a way of its own.
    pub(crate) async fn push_blobs(&self, target: &dyn Target) -> Result<(), Error> {
        let store = self.store();
        let empty = Descriptor::empty();
        let needed = self.layers.iter().chain([&self.config]).map(|part| &part.descriptor);
        let mut seen = HashSet::new();
        for blob in needed.chain(self.has_empty().then_some(&empty)) {
            if seen.insert(&blob.digest) {
                target.put_blob(blob, store.blob(blob).await?).await?;
            }
        }
        Ok(())
    }

    /// All blobs, ready to be copied.
    fn store(&self) -> MemoryStore {
        let store = MemoryStore::new();
        if self.has_empty() {
            store.add_blob(MediaType::EMPTY_JSON, EMPTY);
        }
        for part in self.layers.iter().chain([&self.config]) {
            store.add_content(&part.descriptor, part.content.clone());
        }
        store
    }

    fn from_config(descriptor: Descriptor, config: Bytes) -> Self {
        Self {
            annotations: Annotations::new(),
            artifact_type: None,
            config: Part::new(descriptor, Arc::new(config)),
            layers: Vec::new(),
            may_have_subject: false,
            needs_layer: false,
            subject: None,
        }
    }

    fn has_empty(&self) -> bool {
        self.needs_layer && self.layers.is_empty()
    }

    fn descriptors(&self) -> Vec<Descriptor> {
        match self.has_empty() {
            true => vec![Descriptor::empty()],
            false => self.layers.iter().map(|layer| layer.descriptor.clone()).collect(),
        }
    }
}

impl std::fmt::Debug for Pack {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Pack")
            .field("artifact_type", &self.artifact_type)
            .field("config", &self.config.descriptor)
            .field("layers", &self.descriptors())
            .finish_non_exhaustive()
    }
}

/// A blob: what it is and where its content comes from.
#[derive(Clone)]
struct Part {
    content: Arc<dyn Content>,
    descriptor: Descriptor,
}

impl Part {
    fn new(descriptor: Descriptor, content: Arc<dyn Content>) -> Self {
        Self { content, descriptor }
    }
}

/// Whoever pulls the artifact writes a file of this name.
pub(crate) fn check_title(title: &str) -> Result<(), Error> {
    let harmless = |part: &str| !part.is_empty() && part != "." && part != "..";
    match title.split('/').all(harmless) && !title.contains(['\\', '\0']) {
        true => Ok(()),
        false => Err(invalid(format!(
            "`{}` is no title: it must be a relative path without `.`, `..` and `\\`",
            shown(title)
        ))),
    }
}

/// The content of the empty descriptor.
const EMPTY: &[u8] = b"{}";
