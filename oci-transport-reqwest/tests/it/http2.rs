//! P14: HTTP/2, spoken without TLS by prior knowledge.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::stream;
use h2::server::{Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::{Method, Request, Response, StatusCode, Version};
use oci_client_core::transport::{Body, Transport as _, TransportErrorKind as Kind};
use oci_transport_reqwest::ReqwestTransport;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::server::{Server, Step};
use crate::support::{get, read, request, told};

#[tokio::test]
async fn p18_round_trip_with_three_thousand_warnings() {
    let url = serve(async |_, mut respond, connection| {
        let mut response = Response::new(());
        for number in 0..3000 {
            response
                .headers_mut()
                .append("warning", format!("299 - \"number {number}\"").parse().unwrap());
        }
        respond
            .send_response(response, false)
            .unwrap()
            .send_data("hello".into(), true)
            .unwrap();
        finish(connection).await;
    });
    let response = get(&transport(), &url).await.unwrap();
    assert_eq!(
        (response.status(), response.version()),
        (StatusCode::OK, Version::HTTP_2)
    );
    assert_eq!(response.headers().get_all("warning").iter().count(), 3000);
    assert_eq!(read(response).await.unwrap(), b"hello");
}

#[tokio::test]
async fn an_upload_goes_with_its_length() {
    let url = serve(async |request, mut respond, connection| {
        assert_eq!(request.headers()["content-length"], "7");
        respond
            .send_response(Response::builder().status(201).body(()).unwrap(), true)
            .unwrap();
        finish(connection).await;
    });
    let response = transport()
        .send(request(Method::PUT, &url, b"content".to_vec()))
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn p14_a_refused_stream_has_sent_nothing() {
    assert_eq!(after_reset(Reason::REFUSED_STREAM).await, (Kind::Reset, false));
}

#[tokio::test]
async fn p14_a_reset_stream_may_have_delivered() {
    for reason in [Reason::CANCEL, Reason::INTERNAL_ERROR, Reason::ENHANCE_YOUR_CALM] {
        assert_eq!(after_reset(reason).await, (Kind::Reset, true), "{reason}");
    }
}

#[tokio::test]
async fn p14_a_stream_above_the_last_one_of_a_goaway_has_sent_nothing() {
    assert_eq!(after_go_away(0).await, (Kind::Reset, false));
}

#[tokio::test]
async fn p14_a_stream_that_a_goaway_includes_may_have_delivered() {
    assert_eq!(after_go_away(1).await, (Kind::Reset, true));
}

#[tokio::test]
async fn p14_a_stream_reset_within_the_body_broke_off() {
    let (arrived, signal) = tokio::sync::oneshot::channel();
    let url = serve(async move |_, mut respond, mut connection| {
        let mut body = respond.send_response(Response::new(()), false).unwrap();
        body.send_data("hello".into(), false).unwrap();
        tokio::select! {
            result = signal => result.unwrap(),
            _ = connection.accept() => panic!("the connection ended"),
        }
        body.send_reset(Reason::INTERNAL_ERROR);
        finish(connection).await;
    });
    let mut body = get(&transport(), &url).await.unwrap().into_body();
    assert_eq!(body.chunk().await.unwrap().unwrap(), "hello");
    arrived.send(()).unwrap();
    assert_eq!(body.chunk().await.unwrap().unwrap_err().kind(), Kind::Body);
}

/// P30
#[tokio::test]
async fn p30_an_early_refusal_stops_the_upload() {
    let url = serve(async |request, mut respond, mut connection| {
        let mut upload = request.into_body();
        tokio::select! {
            _ = upload.data() => {}
            _ = connection.accept() => panic!("the connection ended"),
        }
        let response = Response::builder().status(403).body(()).unwrap();
        respond
            .send_response(response, false)
            .unwrap()
            .send_data("denied".into(), true)
            .unwrap();
        // The upload is never read on; the client resets its stream.
        tokio::select! {
            reason = std::future::poll_fn(|context| respond.poll_reset(context)) => drop(reason),
            _ = connection.accept() => {}
        }
        finish(connection).await;
    });
    let read_so_far = Arc::new(AtomicU64::new(0));
    let count = read_so_far.clone();
    let chunk = Bytes::from(vec![0; 64 * 1024]);
    let body = Body::from_stream(
        stream::repeat_with(move || {
            count.fetch_add(chunk.len() as u64, Ordering::Relaxed);
            Ok(chunk.clone())
        }),
        Some(HUGE),
    );
    let response = transport().send(request(Method::PUT, &url, body)).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
    assert_eq!(read(response).await.unwrap(), b"denied");
    assert!(read_so_far.load(Ordering::Relaxed) < HUGE / 10);
}

#[tokio::test]
async fn p14_an_answer_that_is_not_http2_is_an_error() {
    let reply = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec();
    let server = Server::start(vec![vec![Step::Request, Step::Reply(reply), Step::Drain]]).await;
    assert_eq!(told(get(&transport(), &server.url("/")).await), (Kind::Other, true));
}

#[tokio::test]
async fn p14_p18_fields_without_end_are_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let flood = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        greet(&mut stream).await;
        stream
            .write_all(&[0, 0, 1, HEADERS, 0, 0, 0, 0, 1, STATUS_200])
            .await
            .unwrap();
        let field = [NOT_INDEXED, 1, b'a', 1, b'b'];
        let mut frame = vec![0, 0x3f, 0xfc, CONTINUATION, 0, 0, 0, 0, 1];
        frame.extend(field.repeat(0x3ffc / field.len()));
        let mut sent = 0_u64;
        while sent < HUGE && stream.write_all(&frame).await.is_ok() {
            sent += frame.len() as u64;
        }
        sent
    });
    let (kind, _) = told(get(&transport(), &url).await);
    assert!(matches!(kind, Kind::Other | Kind::Reset), "{kind:?}");
    let sent = flood.await.unwrap();
    assert!(sent < 64 << 20, "{sent}");
}

async fn after_reset(reason: Reason) -> (Kind, bool) {
    let url = serve(async move |_, mut respond, connection| {
        respond.send_reset(reason);
        finish(connection).await;
    });
    told(get(&transport(), &url).await)
}

/// What becomes of the first stream, number 1, when the server's only answer is a GOAWAY.
async fn after_go_away(last_stream: u8) -> (Kind, bool) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        greet(&mut stream).await;
        let go_away = [0, 0, 8, GO_AWAY, 0, 0, 0, 0, 0, 0, 0, 0, last_stream, 0, 0, 0, 0];
        stream.write_all(&go_away).await.unwrap();
    });
    told(get(&transport(), &url).await)
}

/// Does what comes first on a connection, and waits for a request.
async fn greet(stream: &mut TcpStream) {
    stream.write_all(&[0, 0, 0, SETTINGS, 0, 0, 0, 0, 0]).await.unwrap();
    stream.read_exact(&mut [0; PREFACE.len()]).await.unwrap();
    while next_frame(stream).await != HEADERS {}
}

/// Reads a frame and tells its type.
async fn next_frame(stream: &mut TcpStream) -> u8 {
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
    stream.read_exact(&mut vec![0; length as usize]).await.unwrap();
    head[3]
}

/// Answers one request, on a thread of its own.
fn serve<F>(answer: F) -> String
where
    F: AsyncFnOnce(Request<RecvStream>, SendResponse<Bytes>, Connection<TcpStream, Bytes>) + Send + 'static,
{
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let mut connection = h2::server::handshake(TcpStream::from_std(stream).unwrap())
                .await
                .unwrap();
            let (request, respond) = connection.accept().await.unwrap().unwrap();
            answer(request, respond, connection).await;
        });
    });
    url
}

/// Lets what was written go out, until the client has gone.
async fn finish(mut connection: Connection<TcpStream, Bytes>) {
    while connection.accept().await.is_some() {}
}

fn transport() -> ReqwestTransport {
    ReqwestTransport::from_reqwest(reqwest::Client::builder().no_proxy().http2_prior_knowledge()).unwrap()
}

const CONTINUATION: u8 = 9;
const GO_AWAY: u8 = 7;
const HEADERS: u8 = 1;
const HUGE: u64 = 10 << 30;
const NOT_INDEXED: u8 = 0;
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const SETTINGS: u8 = 4;
const STATUS_200: u8 = 0x88;
