//! WebAssembly modules and components in registries.
//!
//! [`WasmFile`] is pushed as the layout of the CNCF ([tag-runtime, wasm OCI artifact]) or that of `wasm-to-oci`; [`WasmArtifact`] reads both, and the layouts of others that
//! have one module.
//!
//! [tag-runtime, wasm OCI artifact]: https://tag-runtime.cncf.io/wgs/wasm/deliverables/wasm-oci-artifact/

mod artifact;
#[cfg(feature = "wasm")]
mod component;
mod config;
mod file;

use oci_spec_types::MediaType;

pub use self::artifact::{WasmArtifact, WasmLayout};
pub use self::config::{WasmComponent, WasmConfig};
pub use self::file::WasmFile;

/// The type of a layer of the CNCF's layout.
const LAYER: MediaType = MediaType::from_static("application/wasm");
/// The type of a layer of `wasm-to-oci`.
const LEGACY_LAYER: MediaType = MediaType::from_static("application/vnd.wasm.content.layer.v1+wasm");
/// The type of a configuration of the CNCF's layout.
const CONFIG: MediaType = MediaType::from_static("application/vnd.wasm.config.v0+json");
/// The type of a configuration of `wasm-to-oci`.
const LEGACY_CONFIG: MediaType = MediaType::from_static("application/vnd.wasm.config.v1+json");
