//! Transcripts: what a machine is told, row by row, and what it is expected to do next. No server, no sleep.

use std::fmt::Debug;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, HeaderName, RANGE};
use http::{HeaderValue, Method, Request, Response};
use oci_spec_types::Digest;
use url::Url;

use super::auth::{Identity, Scopes};
use super::host::{Seek, TokenKey};
use super::{
    Credential, CredentialQuery, HostMemory, HostProfile, Input, Machine, Now, Operation, Payload, Sent, Session, Span,
    Step, Ticket, TransportError, TransportErrorKind,
};

/// What a machine is told; the actor fills in what follows from its last step.
#[derive(Debug)]
pub(crate) enum Told {
    /// The ticket that it waits for was called.
    Granted,
    /// The head of a response from the URL of its last request.
    Head(u16, Vec<(&'static str, String)>, Sent),
    Input(Input),
    /// The pause that it asked for is over.
    Woken,
}

pub(crate) fn body(text: impl Into<String>) -> Told {
    Told::Input(Input::Body(Bytes::from(text.into())))
}

pub(crate) fn broken(len: u64) -> Told {
    let error = TransportError::new(TransportErrorKind::Reset, "cut").into();
    Told::Input(Input::Broken { len, error })
}

pub(crate) fn credential(username: &str, password: &str) -> Told {
    given(Credential::password(username, password.to_owned()))
}

pub(crate) fn failed(kind: TransportErrorKind) -> Told {
    let (error, sent) = (TransportError::new(kind, "cut").into(), Sent::default());
    Told::Input(Input::Failed { error, sent })
}

pub(crate) fn given(credential: Credential) -> Told {
    Told::Input(Input::Credential(Some(credential)))
}

pub(crate) fn granted() -> Told {
    Told::Granted
}

pub(crate) fn head(status: u16, fields: &[(&'static str, &str)]) -> Told {
    head_after(status, fields, Sent::default())
}

/// The head of a response to a request of which so much went up.
pub(crate) fn head_after(status: u16, fields: &[(&'static str, &str)], sent: Sent) -> Told {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned()));
    Told::Head(status, fields.collect(), sent)
}

pub(crate) fn interrupted() -> Told {
    interrupted_after(0)
}

pub(crate) fn interrupted_after(len: u64) -> Told {
    let sent = Sent::new(len);
    Told::Input(Input::Interrupted { sent })
}

pub(crate) fn no_credential() -> Told {
    Told::Input(Input::Credential(None))
}

pub(crate) fn received(len: u64) -> Told {
    Told::Input(Input::Received { len })
}

/// A refusal after so much of the payload was sent.
pub(crate) fn refused_after(status: u16, len: u64) -> Told {
    match refused(status) {
        Told::Input(Input::Failed { error, .. }) => {
            let sent = Sent::new(len);
            Told::Input(Input::Failed { error, sent })
        }
        other => other,
    }
}

/// A refusal, as a session hands it to the machine inside.
pub(crate) fn refused(status: u16) -> Told {
    let url = Url::parse("https://r.test/v2/").unwrap();
    let error = crate::Error::refusal(status.try_into().unwrap(), &url, Vec::new());
    let sent = Sent::default();
    Told::Input(Input::Failed { error, sent })
}

pub(crate) fn start() -> Told {
    Told::Input(Input::Start)
}

pub(crate) fn woken() -> Told {
    Told::Woken
}

/// What machines share: a registry's memory, and the time.
pub(crate) struct Stage {
    pub(crate) host: HostMemory,
    pub(crate) now: Now,
    called: Vec<Ticket>,
}

impl Stage {
    /// `https://r.test`, of which nothing is known.
    pub(crate) fn new() -> Self {
        Self::at("r.test")
    }

    pub(crate) fn at(host: &str) -> Self {
        Self::with(HostProfile::new(host.parse().unwrap()))
    }

    pub(crate) fn with(profile: HostProfile) -> Self {
        let now = Now::new(Duration::from_secs(1_000), Duration::from_secs(784_111_777));
        let called = Vec::new();
        let host = HostMemory::new(profile, 7);
        Self { host, now, called }
    }

    /// Another credential source, or one whose answers are forgotten.
    pub(crate) fn forget_credentials(&mut self) {
        self.host.credentials = Default::default();
    }

    pub(crate) fn pass(&mut self, seconds: u64) {
        self.advance(Duration::from_secs(seconds));
    }

    /// A ticket that nobody will call.
    pub(crate) fn strange_ticket(&mut self) -> Ticket {
        let key = TokenKey {
            realm: Url::parse("https://strange.test/").unwrap(),
            service: None,
            identity: Identity::of(None),
            scopes: Scopes::none(),
        };
        let _lease = self.host.tokens.seek(&key, self.now);
        match self.host.tokens.seek(&key, self.now) {
            Seek::Wait(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    fn advance(&mut self, by: Duration) {
        self.now.monotonic += by;
        self.now.unix += by;
    }
}

/// A machine that is driven by hand.
pub(crate) struct Actor<M> {
    machine: M,
    pause: Duration,
    ticket: Option<Ticket>,
    url: Option<Url>,
}

impl<M: Machine> Actor<M> {
    pub(crate) fn new(machine: M) -> Self {
        let (pause, ticket, url) = (Duration::ZERO, None, None);
        Self {
            machine,
            pause,
            ticket,
            url,
        }
    }

    pub(crate) const fn machine(&self) -> &M {
        &self.machine
    }

    pub(crate) fn into_machine(self) -> M {
        self.machine
    }

    /// Whether the ticket that it waits for has been called.
    pub(crate) fn is_called(&self, stage: &mut Stage) -> bool {
        stage.called.extend(stage.host.called());
        self.ticket.is_some_and(|ticket| stage.called.contains(&ticket))
    }

    pub(crate) fn tell(&mut self, stage: &mut Stage, told: Told) -> Step<M::Output> {
        let input = match told {
            Told::Granted => Input::Granted(self.ticket.take().expect("it waits")),
            Told::Head(status, fields, sent) => self.head(status, &fields, sent),
            Told::Input(input) => input,
            Told::Woken => {
                stage.advance(std::mem::take(&mut self.pause));
                Input::Woken
            }
        };
        let step = self.machine.resume(&mut stage.host, stage.now, input);
        match &step {
            Step::Send(request) => self.url = Some(Url::parse(&request.uri().to_string()).unwrap()),
            Step::Sleep(pause) => self.pause = *pause,
            Step::Wait(ticket) => self.ticket = Some(*ticket),
            _ => {}
        }
        step
    }

    fn head(&self, status: u16, fields: &[(&'static str, String)], sent: Sent) -> Input {
        let mut response = Response::builder().status(status);
        for (name, value) in fields {
            response = response.header(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        Input::Head {
            parts: response.body(()).unwrap().into_parts().0,
            url: self.url.clone().expect("a request was sent"),
            sent,
        }
    }
}

impl<M: Machine> Actor<M>
where
    M::Output: Debug,
{
    /// Goes through a table of (what it is told, what it does next); see [`show`]. `failed KIND: TEXT` is any failure of that kind whose message holds the
    /// text, and an expectation that ends in `…` is a beginning.
    #[track_caller]
    pub(crate) fn rows<const N: usize>(&mut self, stage: &mut Stage, rows: [(Told, &str); N]) {
        for (number, (told, expected)) in rows.into_iter().enumerate() {
            let told_text = format!("{told:?}");
            let shown = show(&self.tell(stage, told));
            assert!(
                is_expected(&shown, expected),
                "row {number}, told {told_text}:\n    expected {expected}\n    it does  {shown}"
            );
        }
    }

    /// That an input other than those named is answered with an error, now and ever after.
    #[track_caller]
    pub(crate) fn refuses(mut self, stage: &mut Stage, told: Told) {
        self.rows(stage, [(told, "failed Misuse"), (start(), "failed Misuse")]);
    }
}

/// A machine within a session, for the repository `a/b`.
pub(crate) fn session<M: Machine>(machine: M, actions: &[&str]) -> Actor<Session<M>> {
    let name: oci_spec_types::RepositoryName = "a/b".parse().unwrap();
    let scopes = Scopes::repository(&name, actions);
    let query = CredentialQuery::new("r.test".parse().unwrap(), Some(name));
    Actor::new(Session::new(machine, Operation::new("test", query, scopes)))
}

/// Every input by name, for tests that give a machine what it did not ask for.
pub(crate) fn every_input(stage: &mut Stage) -> Vec<(&'static str, Told)> {
    let ticket = stage.strange_ticket();
    let parts = Response::new(()).into_parts().0;
    let url = Url::parse("https://r.test/").unwrap();
    let sent = Sent::default();
    vec![
        ("body", body("{}")),
        ("broken", broken(0)),
        ("credential", no_credential()),
        ("failed", failed(TransportErrorKind::Other)),
        ("granted", Told::Input(Input::Granted(ticket))),
        ("head", Told::Input(Input::Head { parts, url, sent })),
        ("interrupted", interrupted()),
        ("received", received(0)),
        ("start", start()),
        ("woken", Told::Input(Input::Woken)),
    ]
}

/// Brings a fresh machine into a state, tells it everything but `asked`, and expects an error each time.
#[track_caller]
pub(crate) fn refuses_all_but<M: Machine>(asked: &[&str], bring: impl Fn(&mut Stage) -> Actor<M>)
where
    M::Output: Debug,
{
    let names: Vec<_> = every_input(&mut Stage::new())
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    for name in names.into_iter().filter(|name| !asked.contains(name)) {
        let mut stage = Stage::new();
        let actor = bring(&mut stage);
        let told = every_input(&mut stage)
            .into_iter()
            .find(|(other, _)| *other == name)
            .unwrap()
            .1;
        actor.refuses(&mut stage, told);
    }
}

/// A step as one line: `GET /v2/ (bytes=5-9) [Basic user:password] <- blob 0..5`. Digests of [`HELLO`] are shown as `D`, and only URLs that are not below
/// `https://r.test` in full.
pub(crate) fn show<T: Debug>(step: &Step<T>) -> String {
    let text = match step {
        Step::Ask(query) => format!(
            "ask {}/{}",
            query.host,
            query.repository.as_ref().map_or("", |name| name.as_str())
        ),
        Step::Buffer { limit } => format!("buffer {limit}"),
        Step::Done(Err(error)) => format!("failed {:?}: {error}", error.kind()),
        Step::Done(Ok(value)) => format!("done {value:?}"),
        Step::Receive { at, limit } => format!("receive {at}..{}", at + limit),
        Step::Send(request) => show_request(request),
        Step::Sleep(pause) => format!("sleep {pause:?}"),
        Step::Wait(_) => "wait".to_owned(),
    };
    let digest = hello_digest().to_string();
    text.replace(&digest, "D").replace(&digest.replace(':', "%3A"), "D")
}

/// The content of most tests: five bytes.
pub(crate) const HELLO: &str = "hello";

pub(crate) fn hello_digest() -> Digest {
    Digest::sha256(HELLO.as_bytes())
}

fn show_request(request: &Request<Payload>) -> String {
    let field = |name: HeaderName| request.headers().get(name).map(|value| value.to_str().unwrap());
    let uri = request.uri().to_string();
    let below = uri.strip_prefix("https://r.test").filter(|path| path.starts_with('/'));
    let mut text = format!("{} {}", request.method(), below.unwrap_or(&uri));
    if let Some(range) = field(RANGE).or_else(|| field(CONTENT_RANGE)) {
        text += &format!(" ({range})");
    }
    if let Some(value) = field(AUTHORIZATION) {
        text += &format!(" [{}]", show_authorization(value));
    }
    text += &match request.body() {
        Payload::Bytes(bytes) if field(CONTENT_TYPE) == Some("application/x-www-form-urlencoded") => {
            format!(" <- {}", String::from_utf8(bytes.to_vec()).unwrap())
        }
        Payload::Bytes(bytes) => format!(" <- {} bytes", bytes.len()),
        Payload::Empty => String::new(),
        Payload::Source(Span { start, len: Some(len) }) => format!(" <- blob {start}..{}", start + len),
        Payload::Source(Span { start, len: None }) => format!(" <- blob {start}.."),
    };
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    let length = field(CONTENT_LENGTH).map(|length| length.parse::<u64>().unwrap());
    assert_eq!(length, request.body().len().filter(|_| !reading), "{text}");
    text
}

fn show_authorization(value: &str) -> String {
    match value.strip_prefix("Basic ") {
        Some(coded) => format!("Basic {}", String::from_utf8(STANDARD.decode(coded).unwrap()).unwrap()),
        None => value.to_owned(),
    }
}

fn is_expected(shown: &str, expected: &str) -> bool {
    if let Some(failure) = expected.strip_prefix("failed ") {
        let (kind, text) = failure.split_once(": ").unwrap_or((failure, ""));
        return shown.starts_with(&format!("failed {kind}:")) && shown.contains(text);
    }
    match expected.strip_suffix('…') {
        Some(beginning) => shown.starts_with(beginning),
        None => shown == expected,
    }
}
