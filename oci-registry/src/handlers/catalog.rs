//! Listing repositories.

use oci_spec_types::RepositoryName;
use oci_spec_types::distribution::Catalog;

use crate::error::ApiError;
use crate::paging::{Paging, next_link};
use crate::registry::Call;
use crate::response::{self, Outcome};
use crate::storage::Page;

/// `GET /v2/_catalog`: the repositories in the order of their bytes, without those that the caller may not pull.
///
/// The spec only reserves the path; the form is the one in common use.
pub(crate) async fn list(call: &Call<'_>) -> Outcome {
    let Paging { size, last } = Paging::parse(&call.query, call.service.limits.catalog_page())?;
    let page = visible(call, last, size).await?;
    let mut link = None;
    if page.has_more()
        && let Some(last) = page.items().last()
    {
        link = Some(next_link("/v2/_catalog", size, last.as_str(), &[]));
    }
    Ok(response::list(
        "application/json",
        &Catalog::new(page.into_items()),
        link,
    ))
}

/// A page of what the caller may pull. Nothing in it or in its link tells of anything else.
async fn visible(call: &Call<'_>, after: Option<&str>, size: usize) -> Result<Page<RepositoryName>, ApiError> {
    let storage = &call.service.storage;
    if call.caller.is_none() || size == 0 {
        return Ok(storage.repositories(after, size).await?);
    }
    let mut shown = Vec::new();
    let mut after = after.map(str::to_owned);
    loop {
        let page = storage.repositories(after.as_deref(), STORED_PAGE).await?;
        let is_last = !page.has_more();
        after = page.items().last().map(ToString::to_string);
        for repository in page
            .into_items()
            .into_iter()
            .filter(|repository| call.shows(repository))
        {
            if shown.len() == size {
                return Ok(Page::new(shown, true));
            }
            shown.push(repository);
        }
        if is_last || after.is_none() {
            return Ok(Page::new(shown, false));
        }
    }
}

/// How many repositories are looked at together.
const STORED_PAGE: usize = 1000;
