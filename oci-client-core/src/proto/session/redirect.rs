use http::header::LOCATION;
use http::{Method, StatusCode, response};
use url::Origin;

use super::exchange::Exchange;
use super::retry::Next;
use super::{Session, State};
use crate::proto::machine::{Machine, Now, Step};
use crate::proto::outbound::judge_redirect;
use crate::proto::{HostMemory, HostProfile};
use crate::{Error, ErrorKind};

/// Marks a request whose redirects are answers in themselves, by its extensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unfollowed;

impl Exchange {
    /// Whether this redirection status is followed rather than handed to the machine.
    pub(super) fn follows(&self, parts: &response::Parts) -> bool {
        let wanted = self.request.extensions().get::<Unfollowed>().is_none();
        wanted && FOLLOWED.contains(&parts.status)
    }

    /// Moves the exchange to where the response points ([RFC 9110, section 15.4]).
    ///
    /// A request with content stays at its origin: what it carries was meant for that one. Nothing goes from https to http.
    ///
    /// [RFC 9110, section 15.4]: https://www.rfc-editor.org/rfc/rfc9110#section-15.4
    pub(super) fn redirect(&mut self, profile: &HostProfile, parts: &response::Parts) -> Result<(), Error> {
        let refuse = |why: String| {
            Err(Error::new(ErrorKind::UnsafeUrl, format!("redirected with {}, {why}", parts.status)).at(&self.url))
        };
        if self.hops >= MAX_HOPS {
            return refuse(format!("for more than {MAX_HOPS} times in a row"));
        }
        let location = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        let Some(Ok(mut target)) = location.map(|location| self.url.join(location)) else {
            return refuse("but not to a URL".to_owned());
        };
        target.set_fragment(None);
        let reading = matches!(*self.request.method(), Method::GET | Method::HEAD);
        let keeps_method = matches!(
            parts.status,
            StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
        );
        let same_origin = target.origin() == self.url.origin();
        if !reading && !keeps_method {
            return refuse(format!("which would turn a {} into a GET", self.request.method()));
        }
        if let Err(why) = judge_redirect(profile, &self.url, &target, !reading) {
            return refuse(why);
        }
        self.strayed |= !same_origin;
        self.hops = self.hops.saturating_add(1);
        self.url = target;
        Ok(())
    }
}

impl<M: Machine> Session<M> {
    /// The origin of whoever has the request in hand, if that is not the registry.
    pub(super) fn elsewhere(&self, host: &HostMemory) -> Option<Origin> {
        self.exchange.as_ref()?.elsewhere(host.profile().base())
    }

    /// Sends the exchange to where it was redirected, once whoever is there wants requests again. The registry may be asked meanwhile.
    pub(super) fn follow(&mut self, host: &HostMemory, now: Now) -> Step<M::Output> {
        let elsewhere = self.elsewhere(host);
        if let Some(left) = elsewhere.and_then(|origin| host.pacing.left_elsewhere(&origin, now)) {
            self.state = State::Pausing(Next::Follow);
            return Step::Sleep(left);
        }
        let value = self
            .exchange
            .as_ref()
            .and_then(|exchange| exchange.authorization.clone());
        self.emit(host, value)
    }
}

/// The statuses with a `Location` to follow. 300 and 304 have none that would help.
const FOLLOWED: [StatusCode; 5] = [
    StatusCode::MOVED_PERMANENTLY,
    StatusCode::FOUND,
    StatusCode::SEE_OTHER,
    StatusCode::TEMPORARY_REDIRECT,
    StatusCode::PERMANENT_REDIRECT,
];

/// The most redirects of one request.
const MAX_HOPS: usize = 10;

#[cfg(test)]
mod tests;
