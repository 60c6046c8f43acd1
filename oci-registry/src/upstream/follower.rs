//! A blob for the one who first asked for it: as it comes in, and what was missed of that from the storage.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use oci_client_core::transport::{Body, TransportError, TransportErrorKind};
use oci_spec_types::Digest;

use super::Wanted;
use super::pull::{Live, Pull};

pub(super) struct Follower {
    digest: Digest,
    live: Option<Live>,
    position: u64,
    pull: Arc<Pull>,
    size: u64,
    stored: Option<Body>,
    wanted: Wanted,
}

impl Follower {
    pub(super) fn new(wanted: &Wanted, digest: &Digest, size: u64, pull: Arc<Pull>, live: Live) -> Self {
        Self {
            digest: digest.clone(),
            live: Some(live),
            position: 0,
            pull,
            size,
            stored: None,
            wanted: wanted.clone(),
        }
    }

    /// The whole blob. Its last piece comes only if all of it has the right digest.
    pub(super) fn into_body(self) -> Body {
        let size = self.size;
        let pieces = stream::try_unfold(self, |mut follower| async move {
            Ok(follower.next().await?.map(|piece| (piece, follower)))
        });
        Body::from_stream(pieces, Some(size))
    }

    async fn next(&mut self) -> Result<Option<Bytes>, TransportError> {
        loop {
            if let Some(stored) = &mut self.stored {
                return stored.chunk().await.transpose();
            }
            let Some(live) = &mut self.live else {
                self.change_over().await?;
                continue;
            };
            match live.next().await {
                Some(piece) => {
                    self.position = self.position.saturating_add(piece.len() as u64);
                    return Ok(Some(piece));
                }
                None => self.live = None,
            }
        }
    }

    /// Goes on with what the storage has, once it has all.
    async fn change_over(&mut self) -> Result<(), TransportError> {
        let ended = self.pull.awaited().await;
        if self.position == self.size {
            // All of it has come, and was right; that it could not be stored is for the log.
            self.stored = Some(Body::empty());
            return Ok(());
        }
        ended.map_err(|_| broken())?;
        let storage = &self.wanted.service.storage;
        let found = storage.blob(&self.wanted.here, &self.digest).await;
        let found = found.map_err(|error| TransportError::new(TransportErrorKind::Body, error))?;
        let blob = found.ok_or_else(broken)?;
        self.stored = Some(blob.read(self.position..self.size));
        Ok(())
    }
}

fn broken() -> TransportError {
    TransportError::new(
        TransportErrorKind::Body,
        "the rest of the blob could not be had from the upstream",
    )
}
