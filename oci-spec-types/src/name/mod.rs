//! Names: registry hosts, repositories, tags, and the references that combine them.

mod host;
mod reference;
mod repository;
mod tag;
mod tag_or_digest;

#[cfg(test)]
mod tests;

pub use self::{
    host::{InvalidRegistryHost, InvalidRegistryHostKind, RegistryHost},
    reference::{InvalidReference, InvalidReferenceKind, Reference},
    repository::{InvalidRepositoryName, InvalidRepositoryNameKind, RepositoryName},
    tag::{InvalidTag, InvalidTagKind, Tag},
    tag_or_digest::TagOrDigest,
};
