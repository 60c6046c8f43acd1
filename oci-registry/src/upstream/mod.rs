//! Pulling through: what is not in the storage is asked of another registry, verified and kept.
//!
//! ```text
//! request ── in the storage, and not to be asked again yet ──────────────▶ the storage answers
//!    └─ else ─ one flight for all who ask ─ client ─ verified ─ storage ──▶ the storage answers
//!                └─ a blob: the first who asks gets it while it comes in
//! ```

mod blobs;
mod checks;
mod failure;
mod flights;
mod follower;
mod manifests;
mod marked;
mod pull;
mod referrers;
mod settings;
mod store;

use std::sync::Arc;

use http::header::{self, HeaderValue};
use http::{HeaderMap, Response, StatusCode};
use oci_client_core::client::{Client, Repository};
use oci_client_core::transport::Body;
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{RegistryHost, RepositoryName, TagOrDigest};

use self::checks::Checks;
use self::failure::Failure;
use self::flights::Flights;
use self::marked::Mark;
use self::pull::Pulls;
use crate::error::ApiError;
use crate::registry::{Call, Service};
use crate::response::{self, OCI_NAMESPACE};
use crate::routes::Route;

pub use settings::Upstream;

/// A registry's way to its upstream.
pub(crate) struct PullThrough {
    checks: Checks,
    client: Client,
    flights: Flights,
    mark: Mark,
    pulls: Pulls,
    settings: settings::Settings,
}

/// What is to be done once the upstream has been asked.
pub(crate) enum Prepared {
    /// The response is here.
    Answered(Response<Body>),
    /// The storage has what there is. Its answer gets these header fields.
    Stored(HeaderMap),
}

impl Prepared {
    /// The storage may have what is old.
    fn stale(upstream: &PullThrough) -> Self {
        Self::Stored([(header::WARNING, upstream.stale())].into_iter().collect())
    }

    fn stored() -> Self {
        Self::Stored(HeaderMap::new())
    }

    fn headers_mut(&mut self) -> &mut HeaderMap {
        match self {
            Self::Answered(response) => response.headers_mut(),
            Self::Stored(headers) => headers,
        }
    }
}

impl PullThrough {
    /// Sees to it that the storage has what the request asks for, or answers at once.
    pub(crate) async fn prepare(
        self: &Arc<Self>,
        service: &Arc<Service>,
        call: &Call<'_>,
        route: &Route,
    ) -> Result<Prepared, ApiError> {
        let Some(repository) = route.repository() else {
            return Ok(Prepared::stored());
        };
        let Some(there) = (self.settings.mapping)(repository) else {
            return Ok(Prepared::stored());
        };
        if !call.method.is_safe() {
            return Err(ApiError::read_only().with_allowed_methods(route.safe_methods()));
        }
        let name_space = self.name_space(call)?;
        if self.mark.is_on(call.headers) {
            return Err(loop_detected());
        }
        let wanted = Wanted {
            here: repository.clone(),
            service: Arc::clone(service),
            there: self.client.registry(&self.settings.host).repository(there),
            upstream: Arc::clone(self),
        };
        let mut prepared = match route {
            Route::Blob(_, digest) => blobs::prepare(&wanted, call, digest).await,
            Route::Manifest(_, TagOrDigest::Digest(digest)) => manifests::by_digest(&wanted, digest).await,
            Route::Manifest(_, TagOrDigest::Tag(tag)) => manifests::by_tag(&wanted, tag).await,
            Route::Referrers(_, subject) => referrers::prepare(&wanted, subject).await,
            _ => Ok(Prepared::stored()),
        }?;
        prepared
            .headers_mut()
            .extend(name_space.map(|name_space| (OCI_NAMESPACE, name_space)));
        Ok(prepared)
    }

    /// Clients that know this registry as a mirror of several say in `ns` which of them they mean, and are told that it was heeded.
    fn name_space(&self, call: &Call<'_>) -> Result<Option<HeaderValue>, ApiError> {
        let Some(name) = call.query.first("ns") else {
            return Ok(None);
        };
        if name
            .parse::<RegistryHost>()
            .is_ok_and(|host| host == self.settings.host)
        {
            return Ok(Some(response::ascii(&self.settings.host)));
        }
        let host = &self.settings.host;
        Err(ApiError::new(
            StatusCode::NOT_FOUND,
            ErrorCode::NAME_UNKNOWN,
            format!("this registry pulls through {host} and no other registry; ask the one that `ns` names"),
        ))
    }

    /// The notice that what is answered may be old.
    fn stale(&self) -> HeaderValue {
        let host = &self.settings.host;
        response::ascii(format_args!(
            "299 - \"{host} could not be asked; this is what it had when it last could\""
        ))
    }
}

/// A repository here and there.
#[derive(Clone)]
struct Wanted {
    here: RepositoryName,
    service: Arc<Service>,
    there: Repository,
    upstream: Arc<PullThrough>,
}

impl Wanted {
    /// What names `what` of the repository among flights and checks.
    fn key(&self, what: impl Into<String>) -> Key {
        (self.here.clone(), what.into())
    }
}

/// A repository, and a tag, a digest or a list in it.
type Key = (RepositoryName, String);

fn loop_detected() -> ApiError {
    ApiError::new(
        StatusCode::LOOP_DETECTED,
        ErrorCode::UNSUPPORTED,
        "this registry is its own upstream; configure another one",
    )
}
