//! The configuration of the CNCF's layout.

use oci_client_core::Error;
use oci_spec_types::Digest;
use serde::{Deserialize, Serialize};

use crate::errors::invalid;

/// What the configuration of a wasm artifact says.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WasmConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) created: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) author: Option<String>,
    pub(super) architecture: String,
    pub(super) os: String,
    #[serde(default)]
    pub(super) layer_digests: Vec<Digest>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) component: Option<WasmComponent>,
}

impl WasmConfig {
    /// Who has made it.
    #[must_use]
    pub fn author(&self) -> Option<&str> {
        self.author.as_deref()
    }

    /// What it imports and exports, of a component.
    #[must_use]
    pub const fn component(&self) -> Option<&WasmComponent> {
        self.component.as_ref()
    }

    /// When it was made, as RFC 3339 text.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        self.created.as_deref()
    }

    /// The interface to the system: `wasip1` or `wasip2`.
    #[must_use]
    pub fn os(&self) -> &str {
        &self.os
    }

    /// Whether this layer is the one that it names, if it names any.
    pub(super) fn is_about(&self, layer: &Digest) -> bool {
        self.layer_digests.is_empty() || self.layer_digests.as_slice() == std::slice::from_ref(layer)
    }

    pub(super) fn parse(json: &[u8]) -> Result<Self, Error> {
        let config: Self = serde_json::from_slice(json)
            .map_err(|error| invalid("the configuration of the wasm artifact cannot be read").with_source(error))?;
        match config.architecture == ARCHITECTURE {
            true => Ok(config),
            false => Err(invalid(
                "the configuration of the wasm artifact is for another architecture than wasm",
            )),
        }
    }
}

/// What a component imports and exports.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct WasmComponent {
    #[serde(default)]
    exports: Vec<String>,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<String>,
}

impl WasmComponent {
    /// A component with these exports and imports, in their order, such as `wasi:http/incoming-handler@0.2.0`.
    #[must_use]
    pub const fn new(exports: Vec<String>, imports: Vec<String>) -> Self {
        Self {
            exports,
            imports,
            target: None,
        }
    }

    /// The same for a world, such as `wasi:http/proxy@0.2.0`.
    #[must_use]
    pub fn with_target(self, world: impl Into<String>) -> Self {
        Self {
            target: Some(world.into()),
            ..self
        }
    }

    /// What it exports.
    #[must_use]
    pub fn exports(&self) -> &[String] {
        &self.exports
    }

    /// What it imports.
    #[must_use]
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// The world that it is made for.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        self.target.as_deref()
    }
}

pub(super) const ARCHITECTURE: &str = "wasm";
