mod exchange;
mod explain;
mod refusal;
mod wanted;

use http::{HeaderValue, Request};

use self::exchange::Fetch;
use self::wanted::Wanted;
use crate::proto::HostMemory;
use crate::proto::auth::{Credential, CredentialQuery, Identity, Scheme, Scopes, bearer};
use crate::proto::headers::retry_after;
use crate::proto::host::{Known, Lease, Ticket, TokenKey};
use crate::proto::machine::{Input, Now, Payload};
use crate::{Error, ErrorKind};

pub(super) use self::refusal::Verdict;

/// What the authorizer wants next.
#[derive(Debug)]
pub(super) enum Authorization {
    /// To be asked anew: what it waited for has happened.
    Again,
    Ask(CredentialQuery),
    Buffer {
        limit: usize,
    },
    Failed(Error),
    /// The value for the `Authorization` field; `None`: send the request without.
    Ready(Option<HeaderValue>),
    Send(Box<Request<Payload>>),
    /// The credential source failed, which knows best whether that is worth another try.
    Unanswered(Error),
    Wait(Ticket),
}

/// Finds the `Authorization` for one operation's requests: from what is remembered, from the credential source, from the token endpoint.
#[derive(Debug)]
pub(super) struct Authorizer {
    answer: Option<Answer>,
    /// Whether the source was being asked when its answer was wanted.
    awaited: bool,
    /// Whether the registry has asked for authorization in this very operation.
    challenged: bool,
    /// Why the credential source is asked again, or was since a request was last accepted.
    doubt: Doubt,
    /// Whether what was sent was got by this operation, so that nothing newer is to be had for it.
    fresh: bool,
    query: CredentialQuery,
    /// How often the registry has refused the same request since it asked for authorization.
    refusals: usize,
    stage: Stage,
    /// Whether a successor of an identity token has been given up for the token itself.
    stepped_back: bool,
    /// The scheme that the last request was prepared for; the memory's may be another by now.
    tried: Option<Scheme>,
    /// The schemes of a challenge that cannot be met.
    unmet: Option<String>,
    /// Whether a fresh token that was refused has been given a little time.
    waited: bool,
    wanted: Wanted,
    /// Whether the registry said that the token itself is bad.
    wrong_token: bool,
}

impl Authorizer {
    pub(super) const fn new(query: CredentialQuery, scopes: Scopes) -> Self {
        Self {
            answer: None,
            awaited: false,
            challenged: false,
            doubt: Doubt::None,
            fresh: false,
            query,
            refusals: 0,
            stage: Stage::Idle,
            stepped_back: false,
            tried: None,
            unmet: None,
            waited: false,
            wanted: Wanted::new(scopes),
            wrong_token: false,
        }
    }

    /// What goes with a request now. Nothing is asked of anybody before the registry has shown a challenge.
    pub(super) fn prepare(&mut self, host: &mut HostMemory, now: Now) -> Authorization {
        self.release(host);
        self.tried = host.challenges.scheme(self.query.repository.as_ref()).cloned();
        let Some(scheme) = self.tried.clone() else {
            return Authorization::Ready(None);
        };
        if matches!(self.doubt, Doubt::Asking(_)) {
            return self.ask(host, now);
        }
        let Some(answer) = &self.answer else {
            return self.ask(host, now);
        };
        match (scheme, &answer.credential) {
            (Scheme::Basic, None) if self.challenged => {
                let error = Error::new(ErrorKind::Unauthorized, self.wanting(host.profile()));
                self.ask_again(host, now, error)
            }
            (Scheme::Basic, None) => Authorization::Ready(None),
            (Scheme::Basic, Some(credential)) => ready(credential.basic()),
            (Scheme::Bearer { .. }, Some(Credential::RegistryToken(token))) => {
                self.fresh = true;
                ready(bearer(token.expose()))
            }
            (Scheme::Bearer { realm, service }, credential) => {
                let identity = Identity::of(credential.as_ref());
                self.wanted.recall(&mut host.sufficient, now);
                let scopes = self.wanted.scopes().clone();
                self.token(
                    host,
                    now,
                    TokenKey {
                        realm,
                        service,
                        identity,
                        scopes,
                    },
                )
            }
        }
    }

    pub(super) fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Authorization {
        match (std::mem::take(&mut self.stage), input) {
            (Stage::Asking(lease), Input::Credential(credential)) => {
                let number = host.credentials.keep(self.query.clone(), credential.clone(), now);
                host.credentials.settle(lease, host.tokens.calls());
                self.answered(host, now, Known { credential, number }, false)
            }
            (Stage::Asking(lease), Input::Failed { error, .. }) => {
                host.credentials.settle(lease, host.tokens.calls());
                if matches!(self.doubt, Doubt::Asking(_)) {
                    self.doubt = Doubt::Asked;
                }
                Authorization::Unanswered(error)
            }
            (Stage::Waiting(ticket), Input::Granted(granted)) if ticket == granted => Authorization::Again,
            (Stage::Sent(fetch), Input::Head { parts, .. }) => {
                let (status, wait) = (parts.status, retry_after(&parts.headers, now.unix));
                self.stage = Stage::Reading { fetch, status, wait };
                Authorization::Buffer {
                    limit: exchange::TOKEN_LIMIT,
                }
            }
            (Stage::Reading { fetch, status, wait }, Input::Body(body)) => {
                self.fetched(host, now, fetch, status, wait, &body)
            }
            (Stage::Sent(fetch) | Stage::Reading { fetch, .. }, Input::Failed { error, .. }) => {
                let error = error.at(&fetch.url);
                host.tokens.settle(fetch.lease);
                Authorization::Failed(error)
            }
            (stage, _) => {
                self.stage = stage;
                Authorization::Failed(Error::misuse(
                    "a session was resumed with an input that its last step did not ask for",
                ))
            }
        }
    }

    /// The registry has taken what it was sent.
    pub(super) fn accepted(&mut self, host: &mut HostMemory, now: Now) {
        self.wanted.sufficed(&mut host.sufficient, now);
        self.doubt = Doubt::None;
        self.refusals = 0;
        self.stepped_back = false;
        self.waited = false;
    }

    /// Asks the credential source once more after `refusal`, which stands if that brings nothing new.
    pub(super) fn ask_again(&mut self, host: &mut HostMemory, now: Now, refusal: Error) -> Authorization {
        if !self.may_ask_again() {
            return Authorization::Failed(refusal);
        }
        if let Some(answer) = &self.answer {
            host.credentials.forget(&self.query, answer.number);
        }
        self.doubt = Doubt::Asking(refusal);
        self.ask(host, now)
    }

    /// What is known of the credential, which may be newer than what this operation has; else one machine asks for it, and the others wait.
    fn ask(&mut self, host: &mut HostMemory, now: Now) -> Authorization {
        if let Some(known) = host.credentials.answer(&self.query, now) {
            let remembered = !std::mem::take(&mut self.awaited);
            return self.answered(host, now, known, remembered);
        }
        match host.credentials.lead(&self.query, now, host.tokens.calls()) {
            Ok(lease) => {
                self.awaited = false;
                self.stage = Stage::Asking(lease);
                Authorization::Ask(self.query.clone())
            }
            Err(ticket) => {
                self.awaited = true;
                self.stage = Stage::Waiting(ticket);
                Authorization::Wait(ticket)
            }
        }
    }

    /// Gives up the right to fetch a token or to ask for a credential, if held.
    pub(super) fn release(&mut self, host: &mut HostMemory) {
        match std::mem::take(&mut self.stage) {
            Stage::Asking(lease) => host.credentials.settle(lease, host.tokens.calls()),
            Stage::Reading { fetch, .. } | Stage::Sent(fetch) => host.tokens.settle(fetch.lease),
            Stage::Idle | Stage::Waiting(_) => {}
        }
    }

    /// A password may have been replaced since it was got, and somebody may have logged in. That there was nothing a moment ago needs no second look.
    fn may_ask_again(&self) -> bool {
        let answer = self.answer.as_ref();
        let doubtful = answer.is_some_and(|answer| answer.remembered || answer.credential.is_some());
        doubtful && matches!(self.doubt, Doubt::None)
    }

    fn answered(&mut self, host: &mut HostMemory, now: Now, known: Known, remembered: bool) -> Authorization {
        let Known { credential, number } = known;
        if let Doubt::Asking(refusal) = std::mem::replace(&mut self.doubt, Doubt::None) {
            self.doubt = Doubt::Asked;
            // Whoever has had a credential refused is not made anonymous by its disappearance.
            if credential.is_none() || Identity::of(credential.as_ref()) == Identity::of(self.credential()) {
                if let Some(answer) = &mut self.answer {
                    answer.number = number;
                }
                return Authorization::Failed(refusal);
            }
            self.refusals = 0;
        }
        self.answer = Some(Answer {
            credential,
            number,
            remembered,
        });
        self.prepare(host, now)
    }

    fn credential(&self) -> Option<&Credential> {
        self.answer.as_ref()?.credential.as_ref()
    }
}

/// What the credential source has said.
#[derive(Debug)]
struct Answer {
    credential: Option<Credential>,
    /// Which one it was.
    number: u64,
    /// Whether it was said to an earlier operation.
    remembered: bool,
}

/// Whether the credential source has been asked for something better.
#[derive(Debug)]
enum Doubt {
    Asked,
    Asking(Error),
    None,
}

#[derive(Debug, Default)]
enum Stage {
    Asking(Lease),
    #[default]
    Idle,
    Reading {
        fetch: Box<Fetch>,
        status: http::StatusCode,
        wait: Option<std::time::Duration>,
    },
    Sent(Box<Fetch>),
    Waiting(Ticket),
}

fn ready(value: Result<HeaderValue, Error>) -> Authorization {
    value.map_or_else(Authorization::Failed, |value| Authorization::Ready(Some(value)))
}

#[cfg(test)]
mod tests;
