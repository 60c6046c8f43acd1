/// Marks a request, by its extensions, as one of several that bring parts of a blob at the same time.
///
/// A transport may heed it or not. One that sends all that goes to an origin over a single connection, as is usual with HTTP/2, should give each of the parts that are under way a
/// connection of its own: together they share one window of flow control, one congestion window, and whatever the network grants to each connection. The mark stays on the request when
/// it is redirected, as what brings the part may be elsewhere; an answer without content needs no connection of its own.
///
/// ```
/// use http::Request;
/// use oci_client_core::proto::ParallelPart;
///
/// let mut request = Request::get("https://registry.example.com/v2/app/blobs/sha256:0").body(())?;
/// request.extensions_mut().insert(ParallelPart::default());
/// assert!(request.extensions().get::<ParallelPart>().is_some());
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ParallelPart;
