//! A file with a module or component, to be pushed.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::client::FileContent;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Target;
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Document, Tag};

use super::config::ARCHITECTURE;
use super::{CONFIG, LAYER, LEGACY_CONFIG, LEGACY_LAYER, WasmComponent, WasmConfig};
use crate::errors::{at_path, invalid, unsupported};
use crate::pack::Pack;

/// A file with a WebAssembly module or component.
#[derive(Clone, Debug)]
pub struct WasmFile {
    annotations: Annotations,
    author: Option<String>,
    component: Option<WasmComponent>,
    content: FileContent,
    created: Option<String>,
    /// Of the CNCF's type; the digest and size are those of the file.
    layer: Descriptor,
    os: &'static str,
}

impl WasmFile {
    /// Looks at a file: a module counts as made for `wasip1`, a component for `wasip2`.
    #[cfg_attr(feature = "wasm", doc = "")]
    #[cfg_attr(
        feature = "wasm",
        doc = "What a component imports and exports is read from the file; of its sections no other is held in memory."
    )]
    ///
    /// # Errors
    /// If the file cannot be read or is not WebAssembly.
    pub async fn open(path: impl AsRef<Path>, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let content = FileContent::new(&path, runtime.clone());
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or(TITLE)
            .to_owned();
        let looked = unblock(&**runtime, move || look(&path)).await;
        let (os, component) = looked.map_err(io::Error::from)??;
        let layer = content.describe(LAYER).await?.with_annotation(Annotations::TITLE, name);
        Ok(Self {
            annotations: Annotations::new(),
            author: None,
            component,
            content,
            created: None,
            layer,
            os,
        })
    }

    /// The same with an annotation of the manifest.
    #[must_use]
    pub fn with_annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.annotations.insert(name, value);
        self
    }

    /// The same with an author in its configuration.
    #[must_use]
    pub fn with_author(mut self, author: impl Into<String>) -> Self {
        self.author = Some(author.into());
        self
    }

    /// The same with what the caller says that it imports and exports.
    #[must_use]
    pub fn with_component(mut self, component: WasmComponent) -> Self {
        self.component = Some(component);
        self
    }

    /// The same with the time when it was made, as RFC 3339 text. Without one, equal files make equal artifacts.
    #[must_use]
    pub fn with_created(mut self, time: impl Into<String>) -> Self {
        self.created = Some(time.into());
        self
    }

    /// What it imports and exports, of a component.
    #[must_use]
    pub const fn component(&self) -> Option<&WasmComponent> {
        self.component.as_ref()
    }

    /// The interface to the system: `wasip1` or `wasip2`.
    #[must_use]
    pub const fn os(&self) -> &'static str {
        self.os
    }

    /// Pushes it in the layout of the CNCF: a configuration of version 0 and one layer.
    ///
    /// # Errors
    /// If it is a component and nothing is known of its imports and exports, or as [`Pack::push`].
    pub async fn push(&self, target: &dyn Target, tag: Option<&Tag>) -> Result<Document<AnyManifest>, Error> {
        if self.os == COMPONENT_OS && self.component.is_none() {
            return Err(invalid(
                "say what the component imports and exports: the layout wants it",
            ));
        }
        let config = WasmConfig {
            created: self.created.clone(),
            author: self.author.clone(),
            architecture: ARCHITECTURE.to_owned(),
            os: self.os.to_owned(),
            layer_digests: vec![self.layer.digest.clone()],
            component: self.component.clone(),
        };
        let config = serde_json::to_vec(&config).map_err(io::Error::from)?;
        let pack = Pack::configured(CONFIG, config.into());
        self.push_as(pack, self.layer.clone(), target, tag).await
    }

    /// Pushes it in the layout of `wasm-to-oci`, for readers that know no other: a configuration `{}` and one layer.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](oci_client_core::ErrorKind::Unsupported) if it is a component, which that layout has no place for; else as [`Pack::push`].
    pub async fn push_legacy(&self, target: &dyn Target, tag: Option<&Tag>) -> Result<Document<AnyManifest>, Error> {
        if self.os == COMPONENT_OS {
            return Err(unsupported(
                "the layout of wasm-to-oci is for modules, and this is a component",
            ));
        }
        let mut layer = self.layer.clone();
        layer.media_type = LEGACY_LAYER;
        self.push_as(Pack::image_spec_1_0(LEGACY_CONFIG), layer, target, tag)
            .await
    }

    async fn push_as(
        &self,
        pack: Pack,
        layer: Descriptor,
        target: &dyn Target,
        tag: Option<&Tag>,
    ) -> Result<Document<AnyManifest>, Error> {
        let mut pack = pack.with_content(layer, Arc::new(self.content.clone()));
        for (name, value) in self.annotations.iter() {
            pack = pack.with_annotation(name, value);
        }
        pack.push(target, tag).await
    }
}

/// What the file is made for, and what it imports and exports where that can be read.
fn look(path: &PathBuf) -> Result<(&'static str, Option<WasmComponent>), Error> {
    let mut file = File::open(path).map_err(|error| at_path("open", path, error))?;
    let mut header = Vec::new();
    let read = (&mut file).take(8).read_to_end(&mut header);
    read.map_err(|error| at_path("read", path, error))?;
    match header.as_slice() {
        b"\0asm\x01\0\0\0" => Ok((MODULE_OS, None)),
        b"\0asm\x0d\0\x01\0" => Ok((COMPONENT_OS, component(&mut file)?)),
        _ => Err(invalid(format!(
            "{} is no WebAssembly module or component",
            path.display()
        ))),
    }
}

#[cfg(feature = "wasm")]
fn component(file: &mut File) -> Result<Option<WasmComponent>, Error> {
    super::component::read(file).map(Some)
}

#[cfg(not(feature = "wasm"))]
fn component(_: &mut File) -> Result<Option<WasmComponent>, Error> {
    Ok(None)
}

const COMPONENT_OS: &str = "wasip2";
const MODULE_OS: &str = "wasip1";
/// For files whose name is no text.
const TITLE: &str = "module.wasm";
