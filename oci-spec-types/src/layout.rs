//! The header of an image layout.

use crate::{Extra, json::wire_object};

/// The `oci-layout` file: it marks a directory or archive as an image layout.
///
/// ```
/// use oci_spec_types::{Document, LayoutHeader};
///
/// let document = Document::from_value(LayoutHeader::default())?;
/// assert_eq!(document.bytes(), br#"{"imageLayoutVersion":"1.0.0"}"#);
/// assert!(document.value().is_supported());
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
///
/// Spec: [image-spec, image-layout.md](https://github.com/opencontainers/image-spec/blob/main/image-layout.md).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct LayoutHeader {
    /// The version of the layout.
    pub image_layout_version: String,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl LayoutHeader {
    /// The name of the file in the layout.
    pub const FILE_NAME: &'static str = "oci-layout";
    /// The version that the spec defines.
    pub const VERSION: &'static str = "1.0.0";

    /// A header of this version.
    #[must_use]
    pub fn new(image_layout_version: impl Into<String>) -> Self {
        Self {
            image_layout_version: image_layout_version.into(),
            extra: Extra::new(),
        }
    }

    /// Whether the layout is of the version that the spec defines.
    #[must_use]
    pub fn is_supported(&self) -> bool {
        self.image_layout_version == Self::VERSION
    }
}

impl Default for LayoutHeader {
    fn default() -> Self {
        Self::new(Self::VERSION)
    }
}

wire_object!(LayoutHeader;
    "imageLayoutVersion" => image_layout_version: required,
);
