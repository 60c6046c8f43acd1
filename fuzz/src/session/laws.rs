//! What holds for every step.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_RANGE, RANGE};
use http::{HeaderValue, Method, Request};
use oci_client_core::Error;
use oci_client_core::proto::{HostProfile, Input, Payload, Span, Step};
use url::Url;

use super::actor::{Blob, url_of};

/// Goes to the registry, or to a realm that belongs to it.
pub(super) const PASSWORD: &str = "passwordcanary";

/// `u:passwordcanary` as the Basic scheme writes it.
const BASIC: &str = "Basic dTpwYXNzd29yZGNhbmFyeQ==";

/// Goes to the registry and is never shown.
pub(super) const TOKEN: &str = "tokencanary";

/// Is part of URLs that a server names, and never shown.
pub(super) const SIGNATURE: &str = "signaturecanary";

pub(super) struct Laws {
    base: Url,
    longest_sleep: Duration,
    realms: Vec<String>,
}

impl Laws {
    pub(super) fn new(profile: &HostProfile) -> Self {
        let base = profile.base().clone();
        let mut realms: Vec<_> = profile.trusted_realms().iter().map(ToString::to_string).collect();
        realms.extend(base.host_str().map(str::to_owned));
        if base.host_str() == Some("registry-1.docker.io") {
            realms.push("auth.docker.io".to_owned());
        }
        let longest_sleep = profile.retry().longest_wait().max(profile.retry().pause(u32::MAX));
        Self {
            base,
            longest_sleep,
            realms,
        }
    }

    pub(super) fn step(&self, step: &Step<()>, blob: Option<Blob>) {
        match step {
            Step::Buffer { limit } => assert!(*limit <= 16 << 20, "reads up to {limit} bytes into memory"),
            Step::Done(Err(error)) => readable(error),
            Step::Receive { at, limit } => {
                let end = at.checked_add(*limit).expect("it ends somewhere");
                let blob = blob.expect("only a blob has a reader");
                let whole = *at == 0 && end == blob.size && blob.most.is_none();
                assert!(end == blob.end || whole, "receives {limit} bytes from {at} of {blob:?}");
                let skipped = blob.have.saturating_sub(*at);
                assert!(
                    blob.most.is_none_or(|most| skipped <= most),
                    "skips {skipped} bytes of {blob:?}"
                );
            }
            Step::Send(request) => self.request(request, blob),
            Step::Sleep(pause) => assert!(*pause <= self.longest_sleep, "sleeps {pause:?}"),
            Step::Ask(_) | Step::Done(Ok(())) | Step::Wait(_) => {}
        }
    }

    pub(super) fn request(&self, request: &Request<Payload>, blob: Option<Blob>) {
        let url = url_of(request);
        let secure = url.scheme() == "https";
        assert!(secure || url.scheme() == "http", "{url}");
        assert!(secure || self.base.scheme() == "http", "goes from https to {url}");
        assert!(
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none(),
            "{url}"
        );
        let ours = url.origin() == self.base.origin();
        let credentials: Vec<_> = request.headers().get_all(AUTHORIZATION).iter().collect();
        assert!(credentials.len() <= 1);
        for value in credentials {
            assert!(value.is_sensitive());
            self.credential(value, &url, ours);
        }
        silent(url.as_str(), &[PASSWORD, TOKEN]);
        for (name, value) in request.headers().iter().filter(|(name, _)| *name != AUTHORIZATION) {
            silent(&format!("{name}: {value:?}"), &[PASSWORD, TOKEN, SIGNATURE]);
        }
        assert!(ours || request.body().is_empty(), "content goes to {url}");
        content(request, blob);
    }

    /// A token is for the registry; a password for it and for the realms that belong to it.
    fn credential(&self, value: &HeaderValue, url: &Url, ours: bool) {
        let value = value.to_str().expect("a readable credential");
        if value == BASIC {
            let belongs = url
                .host_str()
                .is_some_and(|host| self.realms.iter().any(|realm| realm == host));
            assert!(ours || belongs, "a password goes to {url}");
        } else {
            assert!(
                value
                    .strip_prefix("Bearer ")
                    .is_some_and(|token| token.starts_with(TOKEN)),
                "{value}"
            );
            assert!(ours, "a token goes to {url}");
        }
    }
}

/// None of what people or logs may be shown tells a secret.
pub(super) fn silence(shown: &[String]) {
    for text in shown {
        silent(
            text,
            &[
                PASSWORD,
                TOKEN,
                SIGNATURE,
                "cGFzc3dvcmRjYW5hcnk",
                "dTpwYXNzd29yZGNhbmFyeQ",
            ],
        );
    }
}

/// Whether `input` is an answer to `last`.
pub(super) fn is_asked_for(last: Option<&Step<()>>, input: &Input) -> bool {
    match (last, input) {
        (Some(Step::Ask(_)), Input::Credential(_) | Input::Failed { .. })
        | (Some(Step::Buffer { .. }), Input::Body(_) | Input::Failed { .. })
        | (Some(Step::Receive { .. }), Input::Broken { .. } | Input::Received { .. })
        | (Some(Step::Send(_)), Input::Failed { .. } | Input::Head { .. })
        | (Some(Step::Sleep(_)), Input::Woken)
        | (None, Input::Start) => true,
        (Some(Step::Wait(ticket)), Input::Granted(granted)) => ticket == granted,
        _ => false,
    }
}

/// A number that stands for all of a step.
pub(super) fn fingerprint(step: &Step<()>) -> u64 {
    let mut text = format!("{step:?}");
    if let Step::Send(request) = step {
        let _ = write!(text, "{}{:?}", request.uri(), request.body());
        for (name, value) in request.headers() {
            let _ = write!(text, "{name}: {:?}", value.as_bytes());
        }
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The request's content and what it says of it, and the part of the blob that it wants.
fn content(request: &Request<Payload>, blob: Option<Blob>) {
    let field = |name| {
        request
            .headers()
            .get(name)
            .map(|value| value.to_str().expect("readable"))
    };
    let number = |text: &str| text.parse::<u64>().expect("a number");
    let reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if let Some(length) = field(CONTENT_LENGTH) {
        assert_eq!(Some(number(length)), request.body().len());
    }
    assert!(!reading || request.body().is_empty());
    assert!(field(ACCEPT_ENCODING).is_none_or(|coding| coding == "identity"));
    if let Payload::Source(span) = request.body() {
        part(request, *span, blob);
    }
    if let Some(range) = field(RANGE) {
        let (first, last) = range
            .strip_prefix("bytes=")
            .and_then(|range| range.split_once('-'))
            .expect("a closed range");
        let blob = blob.expect("only a blob is asked for in part");
        assert!(
            number(first) <= number(last) && number(last) < blob.size.min(blob.end),
            "{range} of {blob:?}"
        );
        assert!(number(first) <= blob.have, "{range} leaves a gap: {blob:?}");
    }
}

/// What is sent of a blob lies in it, is not empty unless the blob is, and says where it belongs unless it is the whole.
fn part(request: &Request<Payload>, span: Span, blob: Option<Blob>) {
    let range = request
        .headers()
        .get(CONTENT_RANGE)
        .map(|value| value.to_str().expect("readable"));
    let Some(len) = span.len else {
        assert!(blob.is_none() && range.is_none() && *request.method() == Method::PATCH);
        return;
    };
    let end = span.start.checked_add(len).expect("it ends somewhere");
    if let Some(blob) = blob {
        assert!(end <= blob.size, "{span:?} of {blob:?}");
        assert!(
            range.is_some() || (span.start == 0 && len == blob.size),
            "{span:?} of {blob:?}"
        );
    }
    assert!(range.is_none() || len > 0, "an empty part");
    assert!(
        range.is_none_or(|range| range == format!("{}-{}", span.start, end - 1)),
        "{range:?} of {span:?}"
    );
}

/// An error is in words that can be printed, and tells no secret.
fn readable(error: &Error) {
    let mut texts = vec![error.to_string(), format!("{error:?}")];
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        texts.extend([error.to_string(), format!("{error:?}")]);
        cause = error.source();
    }
    silence(&texts);
    let printable = |character: char| !character.is_control() && !"\u{202e}\u{2066}".contains(character);
    assert!(texts[0].chars().all(printable), "{texts:?}");
}

#[track_caller]
fn silent(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} is in {text}");
    }
}
