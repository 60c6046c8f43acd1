use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body as _;
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport, TransportError};

use super::apply::{Exchange, apply};
use super::elsewhere::{Elsewhere, NOWHERE};
use super::fault::Fault;
use super::log::{FaultRecord, Log, Pending};
use super::plan::FaultPlan;
use super::rule::FaultRule;
use crate::hooks::{plain, route};
use crate::response;
use crate::routes::Route;

/// A registry to which the faults of a [`FaultPlan`] happen.
///
/// It stands before anything that answers requests: a [`Registry`](crate::Registry), a [`Protected`](crate::auth::Protected) or
/// [`ProfiledRegistry`](crate::profile::ProfiledRegistry), or a client's transport to a real one. In process, lost connections are errors of the transport. Over a port
/// (`Server`, feature `serve`), they are closed or reset.
///
/// One fault at most happens to an exchange: that of the first rule that is about it and has it occur now. The rules before that one have counted the exchange, those
/// after it have not.
pub struct FaultInjector {
    elsewhere: Elsewhere,
    inner: Arc<dyn Transport>,
    log: Arc<Log>,
    runtime: Arc<dyn Runtime>,
    seed: u64,
    state: Mutex<State>,
}

impl FaultInjector {
    /// The faults of `plan` happen to `registry`; delays and dates are those of `runtime`.
    pub fn new(registry: impl Transport + 'static, plan: FaultPlan, runtime: Arc<dyn Runtime>) -> Self {
        let FaultPlan { rules, seed } = plan;
        Self {
            elsewhere: Elsewhere::new(NOWHERE),
            inner: Arc::new(registry),
            log: Arc::default(),
            runtime,
            seed,
            state: Mutex::new(State {
                exchanges: 0,
                rules: rules.into_iter().map(Counted::new).collect(),
            }),
        }
    }

    /// Where redirects and foreign `Location`s lead: an origin, such as `http://localhost:5000` for a server that clients reach as `127.0.0.1:5000`, at which the
    /// requests of clients get here too.
    ///
    /// By default it is `https://elsewhere.invalid`, which is enough in process, where all requests get here. Its URLs have paths outside of the API.
    #[must_use]
    pub fn with_elsewhere(mut self, origin: &str) -> Self {
        self.elsewhere = Elsewhere::new(origin);
        self
    }

    /// Calls `observer` with each fault as it happens.
    #[must_use]
    pub fn with_observer(mut self, observer: impl Fn(&FaultRecord) + Send + Sync + 'static) -> Self {
        self.log = Arc::new(Log::observed(Box::new(observer)));
        self
    }

    /// Adds a rule after the others. It counts exchanges from now on.
    pub fn add_rule(&self, rule: FaultRule) {
        self.state().rules.push(Counted::new(rule));
    }

    /// The faults that have happened, the last 10,000 of them, in the order in which they happened. One in a body happens when the body gets there.
    pub fn log(&self) -> Vec<FaultRecord> {
        self.log.records()
    }

    /// The seed and the rules, with those that were added.
    pub fn plan(&self) -> FaultPlan {
        FaultPlan {
            rules: self.state().rules.iter().map(|counted| counted.rule.clone()).collect(),
            seed: self.seed,
        }
    }

    /// What is to happen to the next exchange.
    fn next(&self, parts: &Parts, has_body: bool, route: Option<&Route>) -> Option<Pending> {
        let mut state = self.state();
        state.exchanges = state.exchanges.saturating_add(1);
        let exchange = state.exchanges;
        let about = state.rules.iter_mut().enumerate();
        let mut about = about.filter(|(_, counted)| counted.rule.is_about(parts, has_body, route));
        let fault = about.find_map(|(place, counted)| counted.take(self.seed, place as u64))?;
        let path = route.map(ToString::to_string).unwrap_or_default();
        let record = FaultRecord::new(exchange, fault, parts.method.clone(), path);
        Some(Pending::new(Arc::clone(&self.log), record))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for FaultInjector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FaultInjector")
            .field("plan", &self.plan())
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Transport for FaultInjector {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let arrived = match self.elsewhere.arrive(&mut request) {
            Ok(arrived) => arrived,
            Err(status) => {
                let refusal = plain(status, "text/plain", "no such content, or not for you\n");
                return Ok(response::answer_to(request.method(), refusal));
            }
        };
        let has_body = !request.body().is_end_stream();
        let asked = route(&request);
        let (parts, body) = request.into_parts();
        let pending = self.next(&parts, has_body, asked.as_ref());
        let request = Request::from_parts(parts, body);
        let Some(pending) = pending else {
            return self.inner.send(request).await;
        };
        let method = request.method().clone();
        let exchange = Exchange {
            arrived,
            elsewhere: &self.elsewhere,
            inner: &*self.inner,
            pending,
            request,
            runtime: &*self.runtime,
        };
        Ok(response::answer_to(&method, apply(exchange).await?))
    }
}

struct State {
    exchanges: u64,
    rules: Vec<Counted>,
}

/// A rule and how many exchanges it has been about.
struct Counted {
    count: u64,
    rule: FaultRule,
}

impl Counted {
    const fn new(rule: FaultRule) -> Self {
        Self { count: 0, rule }
    }

    /// Counts an exchange, and gives the fault if it is to happen to this one.
    fn take(&mut self, seed: u64, place: u64) -> Option<Fault> {
        self.count = self.count.saturating_add(1);
        let seed = seed.wrapping_add(place.rotate_right(8));
        let occurs = self.rule.occurrence.includes(self.count, seed);
        occurs.then(|| self.rule.fault.clone())
    }
}
