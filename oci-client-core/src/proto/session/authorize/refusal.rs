use http::{HeaderValue, StatusCode, response};
use url::Url;

use super::Authorizer;
use crate::proto::HostMemory;
use crate::proto::auth::{Asked, Challenge};
use crate::{Error, ErrorKind};

/// What to do about a refusal of the registry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::proto::session) enum Verdict {
    Again,
    /// The token may be valid in a moment: the clock of who checks it may be behind that of who made it.
    AgainLater,
    Final,
}

impl Authorizer {
    /// Learns from a 401 or 403 of the registry to a request with `used`. Says whether the request is worth sending again.
    pub(in crate::proto::session) fn challenged(
        &mut self,
        host: &mut HostMemory,
        parts: &response::Parts,
        url: &Url,
        used: Option<&HeaderValue>,
    ) -> Verdict {
        let challenges = Challenge::parse_all(&parts.headers);
        let asked = Asked::choose(&challenges, url);
        if parts.status == StatusCode::FORBIDDEN {
            return self.denied(host, asked.as_ref(), used);
        }
        if let Some(used) = used {
            host.tokens.forget(used);
        }
        if used.is_some() || self.challenged {
            self.refusals = self.refusals.saturating_add(1);
        }
        let Some(Asked { scheme, scope, error }) = asked else {
            let schemes: Vec<_> = challenges.iter().map(Challenge::scheme).collect();
            self.unmet = Some(schemes.join(", "));
            return Verdict::Final;
        };
        let exchanged = used.is_some() && self.exchanges();
        let untried = self.tried.as_ref() != Some(&scheme);
        if exchanged {
            self.wanted.refused(&mut host.sufficient, self.fresh);
        }
        let wider = self.wanted.widen(scope.as_deref(), exchanged && self.fresh);
        let scarce = error.as_deref() == Some("insufficient_scope");
        self.challenged = true;
        self.wrong_token = error.as_deref() == Some("invalid_token");
        host.challenges.learn(self.query.repository.as_ref(), scheme);
        // A kept token may have expired, and any may have covered too little; neither a password nor a fresh token for the same gets better.
        let worthwhile = untried || (exchanged && (wider || !self.fresh));
        if worthwhile && self.refusals <= self.most_refusals() {
            Verdict::Again
        } else if exchanged && self.fresh && !scarce && !std::mem::replace(&mut self.waited, true) {
            Verdict::AgainLater
        } else {
            Verdict::Final
        }
    }

    /// Whether, after a refusal that nothing could be done about, the credential source may have something better.
    pub(in crate::proto::session) fn is_worth_asking_again(&self, error: &Error) -> bool {
        let refused = matches!(error.status(), Some(StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED))
            && matches!(error.kind(), ErrorKind::Denied | ErrorKind::Unauthorized);
        let remembered = self.answer.as_ref().is_some_and(|answer| answer.remembered);
        // Where a token was exchanged for the credential a moment ago, the credential is good.
        let sent_itself = !self.exchanges() && self.credential().is_some();
        refused && self.tried.is_some() && (remembered || sent_itself) && self.may_ask_again()
    }

    /// A token that allows less than was asked for is found out by the registry, which may call that 401 or 403.
    fn denied(&mut self, host: &mut HostMemory, asked: Option<&Asked>, used: Option<&HeaderValue>) -> Verdict {
        if used.is_none() || !self.exchanges() || self.refusals >= self.most_refusals() {
            return Verdict::Final;
        }
        self.refusals = self.refusals.saturating_add(1);
        let scope = asked.and_then(|asked| asked.scope.as_deref());
        self.wanted.refused(&mut host.sufficient, true);
        if self.wanted.widen(scope, true) {
            Verdict::Again
        } else {
            Verdict::Final
        }
    }

    /// How many refusals of one request, after the one that brings the challenge, lead to another try.
    fn most_refusals(&self) -> usize {
        if self.wanted.deletes() { 3 } else { 2 }
    }
}
