//! How inputs and steps are shown: without bodies, header fields and query values, in which secrets travel.

use std::fmt;

use http::Request;
use url::Url;

use super::{Input, Payload, Step};
use crate::redact::shown_url;

impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body(body) => write!(formatter, "Body({} bytes)", body.len()),
            Self::Broken { len, error } => formatter
                .debug_struct("Broken")
                .field("len", len)
                .field("error", error)
                .finish(),
            Self::Credential(credential) => formatter.debug_tuple("Credential").field(credential).finish(),
            Self::Failed { error, sent } => formatter
                .debug_struct("Failed")
                .field("error", error)
                .field("sent", sent)
                .finish(),
            Self::Granted(ticket) => formatter.debug_tuple("Granted").field(ticket).finish(),
            Self::Head { parts, url, sent } => formatter
                .debug_struct("Head")
                .field("status", &parts.status)
                .field("url", &shown_url(url))
                .field("sent", sent)
                .finish_non_exhaustive(),
            Self::Interrupted { sent } => formatter.debug_struct("Interrupted").field("sent", sent).finish(),
            Self::Received { len } => formatter.debug_struct("Received").field("len", len).finish(),
            Self::Start => formatter.write_str("Start"),
            Self::Woken => formatter.write_str("Woken"),
        }
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) => write!(formatter, "Bytes({} bytes)", bytes.len()),
            Self::Empty => formatter.write_str("Empty"),
            Self::Source(span) => formatter.debug_tuple("Source").field(span).finish(),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Step<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ask(query) => formatter.debug_tuple("Ask").field(query).finish(),
            Self::Buffer { limit } => formatter.debug_struct("Buffer").field("limit", limit).finish(),
            Self::Done(result) => formatter.debug_tuple("Done").field(result).finish(),
            Self::Receive { at, limit } => formatter
                .debug_struct("Receive")
                .field("at", at)
                .field("limit", limit)
                .finish(),
            Self::Send(request) => send(request, formatter),
            Self::Sleep(duration) => formatter.debug_tuple("Sleep").field(duration).finish(),
            Self::Wait(ticket) => formatter.debug_tuple("Wait").field(ticket).finish(),
        }
    }
}

fn send(request: &Request<Payload>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
    let url = Url::parse(&request.uri().to_string()).map(|url| shown_url(&url));
    formatter
        .debug_struct("Send")
        .field("method", request.method())
        .field("url", &url.as_deref().unwrap_or("no URL"))
        .field("payload", &request.body().len())
        .finish_non_exhaustive()
}
