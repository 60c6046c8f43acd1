//! A machine within a session, and what its driver knows.

use std::fmt::Debug;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use oci_client_core::ErrorKind;
use oci_client_core::proto::auth::Scopes;
use oci_client_core::proto::{
    CredentialQuery, Delete, DeleteFallback, FindSubject, GetManifest, HeadBlob, HostMemory, IfWhole, Input,
    ListReferrers, ListRepositories, ListTags, Machine, Mount, Now, Operation, Payload, PullBlob, PutManifest,
    PutTagged, RawRequest, Resolve, Session, Step, Ticket, UpdateReferrers, Upload, UploadStream,
};
use oci_spec_types::{Descriptor, MediaType, RepositoryName, Tag, TagOrDigest};
use url::Url;

use super::choices::Choices;
use super::server;

pub(super) struct Actor {
    blob: Option<Blob>,
    called: bool,
    last: Option<Step<()>>,
    machine: Option<Box<dyn Driven>>,
    request: Option<(Method, Url)>,
    wake: Duration,
}

/// A blob on its way, in either direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Blob {
    pub(super) size: u64,
    /// Where the part of it ends that is wanted.
    pub(super) end: u64,
    /// How much of it a reader has, from its beginning on; what lies before the part counts as had.
    pub(super) have: u64,
    /// The most bytes before the part that a reader skips; `None`: it takes the whole blob in place of the part.
    pub(super) most: Option<u64>,
    pub(super) pulled: bool,
}

impl Actor {
    pub(super) fn new(choices: &mut Choices<'_>, host: &HostMemory) -> Self {
        let (machine, blob) = cast(choices, host);
        let machine = Some(machine);
        Self {
            blob,
            called: false,
            last: None,
            machine,
            request: None,
            wake: Duration::ZERO,
        }
    }

    pub(super) const fn blob(&self) -> Option<Blob> {
        self.blob
    }

    pub(super) const fn ended(&self) -> bool {
        self.machine.is_none()
    }

    /// Whether there is something to tell it.
    pub(super) const fn is_able(&self) -> bool {
        match &self.last {
            Some(Step::Wait(_)) => self.called,
            _ => self.machine.is_some(),
        }
    }

    pub(super) const fn request(&self) -> Option<&(Method, Url)> {
        self.request.as_ref()
    }

    pub(super) const fn wake(&self) -> Duration {
        self.wake
    }

    pub(super) fn call(&mut self, ticket: Ticket) {
        self.called |= matches!(self.last, Some(Step::Wait(waited)) if waited == ticket);
    }

    /// Leaves off, in the middle or at the end.
    pub(super) fn leave(&mut self) {
        self.machine = None;
        self.last = None;
    }

    /// What it would send if it left now.
    pub(super) fn abandon(&mut self, host: &HostMemory) -> Option<Request<Payload>> {
        self.machine.as_mut()?.abandon(host)
    }

    pub(super) const fn take_last(&mut self) -> Option<Step<()>> {
        self.called = false;
        self.last.take()
    }

    /// What the reader has after `input`, which answers `last`.
    pub(super) fn read(&mut self, last: Option<&Step<()>>, input: &Input) {
        let (Some(Step::Receive { at, limit }), Some(blob)) = (last, &mut self.blob) else {
            return;
        };
        if let Input::Received { len } | Input::Broken { len, .. } = input {
            assert!(
                *at <= blob.have,
                "a reader who has {} bytes is given those from {at}",
                blob.have
            );
            blob.have = blob.have.max(at + len.min(limit));
            // A reader that takes the whole in place of a part wants all of it from then on.
            blob.end = blob.end.max(at + limit);
        }
    }

    pub(super) fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<()> {
        let machine = self.machine.as_mut().expect("it has not ended");
        let step = machine.resume(host, now, input);
        if let Step::Done(result) = &step {
            let again = machine.resume(host, now, Input::Start);
            assert!(
                matches!(again, Step::Done(Err(error)) if error.kind() == ErrorKind::Misuse),
                "what has ended goes on"
            );
            let whole = self.blob.is_none_or(|blob| !blob.pulled || blob.have >= blob.end);
            assert!(result.is_err() || whole, "it has ended well with {:?}", self.blob);
        }
        step
    }

    /// Remembers what it is to be told next.
    pub(super) fn keep(&mut self, step: Step<()>, now: Now) {
        match &step {
            Step::Done(_) => return self.leave(),
            Step::Send(request) => self.request = Some((request.method().clone(), url_of(request))),
            Step::Sleep(pause) => self.wake = now.monotonic.saturating_add(*pause),
            _ => {}
        }
        self.last = Some(step);
    }

    pub(super) fn shown(&self) -> String {
        self.machine.as_ref().map(|machine| machine.shown()).unwrap_or_default()
    }
}

pub(super) fn url_of(request: &Request<Payload>) -> Url {
    Url::parse(&request.uri().to_string()).expect("a request goes to an absolute URL")
}

/// A session whose output does not matter.
trait Driven {
    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<()>;

    /// The last request of one that is about to be left.
    fn abandon(&mut self, host: &HostMemory) -> Option<Request<Payload>>;

    fn shown(&self) -> String;
}

impl<M: Debug + Machine> Driven for Session<M> {
    fn resume(&mut self, host: &mut HostMemory, now: Now, input: Input) -> Step<()> {
        match Machine::resume(self, host, now, input) {
            Step::Ask(query) => Step::Ask(query),
            Step::Buffer { limit } => Step::Buffer { limit },
            Step::Done(result) => Step::Done(result.map(|_| ())),
            Step::Receive { at, limit } => Step::Receive { at, limit },
            Step::Send(request) => Step::Send(request),
            Step::Sleep(duration) => Step::Sleep(duration),
            Step::Wait(ticket) => Step::Wait(ticket),
        }
    }

    fn abandon(&mut self, host: &HostMemory) -> Option<Request<Payload>> {
        Machine::abandon(self, host)
    }

    fn shown(&self) -> String {
        format!("{self:?}")
    }
}

fn cast(choices: &mut Choices<'_>, host: &HostMemory) -> (Box<dyn Driven>, Option<Blob>) {
    let name: RepositoryName = choices.pick(&["a/b", "c"]).parse().expect("a name");
    let tag: TagOrDigest = "v1".parse().expect("a tag");
    let (blob, manifest) = (server::blob(), TagOrDigest::Digest(server::manifest()));
    let query = CredentialQuery::new(host.profile().host().clone(), Some(name.clone()));
    let scopes = Scopes::repository(&name, choices.pick(&[&["pull"][..], &["pull", "push"], &[]]));
    let operation = Operation::new("test", query, scopes);
    match choices.below(12) {
        0 => pull(choices, name, operation),
        1 => (Box::new(Session::new(GetManifest::new(name, tag), operation)), None),
        2 => (
            Box::new(Session::new(GetManifest::new(name, manifest), operation)),
            None,
        ),
        3 => (
            Box::new(Session::new(
                Resolve::new(name, if choices.one_in(2) { manifest } else { tag }),
                operation,
            )),
            None,
        ),
        4 => (Box::new(Session::new(HeadBlob::new(name, blob), operation)), None),
        5 => upload(choices, name, operation),
        6 => (put(choices, name, tag, operation), None),
        7 => (Box::new(Session::new(ListTags::first(name), operation)), None),
        8 => (Box::new(Session::new(Delete::blob(name, blob), operation)), None),
        _ => (lists(choices, name, operation), None),
    }
}

/// The machines around lists of referrers and repositories, and a request of the caller's own.
fn lists(choices: &mut Choices<'_>, name: RepositoryName, operation: Operation) -> Box<dyn Driven> {
    let subject = server::manifest();
    match choices.below(6) {
        0 => Box::new(Session::new(ListReferrers::first(name, subject, None), operation)),
        1 => {
            let referrer = Descriptor::of(MediaType::IMAGE_MANIFEST, b"referrer");
            Box::new(Session::new(UpdateReferrers::add(name, subject, referrer), operation))
        }
        2 => Box::new(Session::new(FindSubject::new(name, subject), operation)),
        3 => Box::new(Session::new(DeleteFallback::new(name, subject), operation)),
        4 => Box::new(Session::new(ListRepositories::first(), operation)),
        _ => {
            let method = choices.pick(&["GET", "POST"]);
            let request = Request::builder().method(method).uri("/x").body(Bytes::new());
            let raw = RawRequest::to_repository(request.expect("a request"), name);
            Box::new(Session::new(raw, operation))
        }
    }
}

/// A manifest under one name, or under several.
fn put(choices: &mut Choices<'_>, name: RepositoryName, tag: TagOrDigest, operation: Operation) -> Box<dyn Driven> {
    let (media_type, digest) = (MediaType::IMAGE_MANIFEST, server::manifest());
    let put = PutManifest::new(name, tag, media_type, server::MANIFEST.into(), digest);
    let tags = match choices.below(5) {
        0 => return Box::new(Session::new(put, operation)),
        number => server::tags().cycle().take(choices.pick(&[number, 0, 3, 30])),
    };
    let tags: Vec<Tag> = tags.map(|tag| tag.parse().expect("a tag")).collect();
    Box::new(Session::new(PutTagged::new(&put, &tags), operation))
}

fn pull(choices: &mut Choices<'_>, name: RepositoryName, operation: Operation) -> (Box<dyn Driven>, Option<Blob>) {
    let size = choices.pick(&[5, 0, 1, 20]);
    let have = choices.pick(&[0, 0, 1, size, size + 1]);
    let whole = Blob {
        size,
        end: size,
        have,
        most: None,
        pulled: true,
    };
    let (pull, blob) = if choices.one_in(2) {
        let have = have.min(size);
        let end = choices.pick(&[size, 1, 2, 19]).clamp(have, size);
        let most = choices.pick(&[None, Some(0), Some(1), Some(u64::MAX)]);
        let if_whole = most.map_or(IfWhole::Take, |most| IfWhole::Skip { most });
        let pull = PullBlob::part(name, server::blob(), size, have..end, if_whole);
        let part = Blob {
            end,
            have,
            most,
            ..whole
        };
        (pull, part)
    } else {
        (PullBlob::new(name, server::blob(), size, have), whole)
    };
    (Box::new(Session::new(pull, operation)), Some(blob))
}

fn upload(choices: &mut Choices<'_>, name: RepositoryName, operation: Operation) -> (Box<dyn Driven>, Option<Blob>) {
    let other: RepositoryName = "d".parse().expect("a name");
    let size = match choices.below(7) {
        0 => 5,
        1 => 0,
        2 => 2 << 20,
        3 => 65 << 20,
        4 => {
            let mount = Mount::new(name, server::blob(), other);
            return (Box::new(Session::new(mount, operation)), None);
        }
        5 => {
            let mount = Mount::new(name, server::blob(), other).or_nothing();
            return (Box::new(Session::new(mount, operation)), None);
        }
        _ => {
            let stream = UploadStream::new(name, MediaType::OCTET_STREAM);
            return (Box::new(Session::new(stream, operation)), None);
        }
    };
    let blob = Blob {
        size,
        end: size,
        have: 0,
        most: None,
        pulled: false,
    };
    (
        Box::new(Session::new(Upload::new(name, server::blob(), size), operation)),
        Some(blob),
    )
}
