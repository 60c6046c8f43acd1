//! Listing repositories.

use oci_spec_types::distribution::Catalog;

use crate::paging::{Paging, next_link};
use crate::registry::Call;
use crate::response::{self, Outcome};

/// `GET /v2/_catalog`: the repositories in the order of their bytes.
///
/// The spec only reserves the path; the form is the one in common use.
pub(crate) async fn list(call: &Call<'_>) -> Outcome {
    let Paging { size, last } = Paging::parse(&call.query, call.service.limits.catalog_page())?;
    let page = call.service.storage.repositories(last, size).await?;
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
