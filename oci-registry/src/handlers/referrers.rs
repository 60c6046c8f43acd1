//! Listing what refers to a manifest.

use oci_spec_types::{Descriptor, Digest, ImageIndex, MediaType, RepositoryName};

use crate::error::ApiError;
use crate::paging::{Paging, next_link};
use crate::registry::Call;
use crate::response::{self, OCI_FILTERS_APPLIED, Outcome};

/// `GET /v2/<name>/referrers/<digest>`: the manifests of the repository with this subject, as an image index.
///
/// It is never 404: a client takes that as "this registry does not list referrers".
pub(crate) async fn list(call: &Call<'_>, repository: &RepositoryName, subject: &Digest) -> Outcome {
    let Paging { size, last } = Paging::parse(&call.query, call.service.limits.referrers_page())?;
    let filter = call.query.first("artifactType").filter(|filter| !filter.is_empty());
    let Matches { referrers, more, .. } = collect(call, repository, subject, Wanted { filter, last, size }).await?;
    let last = referrers.last().map(|descriptor| descriptor.digest.to_string());
    let mut link = None;
    if more && let Some(last) = last {
        let path = format!("/v2/{repository}/referrers/{subject}");
        let parameters = filter.map(|filter| ("artifactType", filter));
        link = Some(next_link(&path, size, &last, parameters.as_slice()));
    }
    let index = ImageIndex::new(referrers);
    let mut response = response::list(MediaType::IMAGE_INDEX.as_str(), &index, link);
    if filter.is_some() {
        response
            .headers_mut()
            .insert(OCI_FILTERS_APPLIED, response::ascii("artifactType"));
    }
    Ok(response)
}

/// Which referrers to return.
struct Wanted<'q> {
    filter: Option<&'q str>,
    last: Option<&'q str>,
    size: usize,
}

/// What goes into one page.
#[derive(Default)]
struct Matches {
    referrers: Vec<Descriptor>,
    /// The number of bytes that they take.
    bytes: usize,
    /// Whether another one would have matched.
    more: bool,
}

/// Reads the storage's pages until there are as many matches as asked for, or as fit into a manifest.
async fn collect(
    call: &Call<'_>,
    repository: &RepositoryName,
    subject: &Digest,
    wanted: Wanted<'_>,
) -> Result<Matches, ApiError> {
    let mut matches = Matches::default();
    let mut after = wanted.last.map(str::to_owned);
    if wanted.size == 0 {
        return Ok(matches);
    }
    let size = wanted
        .filter
        .map_or(wanted.size, |_| call.service.limits.referrers_page());
    loop {
        let page = call
            .service
            .storage
            .referrers(repository, subject, after.as_deref(), size)
            .await?;
        let more = page.has_more() && !page.items().is_empty();
        for descriptor in page.into_items() {
            after = Some(descriptor.digest.to_string());
            if wanted
                .filter
                .is_none_or(|filter| has_artifact_type(&descriptor, filter))
            {
                let bytes = response::document(&descriptor).len();
                matches.more = !matches.referrers.is_empty()
                    && (matches.referrers.len() == wanted.size
                        || matches.bytes.saturating_add(bytes) > call.service.limits.manifest_size());
                if matches.more {
                    return Ok(matches);
                }
                matches.bytes = matches.bytes.saturating_add(bytes);
                matches.referrers.push(descriptor);
            }
        }
        if !more {
            return Ok(matches);
        }
    }
}

fn has_artifact_type(descriptor: &Descriptor, filter: &str) -> bool {
    descriptor
        .artifact_type
        .as_ref()
        .is_some_and(|artifact_type| artifact_type.as_str().eq_ignore_ascii_case(filter))
}
