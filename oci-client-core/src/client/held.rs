use std::sync::Arc;
use std::time::Duration;

use futures_channel::oneshot;
use futures_core::future::BoxFuture;
use futures_util::future::select;
use http::Request;
use oci_spec_types::RepositoryName;
use url::Url;

use super::Shared;
use super::route::Route;
use super::site::Site;
use crate::hosts::{Failover, HostCapabilities, Outcome};
use crate::proto::auth::Scopes;
use crate::proto::{Input, Machine, Now, Payload, Session, Step};
use crate::transport::{Body, TimeLimit, Transport};
use crate::{Error, ErrorKind};

/// A machine at the endpoint where it runs. It begins anew at the next one when it fails, and lets others take over what it had reserved when it is dropped.
pub(super) struct Held<M: Machine> {
    elsewhere: Option<Elsewhere<M>>,
    machine: Option<Session<M>>,
    /// Up to where content has come in.
    reached: u64,
    /// Offset and limit of the body that is being passed on.
    receiving: (u64, u64),
    refusal: Option<Error>,
    shared: Arc<Shared>,
    site: Option<Arc<Site>>,
    /// Whether the machine has begun and has not ended.
    under_way: bool,
}

/// How an operation is begun at another endpoint.
pub(super) struct Elsewhere<M: Machine> {
    pub(super) actions: &'static [&'static str],
    pub(super) called: RepositoryName,
    pub(super) failover: Failover,
    /// Whether an output says that there is nothing.
    pub(super) is_nothing: fn(&M::Output) -> bool,
    pub(super) make: Box<dyn Fn(Turn) -> M + Send + Sync>,
    pub(super) operation: &'static str,
    pub(super) route: Arc<Route>,
}

/// What a machine is made for.
pub(super) struct Turn {
    /// What the repository is called at the endpoint.
    pub(super) name: RepositoryName,
    /// The number of the endpoint.
    pub(super) number: usize,
    /// Up to where content has come in.
    pub(super) reached: u64,
}

impl<M: Machine> Elsewhere<M> {
    /// The operation at the endpoint whose turn it is.
    fn begin(&self, reached: u64) -> Result<(Arc<Site>, Session<M>), Error> {
        let number = self.failover.current();
        // Where it has no name, it cannot be; another endpoint may have it.
        let unnamed = |error: Error| error.with_kind(ErrorKind::Unsupported);
        let name = self.route.name(number, &self.called).map_err(unnamed)?;
        let scopes = Scopes::repository(&name, self.actions);
        let operation = self.route.operation(number, &self.called, self.operation, scopes)?;
        let turn = Turn { name, number, reached };
        let session = Session::new((self.make)(turn), operation);
        Ok((self.route.site(number)?.clone(), session))
    }
}

impl<M: Machine> Held<M> {
    /// An operation that is performed at one endpoint.
    pub(super) fn at(shared: Arc<Shared>, site: Arc<Site>, machine: Session<M>) -> Self {
        Self {
            elsewhere: None,
            machine: Some(machine),
            reached: 0,
            receiving: (0, 0),
            refusal: None,
            shared,
            site: Some(site),
            under_way: false,
        }
    }

    /// An operation that is performed wherever it succeeds.
    pub(super) fn anywhere(shared: Arc<Shared>, elsewhere: Elsewhere<M>) -> Self {
        Self {
            elsewhere: Some(elsewhere),
            machine: None,
            reached: 0,
            receiving: (0, 0),
            refusal: None,
            shared,
            site: None,
            under_way: false,
        }
    }

    /// An operation that fails with `error` as soon as it is begun.
    pub(super) const fn refused(shared: Arc<Shared>, error: Error) -> Self {
        Self {
            elsewhere: None,
            machine: None,
            reached: 0,
            receiving: (0, 0),
            refusal: Some(error),
            shared,
            site: None,
            under_way: false,
        }
    }

    /// The endpoint where the machine runs.
    pub(super) const fn site(&self) -> Option<&Arc<Site>> {
        self.site.as_ref()
    }

    /// Resumes the machine. With [`Step::Wait`] comes the receiver that is told when the ticket is called.
    pub(super) fn resume(&mut self, now: Now, input: Input) -> (Step<M::Output>, Option<oneshot::Receiver<()>>) {
        if let Some(error) = self.refusal.take() {
            return (Step::fail(error), None);
        }
        if self.site.is_none() && self.elsewhere.is_some() {
            return self.begin(now);
        }
        self.count(&input);
        let (Some(site), Some(machine)) = (&self.site, &mut self.machine) else {
            return (Step::misuse(), None);
        };
        let (step, called, notices) = site.host().resume(machine, now, input);
        self.shared.tell(site, notices);
        self.judge(now, step, called)
    }

    /// Keeps count of what the reader has got. Of a body that went on past its limit, nobody knows how much that is.
    fn count(&mut self, input: &Input) {
        let (at, limit) = self.receiving;
        if let Input::Broken { len, .. } | Input::Received { len } = input
            && *len <= limit
        {
            self.reached = self.reached.max(at.saturating_add(*len));
        }
    }

    /// Notes what came of a step, and goes on elsewhere where it was a failure.
    fn judge(
        &mut self,
        now: Now,
        step: Step<M::Output>,
        called: Option<oneshot::Receiver<()>>,
    ) -> (Step<M::Output>, Option<oneshot::Receiver<()>>) {
        self.under_way = !matches!(step, Step::Done(_));
        match step {
            Step::Done(Ok(output)) if self.is_nothing(&output) => {
                match self.failed(Error::new(ErrorKind::NotFound, "it is not there")) {
                    None => self.begin(now),
                    Some(error) if error.kind() == ErrorKind::NotFound => (Step::Done(Ok(output)), None),
                    Some(error) => (Step::fail(error), None),
                }
            }
            Step::Done(Ok(output)) => {
                self.note(now, None);
                (Step::Done(Ok(output)), None)
            }
            Step::Done(Err(error)) => {
                self.note(now, Some(&error));
                match self.failed(error) {
                    None => self.begin(now),
                    Some(error) => (Step::fail(error), None),
                }
            }
            Step::Receive { at, limit } => {
                self.receiving = (at, limit);
                (Step::Receive { at, limit }, called)
            }
            step => (step, called),
        }
    }

    /// Begins at the endpoint whose turn it is. Each failure brings the turn to another one, so this ends.
    fn begin(&mut self, now: Now) -> (Step<M::Output>, Option<oneshot::Receiver<()>>) {
        loop {
            self.let_go();
            let Some(elsewhere) = &self.elsewhere else {
                return (Step::misuse(), None);
            };
            match elsewhere.begin(self.reached) {
                Ok((site, session)) => {
                    let machine = self.machine.insert(session);
                    let (step, called, notices) = site.host().resume(machine, now, Input::Start);
                    self.shared.tell(&site, notices);
                    self.site = Some(site);
                    return self.judge(now, step, called);
                }
                Err(error) => {
                    if let Some(error) = self.failed(error) {
                        return (Step::fail(error), None);
                    }
                }
            }
        }
    }

    /// The error, if nobody is left to ask.
    fn failed(&mut self, error: Error) -> Option<Error> {
        match &mut self.elsewhere {
            Some(elsewhere) => match elsewhere.failover.failed(error) {
                Outcome::Failed(error) => Some(error),
                Outcome::Next(_) => None,
            },
            None => Some(error),
        }
    }

    fn is_nothing(&self, output: &M::Output) -> bool {
        self.elsewhere
            .as_ref()
            .is_some_and(|elsewhere| (elsewhere.is_nothing)(output))
    }

    /// Remembers for later operations how this endpoint did.
    pub(super) fn note(&self, now: Now, failure: Option<&Error>) {
        if let Some(site) = &self.site {
            site.host().note(now, failure);
        }
    }

    /// Drops the machine, which leaves nothing of its own with the registry if it can help it.
    fn let_go(&mut self) {
        let Some(site) = self.site.take() else { return };
        let last = self.machine.as_mut().filter(|_| self.under_way);
        if let Some(request) = last.and_then(|machine| site.host().abandon(machine)) {
            let clean_up = clean_up(self.shared.clone(), site.clone(), request);
            self.shared.runtime.spawn(clean_up);
        }
        self.machine = None;
        site.host().sweep();
    }
}

impl<M: Machine> Drop for Held<M> {
    fn drop(&mut self) {
        self.let_go();
    }
}

/// Sends the last request of a machine that was dropped. Nobody waits for its answer, and for no longer than [`CLEAN_UP`].
fn clean_up(shared: Arc<Shared>, site: Arc<Site>, request: Request<Payload>) -> BoxFuture<'static, ()> {
    Box::pin(async move {
        let Ok(url) = Url::parse(&request.uri().to_string()) else {
            return;
        };
        let Ok(transport) = shared.transport(Some(&site).filter(|site| site.is_at(&url)), &url) else {
            return;
        };
        tracing::debug!(method = %request.method(), "clean-up");
        let mut request = request.map(|_| Body::empty());
        request.extensions_mut().insert(TimeLimit(CLEAN_UP));
        let answer = transport.send(request);
        select(answer, shared.runtime.sleep(CLEAN_UP)).await;
    })
}

/// What an operation that reads needs of an endpoint: the endpoint's word where it asks by tag, verified content where it asks by digest.
pub(super) const fn capability_for(target: &oci_spec_types::TagOrDigest) -> HostCapabilities {
    match target {
        oci_spec_types::TagOrDigest::Digest(_) => HostCapabilities::PULL,
        oci_spec_types::TagOrDigest::Tag(_) => HostCapabilities::RESOLVE,
    }
}

/// How long the clean-up after a dropped future may take.
const CLEAN_UP: Duration = Duration::from_secs(10);
