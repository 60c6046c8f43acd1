//! Reading the blobs of any store into memory.

use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use oci_client_core::Error;
use oci_client_core::proto::Span;
use oci_client_core::store::Source;
use oci_spec_types::Descriptor;

use crate::errors::too_large;

/// A whole blob, verified. What is larger than `limit` is refused before anything is read.
pub(crate) async fn read(source: &dyn Source, blob: &Descriptor, limit: u64, what: &str) -> Result<Bytes, Error> {
    if blob.size > limit {
        let size = blob.size;
        return Err(too_large(format!(
            "{what} has {size} bytes, more than the {limit} that are read"
        )));
    }
    let mut verifier = blob.verifier()?;
    let mut chunks = source.blob(blob).await?.open(Span::new(0, blob.size)).await?;
    let mut whole = BytesMut::new();
    while let Some(chunk) = chunks.try_next().await? {
        verifier.update(&chunk)?;
        whole.extend_from_slice(&chunk);
    }
    verifier.finish()?;
    Ok(whole.freeze())
}
