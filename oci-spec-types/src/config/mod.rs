//! Image configurations: how to run an image, and which layers it is made of.

mod execution;
mod history;
mod pairing;
mod rootfs;
mod user;

pub use self::{
    execution::ExecutionConfig,
    history::History,
    pairing::LayerCountMismatch,
    rootfs::RootFs,
    user::{Group, InvalidUser, User},
};
use crate::{Architecture, Extra, Os, Platform, json::wire_object};

/// An image configuration: how to run an image, and which layers it is made of.
///
/// Docker's configuration is read and written as the same type; what only Docker defines (`Healthcheck`, `OnBuild`,
/// `Shell`, …) survives in `extra`. The library gives these values out and acts on none of them.
///
/// The digest of the exact bytes is the image ID; see [`Document::digest`](crate::Document::digest).
///
/// ```
/// use oci_spec_types::{Architecture, Digest, Document, ImageConfig, MediaType, Os, RootFs};
///
/// let layer = Digest::sha256(b"an uncompressed layer");
/// let config = ImageConfig::new(Os::LINUX, Architecture::AMD64, RootFs::new(vec![layer]));
/// let document = Document::from_value(config)?;
/// assert_eq!(document.media_type(), &MediaType::IMAGE_CONFIG);
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
///
/// Spec: [image-spec, config.md](https://github.com/opencontainers/image-spec/blob/main/config.md).
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub struct ImageConfig {
    /// When the image was created, as RFC 3339 text.
    pub created: Option<String>,
    /// Who created the image.
    pub author: Option<String>,
    /// The architecture that the image runs on.
    pub architecture: Architecture,
    /// The operating system that the image runs on.
    pub os: Os,
    /// The version of the operating system.
    pub os_version: Option<String>,
    /// What the operating system has to offer.
    pub os_features: Vec<String>,
    /// The variant of the architecture.
    pub variant: Option<String>,
    /// How to run the image.
    pub config: Option<ExecutionConfig>,
    /// The layers, by their content.
    pub rootfs: RootFs,
    /// How each layer came to be, from the base up.
    pub history: Vec<History>,
    /// The fields that this crate does not know.
    pub extra: Extra,
}

impl ImageConfig {
    /// A configuration for this platform and these layers.
    #[must_use]
    pub const fn new(os: Os, architecture: Architecture, rootfs: RootFs) -> Self {
        Self {
            created: None,
            author: None,
            architecture,
            os,
            os_version: None,
            os_features: Vec::new(),
            variant: None,
            config: None,
            rootfs,
            history: Vec::new(),
            extra: Extra::new(),
        }
    }

    /// The platform that the image runs on.
    #[must_use]
    pub fn platform(&self) -> Platform {
        Platform {
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
            variant: self.variant.clone(),
            ..Platform::new(self.os.clone(), self.architecture.clone())
        }
    }
}

wire_object!(ImageConfig;
    "created" => created: optional,
    "author" => author: optional,
    "architecture" => architecture: required,
    "os" => os: required,
    "os.version" => os_version: optional,
    "os.features" => os_features: default,
    "variant" => variant: optional,
    "config" => config: optional,
    "rootfs" => rootfs: required,
    "history" => history: default,
);
