use oci_spec_types::RepositoryName;
use oci_spec_types::distribution::Catalog;
use url::Url;

use super::HostMemory;
use super::endpoint;
use super::machine::{Input, Machine, Now, Step};
use super::pages::{GetPage, NAMES_LIMIT, Page};
use crate::Error;

/// Gets one page of a registry's repositories: `GET /v2/_catalog` ([spec, "Extensions"], where the path is reserved; the form is the one in common use).
///
/// ```text
/// Start ── GET ──► Head 200 ── Buffer ──► Body ──► Done(page)
/// ```
///
/// The next page is where the registry's `Link` says, and nowhere else: [`Pages`](super::Pages) follows it.
///
/// [spec, "Extensions"]: https://github.com/opencontainers/distribution-spec/blob/main/extensions/README.md
#[derive(Debug)]
pub struct ListRepositories {
    page: GetPage,
}

impl ListRepositories {
    /// Gets the first page.
    pub const fn first() -> Self {
        let page = GetPage::first(NAMES_LIMIT);
        Self { page }
    }

    /// Gets the page at `url`, which an earlier one named.
    pub const fn next(url: Url) -> Self {
        let page = GetPage::at(url, NAMES_LIMIT);
        Self { page }
    }
}

impl Machine for ListRepositories {
    type Output = RepositoryPage;

    fn resume(&mut self, host: &mut HostMemory, _now: Now, input: Input) -> Step<RepositoryPage> {
        let first = || endpoint::catalog(host.profile().base());
        self.page.resume(first, input).and_then(read)
    }
}

/// One page of repositories.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct RepositoryPage {
    /// Where the next page is; `None`: this was the last.
    pub next: Option<Url>,
    /// Entries that are no names of repositories.
    pub others: Vec<String>,
    /// The repositories, in the registry's order.
    pub repositories: Vec<RepositoryName>,
}

fn read(page: Page) -> Result<RepositoryPage, Error> {
    let list = Catalog::parse(&page.body).map_err(|error| {
        Error::protocol("the list of repositories cannot be read")
            .with_source(error)
            .at(&page.url)
    })?;
    Ok(RepositoryPage {
        next: page.next,
        others: list.others().to_vec(),
        repositories: list.repositories().to_vec(),
    })
}

#[cfg(test)]
mod tests;
