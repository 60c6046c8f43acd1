use std::time::Duration;

use http::StatusCode;

/// What goes wrong with an exchange.
///
/// Each is a word with at most one argument when it is written down, as the list below shows and as [`FaultRule`](super::FaultRule) reads it.
///
/// Offsets count from the beginning of the body, and modulo its length where that is known: what is meant for a large body happens to a small one too. A body without a
/// byte has no place where anything could go wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// `absolute-location`: a `Location` is an absolute URL, which leads where it would.
    AbsoluteLocation,
    /// `corrupt-request=AT`, `corrupt-response=AT`: a bit of the byte at this offset is another one.
    Corrupt {
        /// The offset of the byte.
        at: u64,
        /// Whose body it is.
        direction: Direction,
    },
    /// `cut-request=AFTER`, `cut-response=AFTER`: the connection is closed in the middle of a body.
    ///
    /// In process the error is of kind [`Body`](oci_client_core::transport::TransportErrorKind::Body). Of a request the registry gets the bytes before the cut, and keeps what
    /// it keeps of an upload that is abandoned; there is no answer.
    Cut {
        /// How many bytes arrive.
        after: u64,
        /// Whose body it is.
        direction: Direction,
    },
    /// `delay=1500ms`, `delay=2s`: the request reaches the registry after so long by the runtime's clock.
    Delay(Duration),
    /// `duplicate=AT+LENGTH`: bytes of the response come twice. It is longer by them, and its `Content-Length` says so. At most 1 MiB comes twice.
    Duplicate {
        /// The offset of the first byte that comes twice.
        at: u64,
        /// How many bytes come twice.
        length: u64,
    },
    /// `early=201`: a request that writes is answered at once with this status, and the registry never sees it.
    EarlySuccess(StatusCode),
    /// `foreign-location`: a `Location` leads to the [other origin](super::FaultInjector::with_elsewhere).
    ForeignLocation,
    /// `ignore-range`: a part of some content is asked for, and all of it comes, with 200.
    IgnoreRange,
    /// `link-loop`: each page of a list says that it is followed by itself.
    LinkLoop,
    /// `lost-answer`: the registry does what it is asked to do, and the connection is reset before the answer.
    LostAnswer,
    /// `lost-request`: the connection is reset before anything of the request reaches the registry.
    LostRequest,
    /// `missing-digest`: there is no `Docker-Content-Digest`.
    MissingDigest,
    /// `missing-link`: a list has one entry and does not say that there are more.
    MissingLink,
    /// `missing-location`: there is no `Location`.
    MissingLocation,
    /// `no-referrers=404`: lists of referrers are refused with this status, and pushes are answered without `OCI-Subject`. With `no-referrers=200` there is a page
    /// for people in place of a list.
    NoReferrers(StatusCode),
    /// `page`: in place of the answer there is a page for people, with 200.
    Page,
    /// `page-of-one`: a page of a list has one entry, whatever `n` says, and a `Link` to the next.
    PageOfOne,
    /// `redirect=307`: whoever reads a blob is sent to the [other origin](super::FaultInjector::with_elsewhere) by a URL that is good without a credential, and for as
    /// long as it is one of the last 10,000.
    Redirect(StatusCode),
    /// `relative-location`: a `Location` is relative to the path that was asked, such as `../blobs/sha256:…`.
    RelativeLocation,
    /// `reset-request=AFTER`, `reset-response=AFTER`: as [`Cut`](Self::Cut), but the connection is reset; in process the error is of kind
    /// [`Reset`](oci_client_core::transport::TransportErrorKind::Reset).
    ///
    /// A reset can overtake bytes that are still on their way, so over a port fewer may arrive.
    Reset {
        /// How many bytes are sent before.
        after: u64,
        /// Whose body it is.
        direction: Direction,
    },
    /// `silence`: the registry does what it is asked to do, and there is no answer, ever.
    Silence,
    /// `stall=AFTER`: the response's body stops for ever.
    Stall {
        /// How many bytes arrive.
        after: u64,
    },
    /// `status=503`: the request is refused with this status, and the registry never sees it.
    Status(StatusCode),
    /// `success=202`: a request that writes and succeeds is answered with this status in place of its own.
    Success(StatusCode),
    /// `too-many-requests`, `too-many-requests=5s`, `too-many-requests=date+5s`: the request is refused with 429, and the registry never sees it.
    TooManyRequests(RetryAfter),
    /// `truncate=AFTER`: the response's body ends in order, but short of its `Content-Length`. Over a port the connection is closed then.
    Truncate {
        /// How many bytes arrive.
        after: u64,
    },
    /// `truncate-chunked=AFTER`: the response has no `Content-Length`, and ends in order before its time. Only its digest shows that something is missing.
    TruncateChunked {
        /// How many bytes arrive.
        after: u64,
    },
    /// `unauthorized`: 401 with the registry's own challenge, or one for `Basic` where it has none; the registry never sees the request. An upload session stays.
    Unauthorized,
    /// `wrong-content-range`: a part says in `Content-Range` that it is the one a byte later.
    WrongContentRange,
    /// `wrong-digest`: `Docker-Content-Digest` is that of other content.
    WrongDigest,
    /// `zero-range`: the `Range` of an upload is `0-0` whatever has arrived, which is one byte by the letter, and none as some mean it.
    ZeroRange,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Direction {
    /// To the registry.
    Request,
    /// From the registry.
    Response,
}

/// How a 429 says when to come back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// By a date, so long after now by the runtime's clock, rounded up to a second.
    Date(Duration),
    /// It does not.
    Never,
    /// By a number of seconds, rounded up.
    Seconds(Duration),
}
