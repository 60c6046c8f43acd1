use futures_core::stream::BoxStream;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::RepositoryName;

use super::Registry;
use super::list::Place;
use crate::Error;
use crate::proto::auth::{Scope, Scopes};
use crate::proto::{ListRepositories, Pages};

impl Registry {
    /// The registry's repositories, page by page, as far as it lists them.
    ///
    /// That a repository is listed does not mean that it can be read, nor that one which is not listed is not there.
    pub fn catalog(&self) -> Catalog {
        Catalog {
            pages: Pages::default(),
            place: Place::First,
            registry: self.clone(),
        }
    }
}

/// The repositories of a registry, fetched a page at a time as they are asked for.
#[derive(Debug)]
pub struct Catalog {
    pages: Pages,
    place: Place,
    registry: Registry,
}

impl Catalog {
    /// The repositories of the next page; `None` after the last one. What a registry lists besides names is left out.
    ///
    /// # Errors
    /// If the registry cannot be asked, does not list its repositories, or the list does not end: see [`Pages::turn`]. The next call asks for the same page again.
    ///
    /// # Cancellation
    /// A page whose future was dropped is fetched again by the next call.
    pub async fn page(&mut self) -> Result<Option<Vec<RepositoryName>>, Error> {
        let list = match &self.place {
            Place::End => return Ok(None),
            Place::First => ListRepositories::first(),
            Place::Page(url) => ListRepositories::next(url.clone()),
        };
        let mut scopes = Scopes::none();
        scopes.add(Scope::catalog());
        let page = self.registry.driver("list repositories", scopes, list).run().await?;
        let entries = page.repositories.len().saturating_add(page.others.len());
        self.pages.turn(entries, page.next.as_ref())?;
        self.place = page.next.into();
        Ok(Some(page.repositories))
    }

    /// All repositories.
    ///
    /// # Errors
    /// As [`page`](Self::page); what had come before the error is lost, so that a part is never taken for the whole.
    pub async fn all(mut self) -> Result<Vec<RepositoryName>, Error> {
        let mut all = Vec::new();
        while let Some(repositories) = self.page().await? {
            all.extend(repositories);
        }
        Ok(all)
    }

    /// The repositories one by one.
    pub fn into_stream(self) -> BoxStream<'static, Result<RepositoryName, Error>> {
        let pages = stream::try_unfold(self, |mut catalog| async move {
            Ok::<_, Error>(catalog.page().await?.map(|page| (page, catalog)))
        });
        pages.map_ok(|page| stream::iter(page).map(Ok)).try_flatten().boxed()
    }
}
