//! Tower services as transports.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream;
use http::{Request, Response};
use oci_client_core::transport::{Body, TowerTransport, Transport as _, TransportError, TransportErrorKind};
use test_support::SimRuntime;
use tower_service::Service;

/// A service that is ready only the second time that it is asked, and whose outcome is that of a function.
struct Scripted<F> {
    answer: F,
    calls: Arc<AtomicUsize>,
    polls: usize,
}

impl<F: Clone> Clone for Scripted<F> {
    fn clone(&self) -> Self {
        let (answer, calls) = (self.answer.clone(), self.calls.clone());
        Self {
            answer,
            calls,
            polls: 0,
        }
    }
}

impl<F, B, E> Service<Request<Body>> for Scripted<F>
where
    F: Fn(Request<Body>) -> Result<Response<B>, E>,
{
    type Response = Response<B>;
    type Error = E;
    type Future = Ready<Result<Response<B>, E>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), E>> {
        self.polls += 1;
        if self.polls > 1 {
            return Poll::Ready(Ok(()));
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        assert_eq!(
            self.polls, 2,
            "a service may be called once it has said that it is ready"
        );
        self.calls.fetch_add(1, Ordering::Relaxed);
        ready((self.answer)(request))
    }
}

fn scripted<F>(answer: F) -> (TowerTransport<Scripted<F>>, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let service = Scripted {
        answer,
        calls: calls.clone(),
        polls: 0,
    };
    (TowerTransport::new(service), calls)
}

fn get() -> Request<Body> {
    Request::get("https://registry.test/v2/").body(Body::empty()).unwrap()
}

#[test]
fn each_request_goes_to_a_clone_that_is_ready() {
    let (transport, calls) = scripted(|request: Request<Body>| {
        let path = request.uri().path().to_owned();
        Ok::<_, Infallible>(Response::new(Body::from(path.into_bytes())))
    });
    let runtime = SimRuntime::new();
    for _ in 0..3 {
        let response = runtime.run(transport.send(get())).unwrap();
        assert_eq!(runtime.run(response.into_body().collect(100)).unwrap(), "/v2/");
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[derive(Debug, thiserror::Error)]
#[error("a layer failed")]
struct Layered(#[source] TransportError);

#[test]
fn an_error_keeps_its_kind_through_layers() {
    let runtime = SimRuntime::new();
    let reset = || TransportError::new(TransportErrorKind::Reset, "gone");
    let refused = || Layered(TransportError::new(TransportErrorKind::Connect, "refused"));
    let sent = |error: TransportError| (error.kind(), error.may_have_reached_server());

    let (own, _) = scripted(move |_| Err::<Response<Body>, _>(reset()));
    assert_eq!(
        sent(runtime.run(own.send(get())).unwrap_err()),
        (TransportErrorKind::Reset, true)
    );
    let (layered, _) = scripted(move |_| Err::<Response<Body>, _>(refused()));
    assert_eq!(
        sent(runtime.run(layered.send(get())).unwrap_err()),
        (TransportErrorKind::Connect, false)
    );
    let (other, _) = scripted(|_| Err::<Response<Body>, _>(std::io::Error::other("what is this")));
    assert_eq!(
        sent(runtime.run(other.send(get())).unwrap_err()),
        (TransportErrorKind::Other, true)
    );
}

#[test]
fn a_body_that_breaks_is_an_error_of_its_kind() {
    let (transport, _) = scripted(|_| {
        let pieces = [
            Ok(Bytes::from_static(b"ab")),
            Err(TransportError::new(TransportErrorKind::Timeout, "slow")),
        ];
        Ok::<_, Infallible>(Response::new(Body::from_stream(stream::iter(pieces), None)))
    });
    let runtime = SimRuntime::new();
    let response = runtime.run(transport.send(get())).unwrap();
    let error = runtime.run(response.into_body().collect(100)).unwrap_err();
    assert_eq!(error.kind(), TransportErrorKind::Timeout);
}
