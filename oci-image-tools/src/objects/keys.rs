//! Listing keys.

use oci_client_core::client::{Repository, Tags};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Tag;

use super::key::{Key, OfTag};
use super::key_of;

/// The keys of a store, fetched a page at a time as they are asked for, in the order in which the registry lists tags.
///
/// A page takes a request, and one more for each key in it that is too long for its tag to spell it out.
#[derive(Debug)]
pub struct Keys {
    repository: Repository,
    tags: Tags,
}

impl Keys {
    pub(super) fn new(repository: Repository) -> Self {
        let tags = repository.tags();
        Self { repository, tags }
    }

    /// The keys of the next page, which may have none; `None` after the last one. An object that is deleted meanwhile may be among them or not.
    ///
    /// # Errors
    /// If the registry cannot be asked. A repository that is not there is empty.
    ///
    /// # Cancellation
    /// The keys of a page whose future was dropped may be lost: begin anew.
    pub async fn page(&mut self) -> Result<Option<Vec<Key>>, Error> {
        let tags = match self.tags.page().await {
            Ok(Some(tags)) => tags,
            Ok(None) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut keys = Vec::new();
        for tag in tags {
            match Key::of_tag(&tag) {
                OfTag::Hash => keys.extend(self.ask(&tag).await?),
                OfTag::Key(key) => keys.push(key),
                OfTag::Other => {}
            }
        }
        Ok(Some(keys))
    }

    /// All keys.
    ///
    /// # Errors
    /// As [`page`](Self::page); what had come before the error is lost, so that a part is never taken for the whole.
    pub async fn all(mut self) -> Result<Vec<Key>, Error> {
        let mut all = Vec::new();
        while let Some(keys) = self.page().await? {
            all.extend(keys);
        }
        Ok(all)
    }

    /// The key of the object under a tag that has only its hash; none if there is no such object any more, or something else.
    async fn ask(&self, tag: &Tag) -> Result<Option<Key>, Error> {
        let document = match self.repository.manifest(&tag.clone().into()).await {
            Ok(document) => document,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let key = key_of(document.value()).and_then(|key| key.parse::<Key>().ok());
        Ok(key.filter(|key| key.tag() == *tag))
    }
}
