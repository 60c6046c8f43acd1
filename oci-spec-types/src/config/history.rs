//! How a layer came to be.

use crate::{Extra, json::wire_object};

/// One step of how an image came to be.
///
/// Spec: [image-spec, config.md, Properties](https://github.com/opencontainers/image-spec/blob/main/config.md#properties).
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct History {
    /// When the step was made, as RFC 3339 text.
    pub created: Option<String>,
    /// Who made the step.
    pub author: Option<String>,
    /// The command of the step.
    pub created_by: Option<String>,
    /// A comment on the step.
    pub comment: Option<String>,
    /// Whether the step made no layer.
    pub empty_layer: Option<bool>,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl History {
    /// Whether the step made a layer.
    #[must_use]
    pub fn has_layer(&self) -> bool {
        self.empty_layer != Some(true)
    }
}

wire_object!(History;
    "created" => created: optional,
    "author" => author: optional,
    "created_by" => created_by: optional,
    "comment" => comment: optional,
    "empty_layer" => empty_layer: optional,
);
