use std::error::Error as StdError;
use std::fmt;

/// A failed HTTP exchange: everything that is not a response.
#[derive(Debug)]
pub struct TransportError {
    kind: TransportErrorKind,
    unsent: bool,
    source: Box<dyn StdError + Send + Sync>,
}

impl TransportError {
    /// An error of `kind`, caused by `source`.
    ///
    /// It is taken as having happened after some of the request went out; see [`unsent`](Self::unsent).
    pub fn new(kind: TransportErrorKind, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self {
            kind,
            unsent: kind == TransportErrorKind::Connect,
            source: source.into(),
        }
    }

    /// Marks that nothing of the request can have reached the server, so that it may be sent again whatever it does.
    #[must_use]
    pub fn unsent(mut self) -> Self {
        self.unsent = true;
        self
    }

    /// What failed.
    pub const fn kind(&self) -> TransportErrorKind {
        self.kind
    }

    /// Whether any of the request can have reached the server.
    pub const fn may_have_reached_server(&self) -> bool {
        !self.unsent
    }

    /// Whether the same exchange may go better another time.
    pub const fn is_retryable(&self) -> bool {
        match self.kind {
            TransportErrorKind::Body
            | TransportErrorKind::Connect
            | TransportErrorKind::Reset
            | TransportErrorKind::Timeout => true,
            TransportErrorKind::Other
            | TransportErrorKind::Source
            | TransportErrorKind::Tls
            | TransportErrorKind::TooLarge => false,
        }
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            TransportErrorKind::Body => "the body broke off",
            TransportErrorKind::Connect => "no connection",
            TransportErrorKind::Other => "the exchange failed",
            TransportErrorKind::Reset => "the connection was lost",
            TransportErrorKind::Source => "the content to send could not be read",
            TransportErrorKind::Timeout => "timed out",
            TransportErrorKind::Tls => "no secure connection",
            TransportErrorKind::TooLarge => "too large",
        };
        write!(formatter, "{what}: {}", root_cause(&*self.source))
    }
}

impl StdError for TransportError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.source)
    }
}

/// The kinds of [`TransportError`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TransportErrorKind {
    /// A body ended before its time.
    Body,
    /// No connection could be made: name resolution, refused, unreachable. Nothing was sent.
    Connect,
    /// Anything else, such as an answer that is not HTTP.
    Other,
    /// An established connection was closed or reset, or an HTTP/2 stream refused.
    Reset,
    /// The caller's own content could not be read while it was being sent.
    Source,
    /// Nothing moved for longer than the time allowed.
    Timeout,
    /// The TLS handshake failed, most often because the certificate is not trusted.
    Tls,
    /// A body was longer than the reader had said that it would take.
    TooLarge,
}

/// The innermost cause: HTTP libraries wrap the telling one in several that only repeat themselves.
pub(crate) fn root_cause<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    let mut cause = error;
    // A chain this long does not occur; the bound is against one that points back to itself.
    for _ in 0..16 {
        match cause.source() {
            Some(next) => cause = next,
            None => break,
        }
    }
    cause
}
