//! The checks: each sends something, and looks at what arrived and what came back.

use std::net::{Ipv4Addr, TcpListener};

use bytes::Bytes;
use http::{HeaderValue, Method, Request};

use super::exchange::{OK, body, expect, failure, first, framed, header, kind, once, pieces, request};
use super::pipe::{Content, Pipe};
use super::server::{Server, Step};
use crate::transport::TransportErrorKind as Kind;

/// A rule, and what finds out whether it is kept.
pub(super) type Check = (&'static str, fn(&dyn Pipe) -> Result<(), String>);

pub(super) const ALL: &[Check] = &[
    ("redirects are returned, not followed", redirects),
    (
        "nothing is added to a request but Accept, Connection, Host and User-Agent",
        additions,
    ),
    ("header fields of a request arrive as they are", request_headers),
    ("header values of a response are bytes", response_headers),
    ("a response may have many header fields", many_headers),
    ("cookies are not kept", cookies),
    ("content codings are left alone", codings),
    ("a refusal is a response", refusals),
    ("nothing is sent twice", retries),
    ("bytes go with their length", bytes),
    ("a stream of known length goes with it", known_length),
    ("a stream of unknown length is chunked", unknown_length),
    ("an upload of nothing says so", empty_upload),
    ("interim responses are passed over", interim),
    ("an answer that comes before the upload is over arrives", early_answer),
    ("a body that ends early is an error", cut_bodies),
    ("a response whose end is unclear is refused", unclear_ends),
    ("a refused connection has sent nothing", refused_connection),
    ("path and query arrive as they are", uri),
    ("a response to HEAD has no body", head),
    ("204 and 304 have no body", bodiless),
    (
        "a connection that was closed meanwhile gives no wrong answer",
        stale_connection,
    ),
    ("a connection with unread bytes on it is not used again", unread_bytes),
];

fn redirects(pipe: &dyn Pipe) -> Result<(), String> {
    for status in [
        "301 Moved Permanently",
        "302 Found",
        "307 Temporary Redirect",
        "308 Permanent Redirect",
    ] {
        let reply = format!("HTTP/1.1 {status}\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
        let (answer, _) = once(pipe, &reply, Method::GET, Content::Empty)?;
        expect("status", answer.status.as_str(), status.get(..3).unwrap_or_default())?;
        expect("Location", header(&answer, "location"), "/elsewhere")?;
    }
    Ok(())
}

fn additions(pipe: &dyn Pipe) -> Result<(), String> {
    let (_, sent) = once(pipe, OK, Method::GET, Content::Empty)?;
    let allowed = ["accept", "connection", "host", "user-agent"];
    let added: Vec<_> = sent
        .names()
        .into_iter()
        .filter(|name| !allowed.contains(&name.as_str()))
        .collect();
    expect("added fields", added.join(", ").as_str(), "")
}

fn request_headers(pipe: &dyn Pipe) -> Result<(), String> {
    let server = Server::start(vec![vec![Step::Request, Step::Reply(OK.into())]]);
    let mut request = request(&server, Method::GET, "/", Content::Empty)?;
    let fields = [
        ("accept", "application/vnd.oci.image.index.v1+json"),
        ("accept", "application/vnd.oci.image.manifest.v1+json"),
        ("accept-encoding", "identity"),
        ("authorization", "Bearer a.b-c_d=="),
        ("range", "bytes=5-9"),
        ("user-agent", "tool/1.0"),
    ];
    for (name, value) in fields {
        request.headers_mut().append(name, HeaderValue::from_static(value));
    }
    pipe.exchange(request, true).map_err(failure)?;
    let sent = first(&server)?;
    for (name, _) in fields {
        let expected: Vec<_> = fields
            .iter()
            .filter(|field| field.0 == name)
            .map(|field| field.1)
            .collect();
        expect(
            name,
            sent.values(name).join(", ").as_str(),
            expected.join(", ").as_str(),
        )?;
    }
    Ok(())
}

fn response_headers(pipe: &dyn Pipe) -> Result<(), String> {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Raw: \xff\xfe a,b\r\nX-Two: 1\r\nX-Two: 2\r\n\r\n";
    let (answer, _) = once(pipe, reply, Method::GET, Content::Empty)?;
    if answer.headers.get("x-raw").map(HeaderValue::as_bytes) != Some(b"\xff\xfe a,b") {
        return Err(format!("found {:?}", answer.headers.get("x-raw")));
    }
    let two = answer.headers.get_all("x-two").iter().count();
    expect("lines of one field", two.to_string().as_str(), "2")
}

fn many_headers(pipe: &dyn Pipe) -> Result<(), String> {
    let warnings = format!("Warning: 299 - \"{}\"\r\n", "w".repeat(500)).repeat(100);
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{warnings}\r\nok");
    let (answer, _) = once(pipe, &reply, Method::GET, Content::Empty)?;
    let count = answer.headers.get_all("warning").iter().count();
    expect("fields", count.to_string().as_str(), "100")?;
    body(answer, b"ok")
}

fn cookies(pipe: &dyn Pipe) -> Result<(), String> {
    let reply = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let server = Server::start(vec![vec![Step::Request, Step::Reply(reply.to_vec())]; 2]);
    for _ in 0..2 {
        pipe.exchange(request(&server, Method::GET, "/", Content::Empty)?, true)
            .map_err(failure)?;
    }
    let cookies: Vec<_> = server
        .recorded()
        .iter()
        .flat_map(|sent| sent.values("cookie"))
        .collect();
    expect("cookies", cookies.join(", ").as_str(), "")
}

fn codings(pipe: &dyn Pipe) -> Result<(), String> {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: 4\r\n\r\nabcd");
        let (answer, _) = once(pipe, &reply, Method::GET, Content::Empty)?;
        expect("Content-Encoding", header(&answer, "content-encoding"), coding)?;
        body(answer, b"abcd")?;
    }
    Ok(())
}

fn refusals(pipe: &dyn Pipe) -> Result<(), String> {
    for status in [
        "400", "401", "403", "404", "407", "408", "416", "421", "425", "429", "500", "502", "503",
    ] {
        let reply = format!(
            "HTTP/1.1 {status} No\r\nWWW-Authenticate: Basic realm=\"r\"\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\nno"
        );
        let (answer, _) = once(pipe, &reply, Method::GET, Content::Empty)?;
        expect("status", answer.status.as_str(), status)?;
        body(answer, b"no")?;
    }
    Ok(())
}

fn retries(pipe: &dyn Pipe) -> Result<(), String> {
    for method in [Method::GET, Method::HEAD, Method::PUT] {
        let server = Server::start(vec![vec![Step::Request]; 3]);
        let error = match pipe.exchange(request(&server, method.clone(), "/", Content::Empty)?, true) {
            Ok(answer) => {
                return Err(format!(
                    "{method}: a connection that was closed without an answer gave {}",
                    answer.status
                ));
            }
            Err(error) => error,
        };
        kind(&error, &[Kind::Reset])?;
        if !error.may_have_reached_server() {
            return Err(format!("{method}: the error says that nothing was sent"));
        }
        expect("requests", server.recorded().len().to_string().as_str(), "1")?;
    }
    Ok(())
}

fn bytes(pipe: &dyn Pipe) -> Result<(), String> {
    let (_, sent) = once(pipe, OK, Method::PUT, Content::Bytes(b"content".to_vec()))?;
    framed(&sent, "7", "", b"content")
}

fn known_length(pipe: &dyn Pipe) -> Result<(), String> {
    let (_, sent) = once(pipe, OK, Method::PUT, Content::Stream(pieces(), Some(6)))?;
    framed(&sent, "6", "", b"abcdef")
}

fn unknown_length(pipe: &dyn Pipe) -> Result<(), String> {
    let (_, sent) = once(pipe, OK, Method::PATCH, Content::Stream(pieces(), None))?;
    let content: Vec<u8> = sent.body.iter().copied().filter(u8::is_ascii_alphabetic).collect();
    expect("Content-Length", sent.values("content-length").join(", ").as_str(), "")?;
    expect(
        "Transfer-Encoding",
        sent.values("transfer-encoding").join(", ").to_lowercase().as_str(),
        "chunked",
    )?;
    expect("content", String::from_utf8_lossy(&content).as_ref(), "abcdef")
}

fn empty_upload(pipe: &dyn Pipe) -> Result<(), String> {
    for method in [Method::PATCH, Method::POST, Method::PUT] {
        let (_, sent) = once(pipe, OK, method, Content::Empty)?;
        framed(&sent, "0", "", b"")?;
    }
    Ok(())
}

fn interim(pipe: &dyn Pipe) -> Result<(), String> {
    let reply = format!(
        "{}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(5)
    );
    let (answer, _) = once(pipe, &reply, Method::GET, Content::Empty)?;
    expect("status", answer.status.as_str(), "200")?;
    body(answer, b"ok")
}

fn early_answer(pipe: &dyn Pipe) -> Result<(), String> {
    let reply = b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno".to_vec();
    let server = Server::start(vec![vec![Step::Head, Step::Reply(reply), Step::Drain]]);
    let pieces = vec![Bytes::from(vec![0; 64 << 10]); 64];
    let length = 64 * (64 << 10);
    let request = request(&server, Method::PUT, "/", Content::Stream(pieces, Some(length)))?;
    let answer = pipe.exchange(request, true).map_err(failure)?;
    expect("status", answer.status.as_str(), "413")?;
    body(answer, b"no")
}

fn cut_bodies(pipe: &dyn Pipe) -> Result<(), String> {
    let replies = [
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhello",
    ];
    for reply in replies {
        match once(pipe, reply, Method::GET, Content::Empty)?.0.body {
            Ok(read) => return Err(format!("{read:?} was taken for the whole of {reply:?}")),
            Err(error) => kind(&error, &[Kind::Body, Kind::Reset])?,
        }
    }
    Ok(())
}

fn unclear_ends(pipe: &dyn Pipe) -> Result<(), String> {
    let replies = [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    ];
    for reply in replies {
        let server = Server::start(vec![vec![Step::Request, Step::Reply(reply.into())]]);
        if let Ok(answer) = pipe.exchange(request(&server, Method::GET, "/", Content::Empty)?, true)
            && answer.body.is_ok()
        {
            return Err(format!("{reply:?} was accepted"));
        }
    }
    Ok(())
}

fn refused_connection(pipe: &dyn Pipe) -> Result<(), String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    drop(listener);
    let request = Request::get(format!("http://{address}/?signature=secret")).body(Content::Empty);
    let error = match pipe.exchange(request.map_err(|error| error.to_string())?, true) {
        Ok(answer) => return Err(format!("{} came from nowhere", answer.status)),
        Err(error) => error,
    };
    kind(&error, &[Kind::Connect])?;
    if error.may_have_reached_server() {
        return Err("the error says that something may have been sent".to_owned());
    }
    if error.to_string().contains("secret") {
        return Err(format!("the error shows the query of the URL: {error}"));
    }
    Ok(())
}

fn uri(pipe: &dyn Pipe) -> Result<(), String> {
    let path = "/v2/a%2Fb/%7e/..%2e/blobs/sha256:ab?digest=sha256%3Aab&n=%20+,:;@/?&empty=&_state=Zm9v==";
    let server = Server::start(vec![vec![Step::Request, Step::Reply(OK.into())]]);
    pipe.exchange(request(&server, Method::GET, path, Content::Empty)?, true)
        .map_err(failure)?;
    let sent = first(&server)?.text();
    expect(
        "request line",
        sent.lines().next().unwrap_or_default(),
        &format!("GET {path} HTTP/1.1"),
    )
}

fn head(pipe: &dyn Pipe) -> Result<(), String> {
    let reply = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";
    let (answer, _) = once(pipe, reply, Method::HEAD, Content::Empty)?;
    expect("Content-Length", header(&answer, "content-length"), "5000")?;
    body(answer, b"")
}

fn bodiless(pipe: &dyn Pipe) -> Result<(), String> {
    for reply in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    ] {
        let (answer, _) = once(pipe, reply, Method::GET, Content::Empty)?;
        body(answer, b"")?;
    }
    Ok(())
}

fn stale_connection(pipe: &dyn Pipe) -> Result<(), String> {
    let reply = |text: &str| format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{text}", text.len()).into_bytes();
    let server = Server::start(vec![
        vec![Step::Request, Step::Reply(reply("first"))],
        vec![Step::Request, Step::Reply(reply("second"))],
    ]);
    let answer = pipe
        .exchange(request(&server, Method::GET, "/1", Content::Empty)?, true)
        .map_err(failure)?;
    body(answer, b"first")?;
    match pipe.exchange(request(&server, Method::GET, "/2", Content::Empty)?, true) {
        Ok(answer) => body(answer, b"second"),
        Err(error) => kind(&error, &[Kind::Reset]),
    }
}

fn unread_bytes(pipe: &dyn Pipe) -> Result<(), String> {
    let mut long = b"HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n".to_vec();
    long.resize(4_000_000 + long.len(), b'x');
    let short = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec();
    let server = Server::start(vec![
        vec![
            Step::Request,
            Step::Reply(long),
            Step::Request,
            Step::Reply(short.clone()),
        ],
        vec![Step::Request, Step::Reply(short)],
    ]);
    pipe.exchange(request(&server, Method::GET, "/long", Content::Empty)?, false)
        .map_err(failure)?;
    let answer = pipe
        .exchange(request(&server, Method::GET, "/short", Content::Empty)?, true)
        .map_err(failure)?;
    body(answer, b"ok")
}
