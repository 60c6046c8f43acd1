use http::header::LOCATION;
use http::{Method, StatusCode, response};

use super::exchange::Exchange;
use crate::proto::HostProfile;
use crate::proto::outbound::judge_redirect;
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
