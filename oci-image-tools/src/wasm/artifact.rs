//! A module or component in a registry, whoever has put it there.

use std::path::Path;

use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::{Source, save_blob};
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, TagOrDigest};

use super::{CONFIG, LAYER, LEGACY_CONFIG, WasmConfig};
use crate::errors::{invalid, shown, unsupported};
use crate::transfer;

/// The artifact of one module or component.
#[derive(Clone, Debug)]
pub struct WasmArtifact {
    config: Option<WasmConfig>,
    document: Document<AnyManifest>,
    layout: WasmLayout,
    module: Descriptor,
}

/// How an artifact with a module is laid out.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum WasmLayout {
    /// That of the CNCF, version 0.
    CncfV0,
    /// A layer of a known type in a manifest of another kind, such as those of runwasi and Spin.
    Other,
    /// The variant `oci` of the specification that Envoy and Istio read.
    Solo,
    /// That of wasmCloud before its version 1.
    WasmCloud,
    /// That of `wasm-to-oci`.
    WasmToOci,
}

impl WasmArtifact {
    /// Looks at what a tag or digest stands for, and reads its configuration where the layout has one to read.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](oci_client_core::ErrorKind::Unsupported) if it is not an artifact of one module, [`Invalid`](oci_client_core::ErrorKind::Invalid) if the
    /// configuration contradicts the manifest.
    pub async fn find(source: &dyn Source, target: &TagOrDigest) -> Result<Self, Error> {
        let document = source.manifest(target).await?;
        let AnyManifest::Image(manifest) = document.value() else {
            return Err(unsupported(format!(
                "{target} is an index; choose one of its manifests by digest"
            )));
        };
        let module = module_of(manifest)?.clone();
        let layout = layout_of(manifest);
        let config = match layout {
            WasmLayout::CncfV0 => {
                let json = transfer::read(source, &manifest.config, MAX_CONFIG_LEN, "the configuration").await?;
                Some(WasmConfig::parse(&json)?)
            }
            _ => None,
        };
        if config.as_ref().is_some_and(|config| !config.is_about(&module.digest)) {
            return Err(invalid(format!(
                "the configuration of {target} is about other layers than it has"
            )));
        }
        Ok(Self {
            config,
            document,
            layout,
            module,
        })
    }

    /// The configuration, of the layout that has one.
    #[must_use]
    pub const fn config(&self) -> Option<&WasmConfig> {
        self.config.as_ref()
    }

    /// The manifest.
    #[must_use]
    pub const fn document(&self) -> &Document<AnyManifest> {
        &self.document
    }

    /// How it is laid out.
    #[must_use]
    pub const fn layout(&self) -> WasmLayout {
        self.layout
    }

    /// Where the module or component is.
    #[must_use]
    pub const fn module(&self) -> &Descriptor {
        &self.module
    }

    /// The module or component, verified, if it has at most `limit` bytes.
    ///
    /// # Errors
    /// Of kind [`TooLarge`](oci_client_core::ErrorKind::TooLarge) if it has more, before anything is read; else if it cannot be read.
    pub async fn read(&self, source: &dyn Source, limit: u64) -> Result<Bytes, Error> {
        transfer::read(source, &self.module, limit, "the module").await
    }

    /// Saves the module or component, a piece at a time. The file gets its name once its content is verified, and replaces another of the name.
    ///
    /// # Errors
    /// If it cannot be read or written.
    ///
    /// # Cancellation
    /// A dropped future leaves the file as it was.
    pub async fn save(&self, source: &dyn Source, path: impl AsRef<Path>, runtime: &dyn Runtime) -> Result<(), Error> {
        save_blob(source, &self.module, path.as_ref(), runtime).await
    }
}

/// The only layer that is a module.
fn module_of(manifest: &ImageManifest) -> Result<&Descriptor, Error> {
    if manifest.config.media_type == CONFIG && manifest.layers.len() != 1 {
        let count = manifest.layers.len();
        return Err(invalid(format!(
            "a wasm artifact of version 0 has one layer, and this one has {count}"
        )));
    }
    let mut modules = manifest.layers.iter().filter(|layer| is_module(&layer.media_type));
    match (modules.next(), modules.count()) {
        (Some(module), 0) => Ok(module),
        (Some(_), others) => Err(unsupported(format!(
            "the artifact has {} modules; pull the one that you want by its digest",
            others.saturating_add(1)
        ))),
        (None, _) => Err(unsupported(format!(
            "no layer is a wasm module; the artifact is a {}",
            shown(manifest.effective_artifact_type().as_str())
        ))),
    }
}

fn is_module(media_type: &MediaType) -> bool {
    *media_type == LAYER || MODULES.contains(&media_type.as_str())
}

fn layout_of(manifest: &ImageManifest) -> WasmLayout {
    match &manifest.config.media_type {
        config if *config == CONFIG => WasmLayout::CncfV0,
        config if *config == LEGACY_CONFIG => WasmLayout::WasmToOci,
        config => match config.as_str() {
            "application/vnd.module.wasm.config.v1+json" => WasmLayout::Solo,
            "application/vnd.wasmcloud.actor.archive.config" => WasmLayout::WasmCloud,
            _ => WasmLayout::Other,
        },
    }
}

/// The most bytes of a configuration: 1 MiB.
const MAX_CONFIG_LEN: u64 = 1 << 20;

/// The types of layers that are modules, besides that of the CNCF.
const MODULES: &[&str] = &[
    "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm",
    "application/vnd.module.wasm.content.layer.v1+wasm",
    "application/vnd.wasm.content.layer.v1+wasm",
];
