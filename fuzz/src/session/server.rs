//! A registry, its token server and whatever it redirects to: right by default, and wrong in any way that the bytes choose.

use bytes::Bytes;
use http::header::{HeaderMap, HeaderName, HeaderValue, RANGE};
use http::{Method, Request, Response};
use oci_client_core::proto::{Input, Payload, Sent, TransportError, TransportErrorKind};
use oci_spec_types::Digest;
use url::Url;

use super::actor::{Blob, url_of};
use super::choices::Choices;
use super::laws::{SIGNATURE, TOKEN};

pub(super) const MANIFEST: &str = concat!(
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","#,
    r#""config":{"mediaType":"application/vnd.oci.empty.v1+json","#,
    r#""digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},"layers":[]}"#
);

pub(super) fn blob() -> Digest {
    Digest::sha256(b"hello")
}

pub(super) fn manifest() -> Digest {
    Digest::sha256(MANIFEST.as_bytes())
}

/// Under which a manifest is stored; one of them is there twice, as callers may have it.
pub(super) fn tags() -> impl Iterator<Item = &'static str> + Clone {
    ["v1", "v2", "v1", "latest", "x_y.z-1"].into_iter()
}

/// The answer to a request; `serial` is another number each time.
pub(super) fn head(request: &Request<Payload>, blob: Option<Blob>, choices: &mut Choices<'_>, serial: usize) -> Input {
    if let Some(ended) = ended(request, blob, choices, serial) {
        return ended;
    }
    let sent = sent(request, choices);
    let url = url_of(request);
    let (mut status, mut headers) = right_head(request, &url, blob, serial);
    match choices.below(12) {
        0..6 => {
            if choices.one_in(6) {
                let field = choices.pick(&FIELDS);
                set(&mut headers, field, choices, serial);
            }
        }
        6 | 7 => {
            status = 401;
            set(&mut headers, ("www-authenticate", &CHALLENGES), choices, serial);
        }
        8 | 9 => {
            status = choices.pick(&[307, 301, 302, 303, 308]);
            set(&mut headers, ("location", &LOCATIONS), choices, serial);
        }
        10 => {
            let error = failure(choices).into();
            return Input::Failed { error, sent };
        }
        _ => {
            status = choices.pick(&STATUSES);
            for _ in 0..choices.below(4) {
                let field = choices.pick(&FIELDS);
                set(&mut headers, field, choices, serial);
            }
        }
    }
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status.try_into().expect("a status of three digits");
    parts.headers = headers;
    Input::Head { parts, url, sent }
}

/// A driver sends nothing where a stream ends before the part that is cut from it. No stream goes on for ever: that one is never done is no fault of the machine.
fn ended(request: &Request<Payload>, blob: Option<Blob>, choices: &mut Choices<'_>, serial: usize) -> Option<Input> {
    let (Payload::Source(span), None) = (request.body(), blob) else {
        return None;
    };
    let len = span.len.filter(|_| serial > LONGEST_STREAM || choices.one_in(3))?;
    let sent = Sent::new(choices.number(len));
    let sent = match choices.one_in(8) {
        true => sent,
        false => sent.with_digest(self::blob()),
    };
    let error = TransportError::new(TransportErrorKind::Source, "it has ended").into();
    Some(Input::Failed { error, sent })
}

/// How much of a request's content went up; one of unknown length may have come to its end.
fn sent(request: &Request<Payload>, choices: &mut Choices<'_>) -> Sent {
    match request.body().len() {
        Some(len) => Sent::new(choices.number(len)),
        None if choices.one_in(4) => Sent::new(choices.number(100)),
        None => Sent::new(choices.number(100)).with_digest(blob()),
    }
}

/// The body of the response to a request.
pub(super) fn body(request: &(Method, Url), limit: usize, choices: &mut Choices<'_>, serial: usize) -> Input {
    if choices.one_in(9) {
        let error = failure(choices).into();
        return Input::Failed {
            error,
            sent: Sent::default(),
        };
    }
    let mut body = if choices.one_in(3) {
        odd_body(choices, serial)
    } else {
        right_body(request, serial)
    };
    body.truncate(limit);
    Input::Body(Bytes::from(body))
}

pub(super) fn failure(choices: &mut Choices<'_>) -> TransportError {
    let kind = choices.pick(&[
        TransportErrorKind::Reset,
        TransportErrorKind::Body,
        TransportErrorKind::Connect,
        TransportErrorKind::Timeout,
        TransportErrorKind::Tls,
        TransportErrorKind::TooLarge,
        TransportErrorKind::Source,
        TransportErrorKind::Other,
    ]);
    TransportError::new(kind, "scripted")
}

fn right_head(request: &Request<Payload>, url: &Url, blob: Option<Blob>, serial: usize) -> (u16, HeaderMap) {
    let mut headers = HeaderMap::new();
    let mut say = |name: &'static str, value: String| {
        headers.insert(HeaderName::from_static(name), value.try_into().expect("a field value"));
    };
    let size = blob.map_or(5, |blob| blob.size);
    let status = match (request.method().as_str(), url.path()) {
        (_, path) if path.contains("/manifests/") && *request.method() != Method::PUT => {
            say("content-type", "application/vnd.oci.image.manifest.v1+json".to_owned());
            say("content-length", MANIFEST.len().to_string());
            say("docker-content-digest", manifest().to_string());
            200
        }
        ("GET", path) if path.starts_with("/u/") => {
            say("range", "0-4".to_owned());
            204
        }
        ("GET", _) => match request
            .headers()
            .get(RANGE)
            .and_then(|value| value.to_str().ok()?.strip_prefix("bytes="))
        {
            Some(range) => {
                say("content-range", format!("bytes {range}/{size}"));
                206
            }
            None => 200,
        },
        ("HEAD", _) => 404,
        ("POST", _) => {
            say("location", format!("/u/{serial}?_state={SIGNATURE}"));
            202
        }
        ("PUT", _) => 201,
        _ => 202,
    };
    (status, headers)
}

fn right_body((_, url): &(Method, Url), serial: usize) -> Vec<u8> {
    match url.path() {
        path if path.contains("/manifests/") => MANIFEST.into(),
        path if path.ends_with("/tags/list") => br#"{"name":"a/b","tags":["v1"]}"#.to_vec(),
        path if path.starts_with("/v2/") => br#"{"errors":[{"code":"DENIED","message":"no\u001b[2J"}]}"#.to_vec(),
        _ => format!(r#"{{"token":"{TOKEN}{serial}","expires_in":60}}"#).into_bytes(),
    }
}

fn odd_body(choices: &mut Choices<'_>, serial: usize) -> Vec<u8> {
    let text = choices.pick(&BODIES);
    match text {
        "" => choices.raw(64),
        text => text
            .replace("{n}", &serial.to_string())
            .replace("{token}", TOKEN)
            .into_bytes(),
    }
}

/// A field with one of its values, or with any; it may contradict the others. `{n}` is another number each time.
fn set(headers: &mut HeaderMap, field: (&'static str, &[&str]), choices: &mut Choices<'_>, serial: usize) {
    let (name, values) = field;
    let text = choices.pick(values);
    let text = text
        .replace("{n}", &serial.to_string())
        .replace("{sig}", SIGNATURE)
        .replace("{blob}", &blob().to_string())
        .replace("{manifest}", &manifest().to_string());
    let name = HeaderName::from_static(name);
    if choices.one_in(8) {
        if let Ok(value) = HeaderValue::from_bytes(&choices.raw(20)) {
            headers.append(name, value);
        }
    } else {
        headers.insert(name, HeaderValue::try_from(text).expect("a field value"));
    }
}

/// After so many steps of a run its streams come to their ends.
const LONGEST_STREAM: usize = 1_000;

const STATUSES: [u16; 28] = [
    404, 503, 429, 200, 201, 202, 204, 206, 301, 302, 303, 308, 300, 304, 400, 403, 405, 408, 413, 414, 416, 431, 500,
    100, 199, 599, 600, 999,
];

const BODIES: [&str; 9] = [
    "",
    "{}",
    r#"{"token":"{token}{n}","access_token":"{token}other","expires_in":1e300,"refresh_token":"{token}refresh"}"#,
    r#"{"token":"{token}{n}\r\nX: y"}"#,
    r#"{"errors":[{"code":"TOOMANYREQUESTS"},{"code":"UNAUTHORIZED","message":"\u202e\u0007"}]}"#,
    r#"{"name":"a/b","tags":["v1","v2","sha256:00",null,7]}"#,
    r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#,
    r#"{"schemaVersion":2,"manifests":[],"layers":[]}"#,
    "<html>",
];

const FIELDS: [(&str, &[&str]); 12] = [
    ("www-authenticate", &CHALLENGES),
    ("location", &LOCATIONS),
    ("link", &LINKS),
    (
        "retry-after",
        &[
            "0",
            "1",
            "60",
            "61",
            "-1",
            "soon",
            "Sun, 06 Nov 1994 08:50:00 GMT",
            "99999999999999999999",
        ],
    ),
    (
        "docker-content-digest",
        &["{blob}", "{manifest}", "sha256:00", "md5:00", "é"],
    ),
    (
        "content-range",
        &[
            "bytes 0-4/5",
            "bytes 1-4/5",
            "bytes 1-63/64",
            "bytes */5",
            "bytes 9-0/1",
            "bytes 0-0/*",
        ],
    ),
    (
        "content-length",
        &[
            "5",
            "0",
            "4194305",
            "18446744073709551615",
            "99999999999999999999",
            "-1",
        ],
    ),
    (
        "range",
        &[
            "0-0",
            "0--1",
            "0-1",
            "0-2",
            "0-4",
            "0-65535",
            "0-2097151",
            "0-99999999999",
            "x",
        ],
    ),
    (
        "oci-chunk-min-length",
        &["3", "0", "16777217", "18446744073709551615", "x"],
    ),
    (
        "oci-tag",
        &["v1", "v1, v2", "latest,x_y.z-1,v2", ",,", "sha256:00", "é"],
    ),
    ("content-encoding", &["identity", "gzip", "aws-chunked", "br, identity"]),
    (
        "content-type",
        &[
            "application/json",
            "text/html",
            "application/vnd.oci.image.index.v1+json",
            "x",
            "a/b; c=\"d",
        ],
    ),
];

const CHALLENGES: [&str; 12] = [
    r#"Bearer realm="/token",service="s",scope="repository:a/b:pull""#,
    r#"Basic realm="x""#,
    r#"Bearer realm="https://token.test/token",service="s""#,
    r#"Bearer realm="https://trusted.test/token",scope="repository:a/b:pull,push repository:c:pull""#,
    r#"Bearer realm="https://evil.test/token{n}",service="{n}",scope="repository:a/b:x{n}""#,
    r#"Bearer realm="/token{n}",service="{n}",scope="repository:x{n}:pull""#,
    r#"Bearer realm="http://registry.test/token""#,
    r#"Bearer realm="https://u:p@registry.test/token""#,
    r#"Bearer realm="https://auth.docker.io/token""#,
    r#"Negotiate, Basic realm="x", Bearer realm="file:///token""#,
    "Negotiate",
    r#"Bearer realm=""#,
];

const LOCATIONS: [&str; 15] = [
    "/u/{n}",
    "https://cdn.test/{n}?sig={sig}",
    "https://registry.test/v2/a/b/blobs/again",
    "http://127.0.0.1:5000/again",
    "http://registry.test/x",
    "https://registry.test:444/x",
    "https://registry.test./x",
    "//evil.test/x",
    "u{n}?_state=a%3D{sig}",
    "?q",
    "https://u:p@registry.test/x",
    "file:///etc/passwd",
    "https://[",
    "",
    "/\u{e9}",
];

const LINKS: [&str; 5] = [
    "</v2/a/b/tags/list?last={n}>; rel=\"next\"",
    "<https://evil.test/v2/a/b/tags/list>; rel=next",
    "<http://registry.test/v2/a/b/tags/list>; rel=next",
    "<>; rel=next",
    "</x>; rel=prev, <y>; title=\"\\\", <z>\"; rel=\"a next\"",
];
