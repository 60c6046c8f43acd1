use std::time::Duration;

use http::{Method, StatusCode, response};
use url::Url;

use super::authorize::Verdict;
use super::retry::Next;
use super::{Refused, Session, State};
use crate::Error;
use crate::proto::HostMemory;
use crate::proto::headers::retry_after;
use crate::proto::machine::{Input, Machine, Now, Sent, Step};
use crate::proto::reply::registry_errors;

impl<M: Machine> Session<M> {
    /// The head of an answer: a redirect is followed, a challenge met, and the machine gets what is below 400.
    pub(super) fn head(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        parts: response::Parts,
        url: Url,
        sent: Sent,
    ) -> Step<M::Output> {
        let Some(exchange) = &mut self.exchange else {
            return Step::misuse();
        };
        if !exchange.strayed {
            host.notices.read(&parts.headers);
        }
        if parts.status.is_redirection() && exchange.follows(&parts) {
            return match exchange.redirect(host.profile(), &parts) {
                Ok(()) => self.follow(host, now),
                Err(error) => self.relay(host, now, Input::Failed { error, sent }),
            };
        }
        if parts.status.as_u16() < 400 {
            self.authorizer.accepted(host, now);
            return self.relay(host, now, Input::Head { parts, url, sent });
        }
        if matches!(parts.status, StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED)
            && exchange.is_at(host.profile().base())
        {
            let used = exchange.authorization.take();
            match self.authorizer.challenged(host, &parts, &url, used.as_ref()) {
                Verdict::Again => {
                    return match exchange.restartable(&sent) {
                        true => self.send(host, now),
                        false => self.relay(host, now, Input::Interrupted { sent }),
                    };
                }
                Verdict::AgainLater => {
                    let pause = host.pacing.jittered(NOT_YET_VALID);
                    let next = match exchange.restartable(&sent) {
                        true => Next::Send,
                        false => Next::Interrupted { sent },
                    };
                    return self.pause(host, now, pause, next);
                }
                Verdict::Final => {}
            }
        }
        let bodiless = exchange.method() == Method::HEAD;
        let refused = Box::new(Refused { parts, url, sent });
        if bodiless {
            return self.refused(host, now, *refused, &[]);
        }
        self.state = State::Refused(refused);
        Step::Buffer {
            limit: ERROR_BODY_LIMIT,
        }
    }

    /// A refusal with whatever could be read of its body: try again, or let the machine have it.
    pub(super) fn refused(
        &mut self,
        host: &mut HostMemory,
        now: Now,
        refused: Refused,
        body: &[u8],
    ) -> Step<M::Output> {
        let Refused { parts, url, sent } = refused;
        let error = Error::refusal(parts.status, &url, registry_errors(body))
            .with_retry_after(retry_after(&parts.headers, now.unix));
        let strayed = self.exchange.as_ref().is_some_and(|exchange| exchange.strayed);
        let error = match strayed {
            true => error.explained("the registry redirected the request to here, where it was refused"),
            false => self.authorizer.explain(error, host.profile()),
        };
        if !strayed && self.authorizer.is_worth_asking_again(&error) {
            let authorization = self.authorizer.ask_again(host, now, error);
            return self.authorized(host, now, authorization);
        }
        // A signed URL may have expired, whatever its host calls that: ask the registry once for another.
        let detour = self
            .exchange
            .as_ref()
            .is_some_and(|exchange| exchange.strayed && exchange.method() == Method::GET);
        let expired = detour && self.tries.none() && matches!(parts.status.as_u16(), 400 | 401 | 403 | 410);
        let pause = match expired {
            true => {
                let elsewhere = self.elsewhere(host);
                self.tries.again_after(host, now, &error, elsewhere)
            }
            false => self.again_after(host, now, &error),
        };
        match pause {
            Some(pause) => self.again(host, now, pause, sent),
            None => self.relay(host, now, Input::Failed { error, sent }),
        }
    }
}

/// The pause before a token is tried that may not be valid yet, for a clock that is slow: up to half of it is left out at random.
const NOT_YET_VALID: Duration = Duration::from_secs(1);

/// The most of a refusal's body that is read: 64 KiB.
const ERROR_BODY_LIMIT: usize = 64 << 10;
