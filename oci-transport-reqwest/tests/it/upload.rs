//! Uploads that do not run to their end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, stream};
use http::{Method, StatusCode};
use oci_client_core::transport::{Body, Transport as _, TransportError, TransportErrorKind as Kind};

use crate::server::{Server, Step};
use crate::support::{read, request, told, transport};

/// P30
#[tokio::test]
async fn p30_an_early_refusal_is_returned_and_stops_the_upload() {
    let reply = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 6\r\n\r\ndenied".to_vec();
    let mut server = Server::start(vec![vec![Step::Partial(1024), Step::Reply(reply), Step::Drain]]).await;
    let read_so_far = Arc::new(AtomicU64::new(0));
    let body = Body::from_stream(endless(read_so_far.clone()), Some(HUGE));
    let response = transport()
        .send(request(Method::PUT, &server.url("/"), body))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    let before = read_so_far.load(Ordering::Relaxed);
    assert!(before < HUGE / 10);
    for _ in 0..1000 {
        // The server reads on, so that the client could send more.
        tokio::task::yield_now().await;
    }
    assert_eq!(read_so_far.load(Ordering::Relaxed), before);
    assert_eq!(read(response).await.unwrap(), b"denied");
    // The connection has ended, or the server would still be reading.
    assert!(server.drained().await <= before);
}

/// P30
#[tokio::test]
async fn p24_p30_dropping_an_early_response_stops_the_upload() {
    for status in ["200 OK", "307 Temporary Redirect", "500 Internal Server Error"] {
        let reply = format!("HTTP/1.1 {status}\r\nContent-Length: 1000\r\n\r\n").into_bytes();
        let mut server = Server::start(vec![vec![Step::Partial(1024), Step::Reply(reply), Step::Drain]]).await;
        let body = Body::from_stream(endless(Arc::default()), None);
        drop(
            transport()
                .send(request(Method::PATCH, &server.url("/"), body))
                .await
                .unwrap(),
        );
        assert!(server.drained().await < HUGE / 10, "{status}");
    }
}

#[tokio::test]
async fn an_early_success_does_not_stop_the_upload() {
    let mut server = Server::start(vec![vec![
        Step::Partial(3),
        Step::Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n".to_vec()),
        Step::Take(3),
        Step::Reply(b"done".to_vec()),
    ]])
    .await;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let later = stream::once(async { receiver.await.map_err(|error| TransportError::new(Kind::Source, error)) });
    let body = Body::from_stream(stream::iter([Ok(Bytes::from_static(b"abc"))]).chain(later), Some(6));
    let response = transport()
        .send(request(Method::PUT, &server.url("/"), body))
        .await
        .unwrap();
    sender.send(Bytes::from_static(b"def")).unwrap();
    assert_eq!(read(response).await.unwrap(), b"done");
    assert_eq!(server.recorded().await.body, b"abc");
}

#[tokio::test]
async fn p24_dropping_the_future_stops_the_upload() {
    let mut server = Server::start(vec![vec![Step::Partial(1024), Step::Drain]]).await;
    let transport = transport();
    let body = Body::from_stream(endless(Arc::default()), Some(HUGE));
    let sending = transport.send(request(Method::PUT, &server.url("/"), body));
    tokio::select! {
        _ = sending => panic!("nobody answered"),
        _ = server.recorded() => {}
    }
    assert!(server.drained().await < HUGE / 10);
}

#[tokio::test]
async fn content_that_cannot_be_read_is_the_error_that_comes_back() {
    for length in [Some(HUGE), None] {
        let server = Server::start(vec![vec![Step::Drain]]).await;
        let failing = stream::iter([
            Ok(Bytes::from_static(b"abc")),
            Err(TransportError::new(
                Kind::Source,
                io::Error::new(io::ErrorKind::NotFound, "the disk is gone"),
            )),
        ]);
        let body = Body::from_stream(failing, length);
        let error = transport()
            .send(request(Method::PUT, &server.url("/"), body))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Source);
        let source = std::error::Error::source(&error)
            .unwrap()
            .downcast_ref::<io::Error>()
            .unwrap();
        assert_eq!(
            (source.kind(), source.to_string().as_str()),
            (io::ErrorKind::NotFound, "the disk is gone")
        );
    }
}

#[tokio::test]
async fn content_that_fails_after_an_early_success_is_the_error_of_the_response_body() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n".to_vec();
    let server = Server::start(vec![vec![Step::Partial(3), Step::Reply(reply), Step::Drain]]).await;
    let (sender, receiver) = tokio::sync::oneshot::channel();
    let later = stream::once(async { Err(receiver.await.unwrap()) });
    let body = Body::from_stream(stream::iter([Ok(Bytes::from_static(b"abc"))]).chain(later), Some(6));
    let response = transport()
        .send(request(Method::PUT, &server.url("/"), body))
        .await
        .unwrap();
    sender
        .send(TransportError::new(Kind::Source, "the disk is gone"))
        .unwrap();
    let error = read(response).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string().contains("the disk is gone")),
        (Kind::Source, true)
    );
}

#[tokio::test]
async fn content_of_another_length_than_announced_is_an_error() {
    for (announced, message) in [(10, "ended 7 bytes before"), (2, "longer than")] {
        let server = Server::start(vec![vec![Step::Drain]]).await;
        let body = Body::from_stream(stream::iter([Ok(Bytes::from_static(b"abc"))]), Some(announced));
        let error = transport()
            .send(request(Method::PUT, &server.url("/"), body))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), Kind::Source);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[tokio::test]
async fn a_connection_lost_during_the_upload_may_have_delivered() {
    let server = Server::start(vec![vec![Step::Partial(1024), Step::Reset]]).await;
    let body = Body::from_stream(endless(Arc::default()), Some(HUGE));
    let result = transport().send(request(Method::PUT, &server.url("/"), body)).await;
    assert_eq!(told(result), (Kind::Reset, true));
}

/// A stream that is longer than any test can wait for, and counts what was read of it.
fn endless(count: Arc<AtomicU64>) -> impl Stream<Item = Result<Bytes, TransportError>> + Send {
    let chunk = Bytes::from(vec![0; 64 * 1024]);
    stream::repeat_with(move || {
        count.fetch_add(chunk.len() as u64, Ordering::Relaxed);
        Ok(chunk.clone())
    })
}

const HUGE: u64 = 10 << 30;
