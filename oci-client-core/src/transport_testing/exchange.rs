//! What the checks are made of.

use bytes::Bytes;
use http::{Method, Request};

use super::pipe::{Answer, Content, Pipe};
use super::server::{Recorded, Server, Step};
use crate::transport::{TransportError, TransportErrorKind as Kind};

/// One exchange with a server that gives one answer.
pub(super) fn once(
    pipe: &dyn Pipe,
    reply: impl AsRef<[u8]>,
    method: Method,
    content: Content,
) -> Result<(Answer, Recorded), String> {
    let reply = reply.as_ref().to_vec();
    let server = Server::start(vec![vec![Step::Request, Step::Reply(reply)]]);
    let request = request(&server, method, "/v2/?n=1", content)?;
    let answer = pipe.exchange(request, true).map_err(failure)?;
    let sent = first(&server)?;
    expect("requests", server.recorded().len().to_string().as_str(), "1")?;
    Ok((answer, sent))
}

pub(super) fn request(
    server: &Server,
    method: Method,
    path: &str,
    content: Content,
) -> Result<Request<Content>, String> {
    let request = Request::builder().method(method).uri(server.url(path)).body(content);
    request.map_err(|error| error.to_string())
}

pub(super) fn first(server: &Server) -> Result<Recorded, String> {
    let recorded = server.recorded().into_iter().next();
    recorded.ok_or_else(|| "no request arrived".to_owned())
}

pub(super) fn pieces() -> Vec<Bytes> {
    vec![Bytes::from_static(b"abc"), Bytes::from_static(b"def")]
}

pub(super) fn framed(sent: &Recorded, length: &str, coding: &str, content: &[u8]) -> Result<(), String> {
    expect(
        "Content-Length",
        sent.values("content-length").join(", ").as_str(),
        length,
    )?;
    expect(
        "Transfer-Encoding",
        sent.values("transfer-encoding").join(", ").as_str(),
        coding,
    )?;
    expect(
        "content",
        String::from_utf8_lossy(&sent.body).as_ref(),
        String::from_utf8_lossy(content).as_ref(),
    )
}

pub(super) fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
    answer
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

pub(super) fn body(answer: Answer, expected: &[u8]) -> Result<(), String> {
    let found = answer.body.map_err(failure)?;
    expect(
        "body",
        String::from_utf8_lossy(&found).as_ref(),
        String::from_utf8_lossy(expected).as_ref(),
    )
}

pub(super) fn kind(error: &TransportError, allowed: &[Kind]) -> Result<(), String> {
    if allowed.contains(&error.kind()) {
        return Ok(());
    }
    Err(format!(
        "an error of kind {:?} in place of {allowed:?}: {error}",
        error.kind()
    ))
}

pub(super) fn expect(what: &str, found: &str, expected: &str) -> Result<(), String> {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}: found `{found}`, expected `{expected}`"))
}

pub(super) fn failure(error: TransportError) -> String {
    format!("the exchange failed: {error}")
}

/// An answer with nothing in it.
pub(super) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
