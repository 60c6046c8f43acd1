#![doc = include_str!("../README.md")]

mod annotations;
mod any_manifest;
mod chain_id;
mod config;
mod descriptor;
mod digest;
pub mod distribution;
mod document;
mod extra;
mod index;
mod json;
mod layout;
mod manifest;
mod media_type;
mod name;
mod open_set;
mod platform;
mod sanitized;
mod schema_version;
mod text;
pub mod validate;

pub use annotations::Annotations;
pub use any_manifest::AnyManifest;
pub use chain_id::{chain_id, chain_ids};
pub use config::{ExecutionConfig, Group, History, ImageConfig, InvalidUser, LayerCountMismatch, RootFs, User};
pub use descriptor::{Descriptor, EmbeddedData, EmbeddedDataError, InvalidBase64};
pub use digest::{
    Algorithm, Digest, Hasher, InvalidDigest, InvalidDigestKind, Mismatch, UnsupportedAlgorithm, Verifier,
};
pub use document::{Document, DocumentType, MediaTypeConflict};
pub use extra::Extra;
pub use index::ImageIndex;
pub use json::{Limits, ParseError, ParseErrorKind};
pub use layout::LayoutHeader;
pub use manifest::ImageManifest;
pub use media_type::{InvalidMediaType, InvalidMediaTypeKind, MediaType};
pub use name::{
    InvalidReference, InvalidReferenceKind, InvalidRegistryHost, InvalidRegistryHostKind, InvalidRepositoryName,
    InvalidRepositoryNameKind, InvalidTag, InvalidTagKind, Reference, RegistryHost, RepositoryName, Tag, TagOrDigest,
};
pub use platform::{Architecture, InvalidPlatform, NoMatch, Os, Platform, PlatformMatcher};
pub use sanitized::Sanitized;
pub(crate) use schema_version::SchemaVersion;
