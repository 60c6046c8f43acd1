use http::Method;
use http::request::Parts;
use oci_spec_types::RepositoryName;

use super::fault::{Direction, Fault};
use super::occurrence::Occurrence;
use crate::routes::Route;

/// Which exchanges a [`Fault`] happens to.
///
/// A rule counts the exchanges that it is about: those with its method, route and repository, as far as it names them, that its fault can happen to at all (a wrong
/// `Content-Range` needs a request for a part). To which of these it happens is its [`Occurrence`]: by default to every one.
///
/// It is written `GET blob in=app first=2: cut-response=100`, where everything before the colon may be left out, and reads back what it has written.
///
/// ```
/// use http::Method;
/// use oci_registry::faults::{Direction, Fault, FaultRule, Occurrence, RouteKind};
///
/// let cut = Fault::Cut { after: 100, direction: Direction::Response };
/// let rule = FaultRule::new(cut)
///     .with_method(Method::GET)
///     .with_route(RouteKind::Blob)
///     .with_occurrence(Occurrence::first(2));
/// assert_eq!(rule.to_string(), "GET blob first=2: cut-response=100");
/// assert_eq!("GET blob first=2: cut-response=100".parse(), Ok(rule));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FaultRule {
    pub(super) fault: Fault,
    pub(super) method: Option<Method>,
    pub(super) occurrence: Occurrence,
    pub(super) repository: Option<RepositoryName>,
    pub(super) route: Option<RouteKind>,
}

impl FaultRule {
    /// `fault` happens to every exchange that it can happen to.
    pub const fn new(fault: Fault) -> Self {
        Self {
            fault,
            method: None,
            occurrence: Occurrence::Every,
            repository: None,
            route: None,
        }
    }

    /// Only to requests with this method. A HEAD is no GET here.
    #[must_use]
    pub fn with_method(mut self, method: Method) -> Self {
        self.method = Some(method);
        self
    }

    /// Only to these of the exchanges.
    #[must_use]
    pub const fn with_occurrence(mut self, occurrence: Occurrence) -> Self {
        self.occurrence = occurrence;
        self
    }

    /// Only to requests about this repository.
    #[must_use]
    pub fn with_repository(mut self, repository: RepositoryName) -> Self {
        self.repository = Some(repository);
        self
    }

    /// Only to requests of this kind.
    #[must_use]
    pub const fn with_route(mut self, route: RouteKind) -> Self {
        self.route = Some(route);
        self
    }

    /// What happens.
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// Whether the rule is about an exchange with this request.
    pub(super) fn is_about(&self, parts: &Parts, has_body: bool, route: Option<&Route>) -> bool {
        let kind = RouteKind::of(route);
        self.method.as_ref().is_none_or(|method| *method == parts.method)
            && self.route.is_none_or(|route| route == kind)
            && (self.repository.is_none() || self.repository.as_ref() == route.and_then(repository))
            && can_happen(&self.fault, parts, has_body, kind)
    }
}

/// What a request is about, by its path.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RouteKind {
    /// `base`: `/v2/`.
    Base,
    /// `blob`: `/v2/<name>/blobs/<digest>`.
    Blob,
    /// `catalog`: `/v2/_catalog`.
    Catalog,
    /// `manifest`: `/v2/<name>/manifests/<tag-or-digest>`.
    Manifest,
    /// `other`: everything else, such as a token endpoint.
    Other,
    /// `referrers`: `/v2/<name>/referrers/<digest>`.
    Referrers,
    /// `tags`: `/v2/<name>/tags/list`.
    Tags,
    /// `upload`: `/v2/<name>/blobs/uploads/<id>`.
    Upload,
    /// `upload-start`: `/v2/<name>/blobs/uploads/`.
    UploadStart,
}

impl RouteKind {
    const fn of(route: Option<&Route>) -> Self {
        match route {
            Some(Route::Base) => Self::Base,
            Some(Route::Blob(..)) => Self::Blob,
            Some(Route::Catalog) => Self::Catalog,
            Some(Route::Manifest(..)) => Self::Manifest,
            Some(Route::Referrers(..)) => Self::Referrers,
            Some(Route::Tags(_)) => Self::Tags,
            Some(Route::Upload(..)) => Self::Upload,
            Some(Route::Uploads(_)) => Self::UploadStart,
            None => Self::Other,
        }
    }
}

const fn repository(route: &Route) -> Option<&RepositoryName> {
    match route {
        Route::Base | Route::Catalog => None,
        Route::Blob(repository, _)
        | Route::Manifest(repository, _)
        | Route::Referrers(repository, _)
        | Route::Tags(repository)
        | Route::Upload(repository, _)
        | Route::Uploads(repository) => Some(repository),
    }
}

fn can_happen(fault: &Fault, parts: &Parts, has_body: bool, kind: RouteKind) -> bool {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let is_get = parts.method == Method::GET;
    let uploads = matches!(kind, RouteKind::Upload | RouteKind::UploadStart);
    match fault {
        Fault::Corrupt { direction, .. } | Fault::Cut { direction, .. } | Fault::Reset { direction, .. } => {
            match direction {
                Direction::Request => has_body,
                Direction::Response => parts.method != Method::HEAD,
            }
        }
        Fault::Duplicate { .. } | Fault::Stall { .. } | Fault::Truncate { .. } | Fault::TruncateChunked { .. } => {
            parts.method != Method::HEAD
        }
        Fault::EarlySuccess(_) | Fault::Success(_) => !reads,
        Fault::IgnoreRange | Fault::WrongContentRange => is_get && parts.headers.contains_key(http::header::RANGE),
        Fault::LinkLoop | Fault::MissingLink | Fault::PageOfOne => {
            is_get && matches!(kind, RouteKind::Catalog | RouteKind::Referrers | RouteKind::Tags)
        }
        Fault::MissingDigest | Fault::WrongDigest => uploads || matches!(kind, RouteKind::Blob | RouteKind::Manifest),
        Fault::AbsoluteLocation | Fault::ForeignLocation | Fault::MissingLocation | Fault::RelativeLocation => {
            uploads || (kind == RouteKind::Manifest && parts.method == Method::PUT)
        }
        Fault::NoReferrers(_) => match kind {
            RouteKind::Manifest => parts.method == Method::PUT,
            RouteKind::Referrers => reads,
            _ => false,
        },
        Fault::Redirect(_) => reads && kind == RouteKind::Blob,
        Fault::ZeroRange => uploads,
        Fault::Delay(_)
        | Fault::LostAnswer
        | Fault::LostRequest
        | Fault::Page
        | Fault::Silence
        | Fault::Status(_)
        | Fault::TooManyRequests(_)
        | Fault::Unauthorized => true,
    }
}
