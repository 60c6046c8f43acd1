//! Listing tags.

use oci_spec_types::RepositoryName;
use oci_spec_types::distribution::TagList;

use crate::error::ApiError;
use crate::paging::{Paging, next_link};
use crate::registry::Call;
use crate::response::{self, Outcome};

/// `GET /v2/<name>/tags/list`: the tags in the order of their bytes.
pub(crate) async fn list(call: &Call<'_>, repository: &RepositoryName) -> Outcome {
    let Paging { size, last } = Paging::parse(&call.query, call.service.limits.tags_page())?;
    let page = call.service.storage.tags(repository, last, size).await?;
    let page = page.ok_or_else(|| ApiError::name_unknown(repository))?;
    let mut link = None;
    if page.has_more()
        && let Some(last) = page.items().last()
    {
        link = Some(next_link(
            &format!("/v2/{repository}/tags/list"),
            size,
            last.as_str(),
            &[],
        ));
    }
    let list = TagList::new(repository.clone(), page.into_items());
    Ok(response::list("application/json", &list, link))
}
