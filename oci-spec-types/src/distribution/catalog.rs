//! The list of the repositories of a registry.

use serde::Serialize;

use super::name_list::NameList;
use crate::{ParseError, RepositoryName};

/// The answer to `GET /v2/_catalog`: a page of the repositories of a registry.
///
/// ```
/// use oci_spec_types::distribution::Catalog;
///
/// let catalog = Catalog::parse(br#"{"repositories":["library/alpine","Not A Name"]}"#)?;
/// assert_eq!(catalog.repositories()[0].to_string(), "library/alpine");
/// assert_eq!(catalog.others(), ["Not A Name"]);
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Catalog {
    repositories: Vec<RepositoryName>,
    #[serde(skip)]
    others: Vec<String>,
}

impl Catalog {
    /// A page with these repositories.
    #[must_use]
    pub const fn new(repositories: Vec<RepositoryName>) -> Self {
        Self {
            repositories,
            others: Vec::new(),
        }
    }

    /// Reads an answer. A missing list is read as an empty one.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object, or has more than [`MAX_LIST_ENTRIES`](super::MAX_LIST_ENTRIES) repositories.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let NameList { others, parsed, .. } = NameList::read(bytes, "repositories")?;
        Ok(Self {
            repositories: parsed,
            others,
        })
    }

    /// The repositories, in the order of the registry.
    #[must_use]
    pub fn repositories(&self) -> &[RepositoryName] {
        &self.repositories
    }

    /// What the registry lists besides: strings that are no name of a repository, unchecked.
    #[must_use]
    pub fn others(&self) -> &[String] {
        &self.others
    }
}
