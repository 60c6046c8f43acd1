//! The names that annotations.md defines.

use super::Annotations;

/// Declares each name once, as a constant and in the list of all.
macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl Annotations {
            $($(#[$doc])* pub const $name: &'static str = $text;)*
            /// The names above, all of those under [`Annotations::RESERVED`] that the spec defines.
            pub(crate) const DEFINED: &'static [&'static str] = &[$($text),*];
        }
    };
}

impl Annotations {
    /// The start of the names that are the spec's own to define.
    pub const RESERVED: &'static str = "org.opencontainers.";
}

keys! {
    /// Contact details of whoever is responsible for the image, as free text.
    AUTHORS = "org.opencontainers.image.authors";
    /// The digest of the image that this one is based on.
    BASE_DIGEST = "org.opencontainers.image.base.digest";
    /// The reference of the image that this one is based on.
    BASE_NAME = "org.opencontainers.image.base.name";
    /// When the image was built, as RFC 3339 text.
    CREATED = "org.opencontainers.image.created";
    /// What the software is, as text for people.
    DESCRIPTION = "org.opencontainers.image.description";
    /// The address of the documentation.
    DOCUMENTATION = "org.opencontainers.image.documentation";
    /// The licences, as an SPDX expression.
    LICENSES = "org.opencontainers.image.licenses";
    /// The name of a target in an image layout: on the descriptors of its `index.json`.
    REF_NAME = "org.opencontainers.image.ref.name";
    /// The revision of the source that was built.
    REVISION = "org.opencontainers.image.revision";
    /// The address of the source.
    SOURCE = "org.opencontainers.image.source";
    /// A title for people; on a layer of an artifact, by convention, the name of its file.
    TITLE = "org.opencontainers.image.title";
    /// The address of more information.
    URL = "org.opencontainers.image.url";
    /// Who distributes the image.
    VENDOR = "org.opencontainers.image.vendor";
    /// The version of the software.
    VERSION = "org.opencontainers.image.version";
}
