//! Faults in the bodies of requests and responses.

use oci_client_core::transport::TransportErrorKind;
use oci_spec_types::Digest;

use crate::site::{End, Site};

/// c05: what arrives of a blob of 1,000 bytes, how it ends, and how long it says that it is.
#[test]
fn c05_a_response_ends_before_its_time() {
    let (body, reset) = (TransportErrorKind::Body, TransportErrorKind::Reset);
    for (fault, length, end, promised) in [
        ("cut-response=100", 100, End::Lost(body), "1000"),
        ("cut-response=0", 0, End::Lost(body), "1000"),
        ("cut-response=999", 999, End::Lost(body), "1000"),
        // Around the end of the body.
        ("cut-response=1000", 0, End::Lost(body), "1000"),
        ("cut-response=2100", 100, End::Lost(body), "1000"),
        ("reset-response=100", 100, End::Lost(reset), "1000"),
        ("stall=100", 100, End::Never, "1000"),
        ("truncate=100", 100, End::Clean, "1000"),
        ("truncate-chunked=100", 100, End::Clean, ""),
    ] {
        let site = Site::new(fault);
        let seen = site.pull();
        assert_eq!(seen.status, 200, "{fault}");
        assert_eq!(seen.body, site.blob[..length], "{fault}");
        assert_eq!(seen.end, end, "{fault}");
        assert_eq!(seen.header("content-length"), promised, "{fault}");
        assert_eq!(site.faults.log().len(), 1, "{fault}");
    }
}

#[test]
fn c01_one_byte_of_a_response_is_another_one() {
    for (fault, at) in [
        ("corrupt-response=0", 0),
        ("corrupt-response=999", 999),
        ("corrupt-response=1007", 7),
    ] {
        let site = Site::new(fault);
        let seen = site.pull();
        assert_eq!((seen.body.len(), seen.end), (1000, End::Clean), "{fault}");
        let differs = (0..1000).filter(|place| seen.body[*place] != site.blob[*place]);
        assert_eq!(differs.collect::<Vec<_>>(), [at], "{fault}");
        site.assert_log(&[&format!("GET {fault}")]);
    }
}

#[test]
fn c06_bytes_come_twice() {
    for (fault, from, to) in [
        ("duplicate=100+50", 100, 150),
        ("duplicate=0+1000", 0, 1000),
        // As far as there are bytes.
        ("duplicate=990+50", 990, 1000),
        ("duplicate=1100+1", 100, 101),
    ] {
        let site = Site::new(fault);
        let seen = site.pull();
        let expected = [&site.blob[..to], &site.blob[from..]].concat();
        assert_eq!(seen.body, expected, "{fault}");
        assert_eq!(seen.header("content-length"), expected.len().to_string(), "{fault}");
        site.assert_log(&[&format!("GET {fault}")]);
    }
}

/// What is cut out of a stored blob comes in several pieces, as it lies in a file.
#[test]
fn places_are_those_of_the_body_and_not_of_its_pieces() {
    use bytes::Bytes;
    use http::{Request, Response};
    use oci_client_core::transport::{Body, Transport, TransportError};

    struct Pieces;
    #[async_trait::async_trait]
    impl Transport for Pieces {
        async fn send(&self, _: Request<Body>) -> Result<Response<Body>, TransportError> {
            let pieces = ["abc", "defg", "hij"].map(|piece| Ok(Bytes::from(piece)));
            Ok(Response::new(Body::from_stream(
                futures_util::stream::iter(pieces),
                None,
            )))
        }
    }
    for (fault, body) in [
        ("cut-response=5", "abcde"),
        ("cut-response=3", "abc"),
        ("truncate=7", "abcdefg"),
        // Nobody knows how long the body is, and it is no longer than this.
        ("truncate=10", "abcdefghij"),
        ("corrupt-response=4", "abcddfghij"),
        ("corrupt-response=10", "abcdefghij"),
        ("duplicate=1+1", "abbcdefghij"),
        ("duplicate=2+3", "abcdecdefghij"),
        ("duplicate=8+9", "abcdefghijij"),
        ("duplicate=10+1", "abcdefghij"),
    ] {
        let site = Site::with(Pieces, fault);
        assert_eq!(site.pull().text(), body, "{fault}");
        let happens = !fault.ends_with("=10") && !fault.ends_with("=10+1");
        assert_eq!(site.faults.log().len(), usize::from(happens), "{fault}");
    }
}

#[test]
fn p10_a_request_ends_before_its_time_and_what_has_arrived_is_kept() {
    for (fault, kind) in [
        ("PATCH: cut-request=300", TransportErrorKind::Body),
        ("PATCH: reset-request=1300", TransportErrorKind::Reset),
    ] {
        let site = Site::new(fault);
        let upload = site.open();
        let seen = site.send("PATCH", &upload, &[("content-length", "1000")], &[7; 1000]);
        assert_eq!((seen.status, seen.end), (0, End::Lost(kind)), "{fault}");
        assert_eq!(site.send("GET", &upload, &[], b"").header("range"), "0-299", "{fault}");
        assert_eq!(site.faults.log().len(), 1, "{fault}");
    }
}

#[test]
fn one_byte_of_a_request_is_another_one() {
    let site = Site::new("upload-start: corrupt-request=4");
    let push = |content: &[u8]| {
        let path = format!("/v2/app/blobs/uploads/?digest={}", Digest::sha256(b"hello"));
        site.send("POST", &path, &[], content).status
    };
    assert_eq!(push(b"hello"), 400);
    // The bit that is flipped.
    assert_eq!(push(b"helln"), 201);
    site.assert_log(&["POST corrupt-request=4", "POST corrupt-request=4"]);
}

#[test]
fn where_there_is_no_body_nothing_happens_and_nothing_is_logged() {
    for fault in [
        "cut-response=0",
        "corrupt-response=0",
        "truncate=0",
        "duplicate=0+1",
        "cut-request=0",
    ] {
        let site = Site::new(fault);
        assert_eq!(site.send("HEAD", &site.blob_path(), &[], b"").status, 200, "{fault}");
        let opened = site.send("POST", "/v2/app/blobs/uploads/", &[], b"");
        assert_eq!((opened.status, opened.end), (202, End::Clean), "{fault}");
        site.assert_log(&[]);
    }
}
