use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::Tag;

use super::Repository;
use super::list::Place;
use crate::Error;
use crate::proto::{ListTags, Pages};

/// The tags of a repository, fetched a page at a time as they are asked for.
#[derive(Debug)]
pub struct Tags {
    pages: Pages,
    place: Place,
    repository: Repository,
}

impl Tags {
    pub(super) fn new(repository: Repository) -> Self {
        Self {
            pages: Pages::default(),
            place: Place::First,
            repository,
        }
    }

    /// The tags of the next page; `None` after the last one. What a registry lists besides tags is left out.
    ///
    /// # Errors
    /// If the registry cannot be asked, or the list does not end: see [`Pages::turn`]. The next call asks for the same page again.
    ///
    /// # Cancellation
    /// A page whose future was dropped is fetched again by the next call.
    pub async fn page(&mut self) -> Result<Option<Vec<Tag>>, Error> {
        let name = self.repository.stored_name().clone();
        let list = match &self.place {
            Place::End => return Ok(None),
            Place::First => ListTags::first(name),
            Place::Page(url) => ListTags::next(name, url.clone()),
        };
        let page = self.repository.run("list tags", &["pull"], list).await?;
        let entries = page.tags.len().saturating_add(page.others.len());
        self.pages.turn(entries, page.next.as_ref())?;
        self.place = page.next.into();
        Ok(Some(page.tags))
    }

    /// All tags.
    ///
    /// # Errors
    /// As [`page`](Self::page); what had come before the error is lost, so that a part is never taken for the whole.
    pub async fn all(mut self) -> Result<Vec<Tag>, Error> {
        let mut all = Vec::new();
        while let Some(tags) = self.page().await? {
            all.extend(tags);
        }
        Ok(all)
    }

    /// The tags one by one.
    pub fn into_stream(self) -> BoxStream<'static, Result<Tag, Error>> {
        let pages = stream::try_unfold(self, |mut tags| async move {
            Ok::<_, Error>(tags.page().await?.map(|page| (page, tags)))
        });
        pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten().boxed()
    }
}
