use oci_spec_types::distribution::TagList;
use oci_spec_types::{RepositoryName, Tag};
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Step};
use super::pages::{GetPage, NAMES_LIMIT, Page};
use crate::Error;

/// Gets one page of a repository's tags ([spec, "Listing Tags"], end-8).
///
/// ```text
/// Start ── GET ──► Head 200 ── Buffer ──► Body ──► Done(page)
/// ```
///
/// The next page is where the registry's `Link` says, and nowhere else: [`Pages`](super::Pages) follows it.
///
/// [spec, "Listing Tags"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-tags
#[derive(Debug)]
pub struct ListTags {
    name: RepositoryName,
    page: GetPage,
}

impl ListTags {
    /// Gets the first page of the tags of the repository `name`.
    pub const fn first(name: RepositoryName) -> Self {
        let page = GetPage::first(NAMES_LIMIT);
        Self { name, page }
    }

    /// Gets the page at `url`, which an earlier one named.
    pub const fn next(name: RepositoryName, url: Url) -> Self {
        let page = GetPage::at(url, NAMES_LIMIT);
        Self { name, page }
    }
}

impl Machine for ListTags {
    type Output = TagPage;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<TagPage> {
        let first = || endpoint::tags(host.profile().base(), &self.name);
        self.page.resume(first, input).and_then(read)
    }
}

/// One page of tags.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct TagPage {
    /// Where the next page is; `None`: this was the last.
    pub next: Option<Url>,
    /// Entries that are no tags, such as the digests that some registries list among them.
    pub others: Vec<String>,
    /// The tags, in the registry's order.
    pub tags: Vec<Tag>,
}

fn read(page: Page) -> Result<TagPage, Error> {
    let list = TagList::parse(&page.body).map_err(|error| {
        Error::protocol("the tag list cannot be read")
            .with_source(error)
            .at(&page.url)
    })?;
    Ok(TagPage {
        others: list.others().to_vec(),
        tags: list.into_tags(),
        next: page.next,
    })
}

#[cfg(test)]
mod tests;
