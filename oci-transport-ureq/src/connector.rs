//! What ureq's own connections do not tell: that a failure came before there was a connection, and when an upload stopped for good.

use std::cell::RefCell;
use std::io;

use http::Uri;
use ureq::config::Config;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{Buffers, ConnectionDetails, Connector, NextTimeout, Transport};
use ureq::{Error, Timeout};

use crate::upload::Stop;

/// Marks what fails while connecting.
#[derive(Debug)]
pub(crate) struct MarkingConnector<C> {
    inner: C,
}

impl<C: Connector> MarkingConnector<C> {
    pub(crate) const fn new(inner: C) -> Self {
        Self { inner }
    }
}

impl<C: Connector> Connector for MarkingConnector<C> {
    type Out = PhasedTransport<C::Out>;

    fn connect(&self, details: &ConnectionDetails<'_>, chained: Option<()>) -> Result<Option<Self::Out>, Error> {
        match self.inner.connect(details, chained) {
            Ok(inner) => Ok(inner.map(|inner| PhasedTransport { inner })),
            Err(error) => Err(not_connected(error)),
        }
    }
}

/// Marks what fails while a name is looked up.
#[derive(Debug, Default)]
pub(crate) struct MarkingResolver {
    inner: DefaultResolver,
}

impl Resolver for MarkingResolver {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        self.inner.resolve(uri, config, timeout).map_err(not_connected)
    }
}

/// The connection was never there: nothing of the request was sent.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct NotConnected(pub(crate) Error);

/// A connection that knows in which phase of an exchange it is.
#[derive(Debug)]
pub(crate) struct PhasedTransport<T> {
    inner: T,
}

impl<T: Transport> Transport for PhasedTransport<T> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    /// A server that has seen enough of an upload answers and stops reading. Its answer is what matters then: what is left of the upload is let go, and the
    /// response is read.
    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(stop) = CURRENT.with_borrow(Clone::clone) else {
            return self.inner.transmit_output(amount, timeout);
        };
        if stop.is_given() {
            return Ok(());
        }
        match self.inner.transmit_output(amount, timeout) {
            Err(Error::Io(error)) if stop.has_begun() && is_lost(&error) => {
                stop.give();
                Ok(())
            }
            result => result,
        }
    }

    /// The time for the head is not that between two reads.
    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        let per_read = timeout.per_read.filter(|_| timeout.reason != Timeout::RecvResponse);
        self.inner.await_input(NextTimeout { per_read, ..timeout })
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        self.inner.is_tls()
    }
}

/// Runs `exchange` on this thread, whose upload `stop` belongs to. ureq gives a connection no other way to learn for whom it works.
///
/// What is uploaded may come out of another exchange, which then runs within this one.
pub(crate) fn uploading<T>(stop: &Stop, exchange: impl FnOnce() -> T) -> T {
    let _reset = Reset(CURRENT.replace(Some(stop.clone())));
    exchange()
}

/// Puts back whose exchange was under way before.
struct Reset(Option<Stop>);

impl Drop for Reset {
    fn drop(&mut self) {
        CURRENT.set(self.0.take());
    }
}

/// Connecting through a proxy connects to the proxy first: what that marked stays as it is, as does the refusal of an address.
fn not_connected(error: Error) -> Error {
    match error {
        Error::Other(_) => error,
        error => Error::Other(Box::new(NotConnected(error))),
    }
}

fn is_lost(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset
    )
}

thread_local! {
    static CURRENT: RefCell<Option<Stop>> = const { RefCell::new(None) };
}
