//! The media types of the specs, and what is known of them.

use super::MediaType;

impl MediaType {
    /// Whether it is a Docker type: one that OCI registries and clients read for compatibility.
    #[must_use]
    pub fn is_docker(&self) -> bool {
        const PREFIX: &str = "application/vnd.docker.";
        self.as_str()
            .get(..PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
    }

    /// Whether it is an image configuration, OCI or Docker.
    #[must_use]
    pub fn is_image_config(&self) -> bool {
        [Self::IMAGE_CONFIG, Self::DOCKER_CONFIG].contains(self)
    }

    /// Whether it is an image manifest, OCI or Docker schema 2.
    #[must_use]
    pub fn is_image_manifest(&self) -> bool {
        [Self::IMAGE_MANIFEST, Self::DOCKER_MANIFEST].contains(self)
    }

    /// Whether it is an index of manifests, OCI or Docker.
    #[must_use]
    pub fn is_index(&self) -> bool {
        [Self::IMAGE_INDEX, Self::DOCKER_MANIFEST_LIST].contains(self)
    }

    /// Whether it is an image layer, OCI or Docker, distributable or not.
    #[must_use]
    pub fn is_layer(&self) -> bool {
        self.is_nondistributable()
            || [
                Self::IMAGE_LAYER,
                Self::IMAGE_LAYER_GZIP,
                Self::IMAGE_LAYER_ZSTD,
                Self::DOCKER_LAYER,
                Self::DOCKER_LAYER_GZIP,
                Self::DOCKER_LAYER_ZSTD,
            ]
            .contains(self)
    }

    /// Whether it is a manifest that this crate reads: an image manifest or an index.
    #[must_use]
    pub fn is_manifest(&self) -> bool {
        self.is_image_manifest() || self.is_index()
    }

    /// Whether it is a layer that registries are not meant to hold: deprecated "nondistributable"
    /// or Docker "foreign" layers.
    #[must_use]
    pub fn is_nondistributable(&self) -> bool {
        [
            Self::NONDISTRIBUTABLE_LAYER,
            Self::NONDISTRIBUTABLE_LAYER_GZIP,
            Self::NONDISTRIBUTABLE_LAYER_ZSTD,
            Self::DOCKER_FOREIGN_LAYER,
            Self::DOCKER_FOREIGN_LAYER_GZIP,
        ]
        .contains(self)
    }
}

/// Declares each constant and its text once, for the constant and for [`intern`].
macro_rules! known {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl MediaType {
            $($(#[$doc])* pub const $name: Self = Self::from_static($text);)*
        }

        /// The `'static` text of a well-known type that is written exactly like `text`.
        pub(super) fn intern(text: &str) -> Option<&'static str> {
            match text {
                $($text => Some($text),)*
                _ => None,
            }
        }

        #[cfg(test)]
        pub(super) const ALL: &[&str] = &[$($text),*];
    };
}

known! {
    /// Docker's image configuration.
    DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json";
    /// Docker's layer outside the registry, uncompressed.
    DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar";
    /// Docker's layer outside the registry, gzip.
    DOCKER_FOREIGN_LAYER_GZIP = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip";
    /// Docker's layer, uncompressed.
    DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar";
    /// Docker's layer, gzip.
    DOCKER_LAYER_GZIP = "application/vnd.docker.image.rootfs.diff.tar.gzip";
    /// Docker's layer, zstd.
    DOCKER_LAYER_ZSTD = "application/vnd.docker.image.rootfs.diff.tar.zstd";
    /// Docker's image manifest, schema 2.
    DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    /// Docker's manifest list: its index.
    DOCKER_MANIFEST_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
    /// Docker's obsolete manifest, schema 1.
    DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json";
    /// Docker's obsolete manifest, schema 1, signed.
    DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    /// A content descriptor.
    DESCRIPTOR = "application/vnd.oci.descriptor.v1+json";
    /// The empty JSON object `{}`: a config or layer that says nothing.
    EMPTY_JSON = "application/vnd.oci.empty.v1+json";
    /// An image configuration.
    IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json";
    /// An image index.
    IMAGE_INDEX = "application/vnd.oci.image.index.v1+json";
    /// An image layer, an uncompressed tar archive.
    IMAGE_LAYER = "application/vnd.oci.image.layer.v1.tar";
    /// An image layer, gzip.
    IMAGE_LAYER_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip";
    /// An image layer, zstd.
    IMAGE_LAYER_ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd";
    /// An image manifest.
    IMAGE_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
    /// JSON of no particular kind.
    JSON = "application/json";
    /// The `oci-layout` file.
    LAYOUT_HEADER = "application/vnd.oci.layout.header.v1+json";
    /// A layer that is not to be uploaded, uncompressed. Deprecated by the spec.
    NONDISTRIBUTABLE_LAYER = "application/vnd.oci.image.layer.nondistributable.v1.tar";
    /// A layer that is not to be uploaded, gzip. Deprecated by the spec.
    NONDISTRIBUTABLE_LAYER_GZIP = "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip";
    /// A layer that is not to be uploaded, zstd. Deprecated by the spec.
    NONDISTRIBUTABLE_LAYER_ZSTD = "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd";
    /// Bytes of no particular kind.
    OCTET_STREAM = "application/octet-stream";
    /// An artifact whose kind was not named.
    UNKNOWN_ARTIFACT = "application/vnd.unknown.artifact.v1";
}
