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

/// Whether a page with this entry alone has at most `limit` bytes.
pub(super) fn fits(descriptor: &Descriptor, limit: usize) -> bool {
    page_bytes(descriptor) <= limit
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
    /// The number of bytes of a page of them.
    bytes: usize,
    /// Whether another one would have matched.
    more: bool,
}

impl Matches {
    /// Takes one more unless the page is full, in entries or in bytes. The first one always fits.
    fn add(&mut self, descriptor: Descriptor, entries: usize, bytes: usize) {
        let grown = match self.referrers.len() {
            0 => page_bytes(&descriptor),
            _ => self.bytes.saturating_add(COMMA + response::document(&descriptor).len()),
        };
        self.more = !self.referrers.is_empty() && (self.referrers.len() == entries || grown > bytes);
        if !self.more {
            self.bytes = grown;
            self.referrers.push(descriptor);
        }
    }
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
                matches.add(descriptor, wanted.size, call.service.limits.manifest_size());
                if matches.more {
                    return Ok(matches);
                }
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

/// The number of bytes of a page with one entry.
fn page_bytes(descriptor: &Descriptor) -> usize {
    let envelope = response::document(&ImageIndex::new(Vec::new())).len();
    envelope.saturating_add(response::document(descriptor).len())
}

/// What separates two entries.
const COMMA: usize = 1;
