use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use crate::Outcome;

/// A connection that does as little as it can, so that the registry is what is measured.
pub(super) struct Connection {
    host: String,
    stream: BufReader<TcpStream>,
}

/// What goes up with a request.
pub(super) enum Content<'b> {
    None,
    /// So many times the same.
    Repeated(&'b [u8], usize),
}

pub(super) struct Answer {
    location: Option<String>,
    status: u16,
}

impl Connection {
    pub(super) fn open(address: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            host: address.to_owned(),
            stream: BufReader::with_capacity(BUFFER, stream),
        })
    }

    /// Sends a request and reads all of the answer, whose content is dropped.
    pub(super) fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &str,
        content: Content<'_>,
    ) -> Outcome<Answer> {
        // A location may be absolute.
        let target = target.strip_prefix(&format!("http://{}", self.host)).unwrap_or(target);
        let length = match content {
            Content::None if method == "GET" => String::new(),
            Content::None => "Content-Length: 0\r\n".to_owned(),
            Content::Repeated(piece, times) => format!("Content-Length: {}\r\n", piece.len() * times),
        };
        let host = &self.host;
        let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n{headers}{length}\r\n").into_bytes();
        let stream = self.stream.get_mut();
        match content {
            Content::Repeated(piece, 1) => {
                head.extend_from_slice(piece);
                stream.write_all(&head)?;
            }
            Content::Repeated(piece, times) => {
                stream.write_all(&head)?;
                for _ in 0..times {
                    stream.write_all(piece)?;
                }
            }
            Content::None => stream.write_all(&head)?,
        }
        self.answer()
    }

    fn answer(&mut self) -> Outcome<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("the answer is no HTTP")?.parse()?;
        let (mut left, mut location) = (0_u64, None);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                left = value.parse()?;
            } else if name.eq_ignore_ascii_case("location") {
                location = Some(value.to_owned());
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                return Err("the answer is chunked".into());
            }
        }
        while left > 0 {
            let read = self.stream.by_ref().take(left).fill_buf()?.len();
            if read == 0 {
                return Err("the connection ended early".into());
            }
            self.stream.consume(read);
            left -= read as u64;
        }
        Ok(Answer { location, status })
    }
}

impl Answer {
    pub(super) fn expect(&self, status: u16) -> Outcome<()> {
        if self.status == status {
            Ok(())
        } else {
            Err(format!("the registry answered {} instead of {status}", self.status).into())
        }
    }

    pub(super) fn location(self) -> Outcome<String> {
        self.location
            .ok_or_else(|| format!("the registry answered {} without a location", self.status).into())
    }
}

/// 256 KiB.
const BUFFER: usize = 256 << 10;
