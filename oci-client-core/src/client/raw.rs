use std::fmt;

use bytes::{Bytes, BytesMut};
use http::{Request, Response};

use super::driver::{Driver, Pause};
use super::{Registry, Repository};
use crate::proto::auth::{Scope, Scopes};
use crate::proto::{Input, RawRequest};
use crate::{Error, ErrorKind};

impl Repository {
    /// Performs a request of your own, with this client's authorization, redirects, retry and errors: for extensions and vendors' APIs.
    ///
    /// Its URI is a path below `/v2/NAME`, such as `/tags/list?n=3`, or absolute and at the registry's origin. It is authorized for pulling, and for what a
    /// refusal says that it takes; [`send_with_scopes`](Self::send_with_scopes) asks for more at once. A request whose method is not idempotent (POST, PATCH) is sent once,
    /// apart from a repetition with credentials after 401.
    ///
    /// # Errors
    /// Of kind [`UnsafeUrl`](ErrorKind::UnsafeUrl) for another origin and [`Invalid`](ErrorKind::Invalid) for a path that leads out of the repository or a header field that is the
    /// client's to set, both before anything is sent. A status from 400 is an error with the registry's own list of errors.
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<ResponseBody>, Error> {
        self.send_with_scopes(request, Scopes::repository(self.stored_name(), &["pull"]))
            .await
    }

    /// As [`send`](Self::send), with a token for `scopes` where the registry wants one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub async fn send_with_scopes(
        &self,
        request: Request<Bytes>,
        scopes: Scopes,
    ) -> Result<Response<ResponseBody>, Error> {
        let machine = RawRequest::to_repository(request, self.stored_name().clone());
        head(self.driver_for(NAME, scopes, machine)).await
    }
}

impl Registry {
    /// Performs a request of your own, with this client's authorization, redirects, retry and errors: for extensions and vendors' APIs.
    ///
    /// As [`Repository::send`]; a path is below the registry's base URL, such as `/v2/_catalog?n=3`, and the scope is that of the catalog where the path is, else none.
    ///
    /// # Errors
    /// As [`Repository::send`].
    pub async fn send(&self, request: Request<Bytes>) -> Result<Response<ResponseBody>, Error> {
        let mut scopes = Scopes::none();
        if request.uri().path() == "/v2/_catalog" {
            scopes.add(Scope::catalog());
        }
        self.send_with_scopes(request, scopes).await
    }

    /// As [`send`](Self::send), with a token for `scopes` where the registry wants one.
    ///
    /// # Errors
    /// As [`Repository::send`].
    pub async fn send_with_scopes(
        &self,
        request: Request<Bytes>,
        scopes: Scopes,
    ) -> Result<Response<ResponseBody>, Error> {
        head(self.driver(NAME, scopes, RawRequest::to_registry(request))).await
    }
}

/// The body of a response to a request of your own, to be read in pieces or as a whole. Nothing in it is verified.
///
/// Dropping it lets go of the connection.
pub struct ResponseBody {
    driver: Driver<RawRequest>,
}

impl ResponseBody {
    /// The next piece, never empty; `None` at the end.
    ///
    /// # Errors
    /// If the connection breaks, or nothing comes for longer than the client's idle timeout. The body has ended then.
    ///
    /// # Cancellation
    /// A dropped future loses nothing: a piece is either returned or still in the body.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        let chunk = self.driver.chunk().await.transpose();
        chunk.map_err(|error| {
            self.driver.hang_up();
            self.driver.blame(error.into()).during(NAME)
        })
    }

    /// What has not been read yet, if that is at most `limit` bytes.
    ///
    /// # Errors
    /// As [`chunk`](Self::chunk), and of kind [`TooLarge`](ErrorKind::TooLarge) as soon as it turns out to be longer.
    pub async fn bytes(mut self, limit: usize) -> Result<Bytes, Error> {
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len().saturating_add(chunk.len()) > limit {
                let error = Error::new(ErrorKind::TooLarge, format!("the body is longer than {limit} bytes"));
                return Err(self.driver.blame(error).during(NAME));
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}

impl fmt::Debug for ResponseBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ResponseBody").finish_non_exhaustive()
    }
}

async fn head(mut driver: Driver<RawRequest>) -> Result<Response<ResponseBody>, Error> {
    match driver.advance(Input::Start).await {
        Pause::Done(Ok(parts)) => Ok(Response::from_parts(parts, ResponseBody { driver })),
        Pause::Done(Err(error)) => Err(error),
        Pause::Receive { .. } => Err(Error::misuse("this machine has no bytes for a reader")),
    }
}

/// The operation, for errors.
const NAME: &str = "send request";
