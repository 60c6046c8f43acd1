//! What happens to an exchange.

mod answers;
mod bodies;
mod connection;
mod content;
mod heads;
mod lists;

use http::header::AUTHORIZATION;
use http::{Request, Response, Uri};
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError, TransportErrorKind};
use url::Url;

use self::bodies::Ending;
use super::elsewhere::Elsewhere;
use super::fault::{Direction, Fault};
use super::log::Pending;

/// An exchange that a fault is to happen to.
pub(super) struct Exchange<'a> {
    /// Whether the client was led here by a URL at the other origin.
    pub(super) arrived: bool,
    pub(super) elsewhere: &'a Elsewhere,
    pub(super) inner: &'a dyn Transport,
    pub(super) pending: Pending,
    pub(super) request: Request<Body>,
    pub(super) runtime: &'a dyn Runtime,
}

/// What comes of an exchange with a fault.
type Answer = Result<Response<Body>, TransportError>;

/// Lets the fault happen, unless there is no place for it: then the exchange goes as it would without.
pub(super) async fn apply(exchange: Exchange<'_>) -> Answer {
    match exchange.pending.fault().clone() {
        Fault::AbsoluteLocation => heads::absolute_location(exchange).await,
        Fault::Corrupt { at, direction } => content::corrupt(exchange, at, direction).await,
        Fault::Cut { after, direction } => {
            let lost = TransportErrorKind::Body;
            match direction {
                Direction::Request => connection::lost_within_request(exchange, after, lost).await,
                Direction::Response => content::shorten(exchange, after, Ending::Failure(lost)).await,
            }
        }
        Fault::Delay(delay) => connection::delayed(exchange, delay).await,
        Fault::Duplicate { at, length } => content::duplicate(exchange, at, length).await,
        Fault::EarlySuccess(status) => Ok(answers::early_success(exchange, status)),
        Fault::ForeignLocation => heads::foreign_location(exchange).await,
        Fault::IgnoreRange => heads::ignore_range(exchange).await,
        Fault::LinkLoop => lists::link_loop(exchange).await,
        Fault::LostAnswer => connection::lost_answer(exchange).await,
        Fault::LostRequest => connection::lost_request(exchange),
        Fault::MissingDigest => heads::missing_digest(exchange).await,
        Fault::MissingLink => lists::missing_link(exchange).await,
        Fault::MissingLocation => heads::missing_location(exchange).await,
        Fault::NoReferrers(status) => lists::no_referrers(exchange, status).await,
        Fault::Page => Ok(answers::page(exchange)),
        Fault::PageOfOne => lists::page_of_one(exchange).await,
        Fault::Redirect(status) => answers::redirect(exchange, status).await,
        Fault::RelativeLocation => heads::relative_location(exchange).await,
        Fault::Reset { after, direction } => {
            let lost = TransportErrorKind::Reset;
            match direction {
                Direction::Request => connection::lost_within_request(exchange, after, lost).await,
                Direction::Response => content::shorten(exchange, after, Ending::Failure(lost)).await,
            }
        }
        Fault::Silence => connection::silence(exchange).await,
        Fault::Stall { after } => content::shorten(exchange, after, Ending::Stall).await,
        Fault::Status(status) => Ok(answers::refusal(exchange, status)),
        Fault::Success(status) => answers::success(exchange, status).await,
        Fault::TooManyRequests(wait) => Ok(answers::too_many_requests(exchange, wait)),
        Fault::Truncate { after } => content::shorten(exchange, after, Ending::Clean).await,
        Fault::TruncateChunked { after } => content::truncate_chunked(exchange, after).await,
        Fault::Unauthorized => answers::unauthorized(exchange).await,
        Fault::WrongContentRange => heads::wrong_content_range(exchange).await,
        Fault::WrongDigest => heads::wrong_digest(exchange).await,
        Fault::ZeroRange => heads::zero_range(exchange).await,
    }
}

impl Exchange<'_> {
    /// Asks the registry, without the fault.
    async fn go_on(self) -> Answer {
        self.inner.send(self.request).await
    }

    /// Asks the registry; what is to happen, happens to its answer.
    async fn ask(self) -> Result<(Response<Body>, Pending), TransportError> {
        Ok((self.inner.send(self.request).await?, self.pending))
    }

    /// A URL at the other origin for what `target` names: a path with its query.
    fn lead(&self, target: &str) -> String {
        let authorization = self.request.headers().get(AUTHORIZATION).cloned();
        self.elsewhere.lead(target, authorization)
    }
}

/// The URI of a request as a base for others. A request that a transport gets has an absolute one.
fn base(uri: &Uri) -> Option<Url> {
    Url::parse(&uri.to_string()).ok()
}
