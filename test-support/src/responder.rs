use std::fmt;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use oci_client_core::transport::{Body, Transport, TransportError};

use crate::{Reply, SimRuntime};

/// A server that answers as a function says. The function sees each request with its whole body.
///
/// ```
/// use http::Request;
/// use oci_client_core::transport::{Body, Transport};
/// use test_support::{Reply, Responder, SimRuntime};
///
/// let runtime = SimRuntime::new();
/// let mut visits = 0;
/// let server = Responder::new(&runtime, move |_request| {
///     visits += 1;
///     Reply::new(200).with_body(format!("visit {visits}"))
/// });
/// let request = Request::get("https://registry.test/").body(Body::empty()).unwrap();
/// let response = runtime.run(server.send(request)).unwrap();
/// assert_eq!(runtime.run(response.into_body().collect(100)).unwrap(), "visit 1");
/// ```
pub struct Responder<F> {
    answer: Mutex<F>,
    runtime: SimRuntime,
}

impl<F> Responder<F>
where
    F: FnMut(&Request<Bytes>) -> Reply + Send,
{
    /// A server that answers with `answer`, whose delays pass on the clock of `runtime`.
    pub fn new(runtime: &SimRuntime, answer: F) -> Self {
        Self {
            answer: Mutex::new(answer),
            runtime: runtime.clone(),
        }
    }

    fn reply(&self, request: &Request<Bytes>) -> Reply {
        let mut answer = self.answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer(request)
    }
}

#[async_trait]
impl<F> Transport for Responder<F>
where
    F: FnMut(&Request<Bytes>) -> Reply + Send,
{
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let (parts, body) = request.into_parts();
        let content = body.collect(usize::MAX).await?;
        let reply = self.reply(&Request::from_parts(parts, content));
        reply.play(&self.runtime).await
    }
}

impl<F> fmt::Debug for Responder<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Responder").finish_non_exhaustive()
    }
}
