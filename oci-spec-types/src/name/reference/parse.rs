//! The strict form, and taking the text of either form apart.

use std::str::FromStr;

use super::{InvalidReference, InvalidReferenceKind, Reference};
use crate::name::{RegistryHost, RepositoryName, host::LOCALHOST};

pub(super) fn strict(text: &str) -> Result<Reference, InvalidReference> {
    let parts = Parts::split(text)?;
    let Some(host) = parts.host else {
        let kind = if is_lone_host(parts.path.text) {
            InvalidReferenceKind::MissingRepository
        } else {
            InvalidReferenceKind::MissingHost
        };
        return Err(kind.at(0));
    };
    let host = host.parse()?;
    let repository = parts.repository.parse()?;
    parts.finish(host, repository)
}

/// A part of the text and the byte where it starts.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) offset: usize,
    pub(super) text: &'a str,
}

/// The text cut at its punctuation; no part is checked yet.
pub(super) struct Parts<'a> {
    pub(super) host: Option<Part<'a>>,
    /// The repository name, and the tag that follows it.
    pub(super) path: Part<'a>,
    pub(super) repository: Part<'a>,
    pub(super) tag: Option<Part<'a>>,
    pub(super) digest: Option<Part<'a>>,
}

impl<'a> Parts<'a> {
    pub(super) fn split(text: &'a str) -> Result<Self, InvalidReference> {
        if text.is_empty() {
            return Err(InvalidReferenceKind::Empty.at(0));
        }
        let whole = Part { offset: 0, text };
        let (first, rest) = whole.cut(b'/');
        if let Some(rest) = rest {
            check_before_slash(first.text, rest.text)?;
        }
        let (host, path) = match rest {
            Some(rest) if is_host(first.text) => (Some(first), rest),
            _ => (None, whole),
        };
        let (path, digest) = path.cut(b'@');
        let (repository, tag) = path.cut(b':');
        Ok(Self {
            host,
            path,
            repository,
            tag,
            digest,
        })
    }

    /// Parses the tag and the digest, and puts all parts together.
    pub(super) fn finish(self, host: RegistryHost, repository: RepositoryName) -> Result<Reference, InvalidReference> {
        let reference = Reference::new(host, repository)?;
        Ok(Reference {
            tag: self.tag.map(Part::parse).transpose()?,
            digest: self.digest.map(Part::parse).transpose()?,
            ..reference
        })
    }
}

impl Part<'_> {
    pub(super) fn parse<T>(self) -> Result<T, InvalidReference>
    where
        T: FromStr,
        InvalidReference: From<T::Err>,
    {
        let result = self.text.parse();
        result.map_err(|error| InvalidReference::from(error).after(self.offset))
    }

    /// The part before the first `separator`, which must be ASCII, and the part after it.
    fn cut(self, separator: u8) -> (Self, Option<Self>) {
        // On texts this short, a plain loop beats the search for a `char`.
        let Some(end) = self.text.bytes().position(|byte| byte == separator) else {
            return (self, None);
        };
        let (text, after) = self.text.split_at(end);
        let after = Self {
            offset: self.offset + end + 1,
            text: after.split_at(1).1,
        };
        (Self { text, ..self }, Some(after))
    }
}

/// Refuses what is often pasted in front of a reference but is no part of one.
fn check_before_slash(first: &str, rest: &str) -> Result<(), InvalidReference> {
    if first.ends_with(':') && rest.starts_with('/') {
        return Err(InvalidReferenceKind::Scheme.at(0));
    }
    match first.bytes().position(|byte| byte == b'@') {
        Some(position) => Err(InvalidReferenceKind::UserInfo.at(position)),
        None => Ok(()),
    }
}

/// Whether the part before the first `/` is meant as a host. The rule does not look at case: a
/// repository that is written with a capital by mistake must not turn into a host.
fn is_host(first: &str) -> bool {
    let is_host_byte = |byte| matches!(byte, b'.' | b':' | b'[');
    first.bytes().any(is_host_byte) || first.eq_ignore_ascii_case(LOCALHOST)
}

/// Whether text without a `/` is meant as a host, with or without a port, rather than as a
/// repository, with or without a tag.
fn is_lone_host(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    !text.contains('/') && (name.contains(['.', '[']) || name.eq_ignore_ascii_case(LOCALHOST))
}
