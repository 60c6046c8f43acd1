use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts the requests of a connection that speaks HTTP/1.1; whatever else passes is not counted.
pub(super) struct RequestCounter {
    count: Arc<AtomicU64>,
    /// The beginning of a head or of a chunk's size line.
    pending: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// So much of a body is to come; `chunked`: then another chunk.
    Body {
        left: u64,
        chunked: bool,
    },
    ChunkSize,
    Head,
    /// After the last chunk: lines up to an empty one.
    Trailers,
    Unknown,
}

impl RequestCounter {
    pub(super) const fn new(count: Arc<AtomicU64>) -> Self {
        Self {
            count,
            pending: Vec::new(),
            state: State::Head,
        }
    }

    /// Looks at what has passed.
    pub(super) fn passed(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Body { left, chunked } => self.body(bytes, left, chunked),
                State::Unknown => return,
                State::ChunkSize | State::Head | State::Trailers => self.line(bytes),
            };
        }
    }

    fn body<'b>(&mut self, bytes: &'b [u8], left: u64, chunked: bool) -> &'b [u8] {
        let taken = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left.saturating_sub(taken as u64);
        self.state = match (left, chunked) {
            (0, true) => State::ChunkSize,
            (0, false) => State::Head,
            _ => State::Body { left, chunked },
        };
        bytes.get(taken..).unwrap_or_default()
    }

    /// Goes on to the end of a line.
    fn line<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let end = bytes
            .iter()
            .position(|byte| *byte == b'\n')
            .map(|at| at.saturating_add(1));
        let (line, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        self.pending.extend_from_slice(line);
        if end.is_some() {
            self.line_ended();
        } else if self.pending.len() > LONGEST {
            self.state = State::Unknown;
        }
        rest
    }

    fn line_ended(&mut self) {
        match self.state {
            State::Head if self.pending.ends_with(b"\r\n\r\n") => self.head(),
            State::ChunkSize => {
                self.state = match httparse::parse_chunk_size(&self.pending) {
                    Ok(httparse::Status::Complete((_, 0))) => State::Trailers,
                    // The line's end after the chunk counts as a part of it.
                    Ok(httparse::Status::Complete((_, size))) => State::Body {
                        left: size.saturating_add(2),
                        chunked: true,
                    },
                    _ => State::Unknown,
                };
                self.pending.clear();
            }
            State::Trailers => {
                if self.pending == b"\r\n" {
                    self.state = State::Head;
                }
                self.pending.clear();
            }
            State::Body { .. } | State::Head | State::Unknown => {}
        }
    }

    fn head(&mut self) {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        self.state = match request.parse(&self.pending) {
            Ok(httparse::Status::Complete(_)) => {
                self.count.fetch_add(1, Ordering::Relaxed);
                after_head(request.headers)
            }
            _ => State::Unknown,
        };
        self.pending.clear();
    }
}

fn after_head(headers: &[httparse::Header<'_>]) -> State {
    let find = |name: &str| {
        let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case(name));
        header.and_then(|header| std::str::from_utf8(header.value).ok())
    };
    if find("transfer-encoding").is_some() {
        return State::ChunkSize;
    }
    match find("content-length").and_then(|length| length.trim().parse().ok()) {
        None | Some(0) => State::Head,
        Some(left) => State::Body { left, chunked: false },
    }
}

/// The longest head that is looked at.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_whatever_their_bodies_are_and_however_they_are_cut() {
        let sent = b"GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n\
            PUT /x HTTP/1.1\r\nContent-Length: 22\r\n\r\nGET / HTTP/1.1\r\nA: 1\r\n\
            PATCH /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\nc\r\n1\r\nd\r\n0\r\n\r\n\
            HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n";
        for piece in 1..=sent.len() {
            let count = Arc::new(AtomicU64::new(0));
            let mut counter = RequestCounter::new(count.clone());
            for bytes in sent.chunks(piece) {
                counter.passed(bytes);
            }
            assert_eq!(count.load(Ordering::Relaxed), 4, "in pieces of {piece}");
        }
    }
}
