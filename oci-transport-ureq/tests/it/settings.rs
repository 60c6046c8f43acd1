//! A27: a setting that is wrong is an error, and never left out.

use std::io::Write as _;
use std::sync::mpsc;

use http::Request;
use oci_client_core::blocking::{BlockingTransport as _, Body};
use oci_client_core::transport::{BuildError, Timeouts};
use oci_transport_ureq::{UreqTransport, UreqTransportBuilder};

use crate::server::{printed, read_head, serve};

#[test]
fn a13_a27_p27_proxy_urls() {
    let malformed = [
        "http://user:CANARY@[::1",
        "http://user:CANARY@host:99999/",
        "user:CANARY@proxy.test:3128",
        "ftp://user:CANARY@proxy.test/",
        "http:",
        "proxy.test:3128",
        "",
    ];
    for url in malformed {
        let error = fail(builder().proxy(url));
        assert!(error.to_string().starts_with("the proxy URL is "), "{url}: {error}");
        assert!(!printed(&error).contains("CANARY"), "A13");
    }
    for scheme in ["http", "https", "socks4", "socks4a", "socks5", "socks5h"] {
        let builder = builder().proxy(format!("{scheme}://user:CANARY@proxy.test"));
        assert!(!format!("{builder:?}").contains("CANARY"), "A13");
        assert!(!format!("{:?}", builder.build().unwrap()).contains("CANARY"), "A13");
    }
}

#[test]
fn user_agents() {
    for value in ["line\nbreak", "nul\0"] {
        assert!(
            fail(builder().user_agent(value))
                .to_string()
                .starts_with("the user agent is no header value: ")
        );
    }
}

/// What goes to a proxy is a tunnel to the server, with the proxy's own credentials.
#[test]
fn p27_requests_go_through_the_proxy() {
    let (sender, heads) = mpsc::channel();
    let address = serve(move |mut stream| {
        sender.send(read_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
        sender.send(read_head(&mut stream)).unwrap();
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
    });
    let transport = builder()
        .proxy(format!("http://user:password@{address}"))
        .build()
        .unwrap();
    let request = Request::get("http://registry.test/v2/").body(Body::empty()).unwrap();
    assert_eq!(transport.send(request, &Timeouts::new()).unwrap().status(), 204);
    let (connect, request) = (heads.recv().unwrap(), heads.recv().unwrap());
    assert!(
        connect.starts_with("CONNECT registry.test:80 HTTP/1.1\r\n"),
        "{connect}"
    );
    assert!(
        connect.contains("Proxy-Authorization: Basic dXNlcjpwYXNzd29yZA==\r\n"),
        "{connect}"
    );
    assert!(request.starts_with("GET /v2/ HTTP/1.1\r\n"), "{request}");
    assert!(!request.to_lowercase().contains("proxy-authorization"), "{request}");
}

fn builder() -> UreqTransportBuilder {
    UreqTransport::builder().no_proxy()
}

fn fail(builder: UreqTransportBuilder) -> BuildError {
    builder.build().unwrap_err()
}
