use std::ops::ControlFlow;

use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderName};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Digest, Document, ImageIndex, Limits, MediaType, RepositoryName};
use url::Url;

use crate::Error;
use crate::proto::machine::{Input, Now, Step};
use crate::proto::pages::{GetPage, Page};
use crate::proto::{HostMemory, endpoint, reply};

/// Gets a page from the referrers API, as the inner part of the machines that go by it, and remembers whether the API is there.
#[derive(Debug)]
pub(super) struct GetReferrers {
    /// Whether it is the first page, which a registry without the API does not have.
    first: bool,
    page: GetPage,
}

impl GetReferrers {
    pub(super) fn first(
        host: &HostMemory,
        name: &RepositoryName,
        subject: &Digest,
        artifact_type: Option<&MediaType>,
    ) -> Self {
        let mut url = endpoint::referrers(host.profile().base(), name, subject);
        if let Some(artifact_type) = artifact_type {
            endpoint::append_query(&mut url, "artifactType", artifact_type.as_str());
        }
        Self {
            first: true,
            ..Self::at(host, url)
        }
    }

    pub(super) fn at(host: &HostMemory, url: Url) -> Self {
        let limit = host.profile().manifest_limit();
        Self {
            first: false,
            page: GetPage::at(url, limit).accepting(INDEX),
        }
    }

    /// As a machine is resumed; `None` where the registry does not seem to have the API.
    pub(super) fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<Option<ApiPage>> {
        let base = host.profile().base();
        let page = match self.page.resume(|| base.clone(), input).ended() {
            ControlFlow::Continue(step) => return step,
            ControlFlow::Break(page) => page,
        };
        let read = page.and_then(|page| match read_index(&page)? {
            Some(index) => Ok(Some(ApiPage {
                filtered: is_filtered(&page),
                index,
                next: page.next,
            })),
            None if self.first => Ok(None),
            None => Err(Error::protocol("a page of the list of referrers is no image index").at(&page.url)),
        });
        Step::Done(match read {
            Ok(page) => {
                if page.is_some() {
                    host.capabilities.referrers.learn(now, true);
                }
                Ok(page)
            }
            Err(error) => match Support::of_refusal(&error).filter(|_| self.first) {
                Some(support) => {
                    if support == Support::Missing {
                        host.capabilities.referrers.learn(now, false);
                    }
                    Ok(None)
                }
                None => Err(error),
            },
        })
    }
}

/// A page of the API.
#[derive(Debug)]
pub(super) struct ApiPage {
    /// Whether the registry has left out other artifact types.
    pub(super) filtered: bool,
    pub(super) index: ImageIndex,
    pub(super) next: Option<Url>,
}

/// What a refusal says of the API.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Support {
    /// The registry does not have it.
    Missing,
    /// It does not seem to; perhaps only for this repository or digest.
    Unclear,
}

impl Support {
    /// `None`: the refusal says nothing of it, and is an error like any other.
    fn of_refusal(error: &Error) -> Option<Self> {
        match error.status()? {
            StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST if is_about_names(error) => Some(Self::Unclear),
            StatusCode::NOT_FOUND
            | StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_ACCEPTABLE
            | StatusCode::NOT_IMPLEMENTED => Some(Self::Missing),
            StatusCode::BAD_REQUEST if error.has_code(&ErrorCode::UNSUPPORTED) => Some(Self::Missing),
            StatusCode::BAD_REQUEST => Some(Self::Unclear),
            _ => None,
        }
    }
}

/// Whether what is wrong is the repository, the manifest or the digest.
fn is_about_names(error: &Error) -> bool {
    let about = [
        ErrorCode::DIGEST_INVALID,
        ErrorCode::MANIFEST_UNKNOWN,
        ErrorCode::NAME_INVALID,
        ErrorCode::NAME_UNKNOWN,
    ];
    about.iter().any(|code| error.has_code(code))
}

/// The index in the page; `None` if it is something else altogether.
///
/// What calls itself an index and cannot be read is an error: to take it for none would hide what it lists.
fn read_index(page: &Page) -> Result<Option<ImageIndex>, Error> {
    reply::check_uncoded(&page.headers).map_err(|error| error.at(&page.url))?;
    let limits = Limits::new().with_document_bytes(page.body.len());
    let content_type = page.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let named = content_type
        .and_then(|text| MediaType::parse_content_type(text).ok())
        .is_some_and(|media_type| media_type == MediaType::IMAGE_INDEX);
    match Document::<ImageIndex>::parse_with(&*page.body, MediaType::IMAGE_INDEX, &limits) {
        Ok(document) if named || names_itself(document.value()) => Ok(Some(document.into_value())),
        Err(error) if named => Err(Error::protocol("the list of referrers cannot be read")
            .with_source(error)
            .at(&page.url)),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Any JSON with a schema version could be read as an index without entries.
fn names_itself(index: &ImageIndex) -> bool {
    index.media_type.is_some() || !index.manifests.is_empty()
}

fn is_filtered(page: &Page) -> bool {
    let lines = page.headers.get_all(OCI_FILTERS_APPLIED).iter();
    lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .any(|filter| filter.trim() == "artifactType")
}

const OCI_FILTERS_APPLIED: HeaderName = HeaderName::from_static("oci-filters-applied");

const INDEX: &str = "application/vnd.oci.image.index.v1+json";
