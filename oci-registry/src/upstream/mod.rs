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

use http::header::HeaderValue;
use http::{Response, StatusCode};
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
use crate::response;
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
    /// The storage has what there is. The notice says that it may be old.
    Stored(Option<HeaderValue>),
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
            return Ok(Prepared::Stored(None));
        };
        let Some(there) = (self.settings.mapping)(repository) else {
            return Ok(Prepared::Stored(None));
        };
        if !call.method.is_safe() {
            return Err(ApiError::read_only().with_allowed_methods(route.safe_methods()));
        }
        self.check_name_space(call)?;
        if self.mark.is_on(call.headers) {
            return Err(loop_detected());
        }
        let wanted = Wanted {
            here: repository.clone(),
            service: Arc::clone(service),
            there: self.client.registry(&self.settings.host).repository(there),
            upstream: Arc::clone(self),
        };
        match route {
            Route::Blob(_, digest) => blobs::prepare(&wanted, call, digest).await,
            Route::Manifest(_, TagOrDigest::Digest(digest)) => manifests::by_digest(&wanted, digest).await,
            Route::Manifest(_, TagOrDigest::Tag(tag)) => manifests::by_tag(&wanted, tag).await,
            Route::Referrers(_, subject) => referrers::prepare(&wanted, subject).await,
            _ => Ok(Prepared::Stored(None)),
        }
    }

    /// Clients that know this registry as a mirror of several say in `ns` which of them they mean.
    fn check_name_space(&self, call: &Call<'_>) -> Result<(), ApiError> {
        let Some(name) = call.query.first("ns") else {
            return Ok(());
        };
        if name
            .parse::<RegistryHost>()
            .is_ok_and(|host| host == self.settings.host)
        {
            return Ok(());
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
