use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use http_body::Body as _;
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_spec_types::RepositoryName;
use oci_spec_types::distribution::ErrorCode;

use crate::auth::{Action, Caller};
use crate::error::ApiError;
use crate::handlers::{blobs, catalog, manifests, referrers, tags, uploads};
use crate::limits::Limits;
use crate::query::Query;
use crate::response::{self, Outcome};
use crate::routes::Route;
use crate::sessions::Sessions;
use crate::storage::{MemoryStorage, Storage, UploadId};
#[cfg(feature = "upstream")]
use crate::upstream::{Prepared, PullThrough, Upstream};
use crate::warnings::Warnings;

/// A registry: it answers the requests of the OCI distribution spec.
///
/// It needs no socket and starts nothing: [`handle`](Self::handle) takes a request and returns the response. As a
/// [`Transport`] it answers for every host, by the path alone. Clones share everything.
#[derive(Clone)]
pub struct Registry {
    service: Arc<Service>,
}

impl Registry {
    /// Starts to configure a registry.
    pub fn builder() -> RegistryBuilder {
        RegistryBuilder {
            allow_missing_blobs: false,
            limits: Limits::new(),
            read_only: false,
            storage: None,
            #[cfg(feature = "upstream")]
            upstream: None,
            warnings: Warnings::default(),
        }
    }

    /// An empty registry in memory with the default limits.
    pub fn in_memory() -> Self {
        Self::builder().build()
    }

    /// Answers a request.
    ///
    /// Only method, path, query and header fields matter, not scheme and host. The answer to a request that fails is a
    /// response too. A body is read as far as the answer needs it, and dropped.
    ///
    /// # Cancellation
    /// Dropping the future abandons the request. Of an upload the bytes that were stored by then stay, and the client can
    /// go on after them; nothing becomes visible that would not have been.
    pub async fn handle(&self, request: Request<Body>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let route = Route::parse(&parts.method, parts.uri.path());
        // A path that is none of ours is left out: it may be one of ours with a mistake.
        let traced = route.as_ref().map(ToString::to_string).ok();
        let outcome = self.answer(&parts, route, body).await;
        let mut response = outcome.unwrap_or_else(ApiError::into_response);
        tracing::debug!(method = %parts.method, path = traced, status = response.status().as_u16(), "request");
        complete(&mut response, &parts.method);
        self.service.warnings.extend(response.headers_mut());
        if let Some(caller) = parts.extensions.get::<Caller>() {
            response.extensions_mut().insert(caller.clone());
        }
        response
    }

    /// The limits that it keeps to.
    pub fn limits(&self) -> &Limits {
        &self.service.limits
    }

    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    async fn answer(&self, parts: &Parts, route: Result<Route, ApiError>, body: Body) -> Outcome {
        check_headers(parts, self.service.limits.header_size())?;
        let route = route?;
        let call = Call {
            caller: parts.extensions.get(),
            headers: &parts.headers,
            method: &parts.method,
            query: Query::parse(parts.uri.query())?,
            service: &self.service,
        };
        let methods = if self.service.read_only {
            route.safe_methods()
        } else {
            route.methods()
        };
        if self.service.read_only && !call.method.is_safe() {
            return Err(ApiError::read_only().with_allowed_methods(methods));
        }
        #[cfg(feature = "upstream")]
        let headers = match &self.service.upstream {
            Some(upstream) => match Box::pin(upstream.prepare(&self.service, &call, &route)).await? {
                Prepared::Answered(response) => return Ok(response),
                Prepared::Stored(headers) => headers,
            },
            None => http::HeaderMap::new(),
        };
        let answer = match (route, call.method) {
            (Route::Base, &Method::GET | &Method::HEAD) => Ok(base()),
            (Route::Blob(repository, digest), _) => blobs::answer(&call, &repository, &digest).await,
            (Route::Catalog, &Method::GET | &Method::HEAD) => catalog::list(&call).await,
            (Route::Manifest(repository, reference), _) => {
                manifests::answer(&call, &repository, &reference, body).await
            }
            (Route::Referrers(repository, subject), &Method::GET | &Method::HEAD) => {
                referrers::list(&call, &repository, &subject).await
            }
            (Route::Tags(repository), &Method::GET | &Method::HEAD) => tags::list(&call, &repository).await,
            (Route::Upload(repository, id), _) => uploads::answer(&call, repository, id, body).await,
            (Route::Uploads(repository), &Method::POST) => uploads::start(&call, repository, body).await,
            _ => Err(ApiError::method_not_allowed()),
        };
        #[cfg(feature = "upstream")]
        let answer = answer.map(|mut response| {
            response.headers_mut().extend(headers);
            response
        });
        answer.map_err(|error| error.with_allowed_methods(methods))
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("limits", &self.service.limits)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for Registry {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        Ok(self.handle(request).await)
    }
}

/// What a [`Registry`] is made of.
pub struct RegistryBuilder {
    allow_missing_blobs: bool,
    limits: Limits,
    read_only: bool,
    storage: Option<Arc<dyn Storage>>,
    #[cfg(feature = "upstream")]
    pub(crate) upstream: Option<Upstream>,
    pub(crate) warnings: Warnings,
}

impl RegistryBuilder {
    /// Whether a manifest is accepted although blobs or manifests that it refers to are not in its repository.
    ///
    /// By default it is refused, unless all that is missing has `urls` of its own. A missing `subject` is always fine.
    #[must_use]
    pub const fn allow_missing_blobs(mut self, allow: bool) -> Self {
        self.allow_missing_blobs = allow;
        self
    }

    /// Sets the limits; by default [`Limits::new`].
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether the registry only answers what changes nothing.
    ///
    /// Everything else gets 405 with the code `UNSUPPORTED`, also what would go on with an upload that was begun before. What is in the
    /// storage can change all the same, by another registry over it.
    #[must_use]
    pub const fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// Sets where the content is kept; by default a new [`MemoryStorage`].
    #[must_use]
    pub fn storage(mut self, storage: impl Storage + 'static) -> Self {
        self.storage = Some(Arc::new(storage));
        self
    }

    /// The registry.
    pub fn build(self) -> Registry {
        let service = Service {
            allow_missing_blobs: self.allow_missing_blobs,
            limits: self.limits,
            read_only: self.read_only,
            sessions: Sessions::default(),
            storage: self.storage.unwrap_or_else(|| Arc::new(MemoryStorage::new())),
            #[cfg(feature = "upstream")]
            upstream: self.upstream.map(Upstream::start),
            warnings: self.warnings,
        };
        Registry {
            service: Arc::new(service),
        }
    }
}

impl fmt::Debug for RegistryBuilder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RegistryBuilder")
            .field("allow_missing_blobs", &self.allow_missing_blobs)
            .field("limits", &self.limits)
            .field("read_only", &self.read_only)
            .finish_non_exhaustive()
    }
}

/// What all requests share.
pub(crate) struct Service {
    pub(crate) allow_missing_blobs: bool,
    pub(crate) limits: Limits,
    pub(crate) read_only: bool,
    pub(crate) sessions: Sessions,
    pub(crate) storage: Arc<dyn Storage>,
    #[cfg(feature = "upstream")]
    pub(crate) upstream: Option<Arc<PullThrough>>,
    pub(crate) warnings: Warnings,
}

/// One request, without its body.
pub(crate) struct Call<'r> {
    /// Who sends it; absent where nobody asks, and everything is allowed.
    pub(crate) caller: Option<&'r Caller>,
    pub(crate) headers: &'r http::HeaderMap,
    pub(crate) method: &'r Method,
    pub(crate) query: Query,
    pub(crate) service: &'r Service,
}

impl Call<'_> {
    /// A header field as text; `None` if it is absent or not ASCII.
    pub(crate) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether the list of repositories may show this one to the caller.
    pub(crate) fn shows(&self, repository: &RepositoryName) -> bool {
        self.caller.is_none_or(|caller| caller.may(Action::Pull, repository))
    }

    /// The id under which the storage knows an upload that the caller knows as `id`.
    pub(crate) fn stored_upload(&self, id: UploadId) -> UploadId {
        self.caller.map_or(id, |caller| id.of(caller.name()))
    }
}

fn check_headers(parts: &Parts, limit: usize) -> Result<(), ApiError> {
    let size: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if size <= limit {
        return Ok(());
    }
    let message = format!("the header fields are larger than the {limit} bytes that this registry takes");
    Err(ApiError::new(
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        ErrorCode::UNSUPPORTED,
        message,
    ))
}

/// The answer to `/v2/`: this is a registry. The header is for clients from before the OCI spec.
fn base() -> Response<Body> {
    let mut response = response::json(StatusCode::OK, "application/json", &serde_json::json!({}));
    let version = HeaderValue::from_static("registry/2.0");
    response
        .headers_mut()
        .insert("docker-distribution-api-version", version);
    response
}

/// Adds what every response has, and leaves the body out of the answer to a HEAD.
fn complete(response: &mut Response<Body>, method: &Method) {
    let length = response.body().size_hint().exact();
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let needs_length = !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    if needs_length && let Some(length) = length {
        response
            .headers_mut()
            .entry(header::CONTENT_LENGTH)
            .or_insert(length.into());
    }
    if method == Method::HEAD {
        *response.body_mut() = Body::empty();
    }
}
