//! The list of the tags of a repository.

use serde::Serialize;

use super::name_list::NameList;
use crate::{ParseError, RepositoryName, Tag};

/// The answer to `GET /v2/<name>/tags/list`: a page of the tags of a repository.
///
/// ```
/// use oci_spec_types::distribution::TagList;
///
/// let list = TagList::parse(br#"{"name":"library/alpine","tags":["latest","sha256:0000"]}"#)?;
/// assert_eq!(list.tags()[0].as_str(), "latest");
/// assert_eq!(list.others(), ["sha256:0000"]);
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
///
/// Spec: [distribution-spec, Listing Tags].
///
/// [distribution-spec, Listing Tags]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct TagList {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<RepositoryName>,
    tags: Vec<Tag>,
    #[serde(skip)]
    others: Vec<String>,
}

impl TagList {
    /// A page with these tags.
    #[must_use]
    pub const fn new(name: RepositoryName, tags: Vec<Tag>) -> Self {
        Self {
            name: Some(name),
            tags,
            others: Vec::new(),
        }
    }

    /// Reads an answer. `tags` may be missing or `null`, which is no tags; `null` among the tags is left out.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object, or has more than [`MAX_LIST_ENTRIES`](super::MAX_LIST_ENTRIES) tags.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let NameList { name, others, parsed } = NameList::read(bytes, "tags")?;
        Ok(Self {
            name: name.and_then(|name| name.parse().ok()),
            tags: parsed,
            others,
        })
    }

    /// The repository, if the answer names one.
    #[must_use]
    pub const fn name(&self) -> Option<&RepositoryName> {
        self.name.as_ref()
    }

    /// The tags, in the order of the registry.
    #[must_use]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// What the registry lists besides: strings that are no tag, such as digests, unchecked.
    #[must_use]
    pub fn others(&self) -> &[String] {
        &self.others
    }

    /// The tags, in the order of the registry, without a copy.
    #[must_use]
    pub fn into_tags(self) -> Vec<Tag> {
        self.tags
    }
}
