use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use futures_core::Stream;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::{Descriptor, Digest, MediaType, RepositoryName};

use super::content::{Chunks, Content};
use super::meter::{Meter, Metered};
use super::one_shot::OneShot;
use super::progress::{BlobProgress, Direction};
use super::repository::Repository;
use crate::Error;
use crate::proto::auth::Scopes;
use crate::proto::{Mount, Mounted, Upload, UploadStream, Uploaded};

/// Storing blobs.
impl Repository {
    /// Stores a blob, unless it is there already.
    ///
    /// The content may be opened several times: an upload that is interrupted goes on where the registry's session has got to, and begins once more from the beginning if the
    /// registry has lost it. That is done once for each call: a registry that drops the session of every broken connection takes a blob over a link that breaks twice only if it is
    /// pushed again.
    ///
    /// # Errors
    /// If the content cannot be read, does not have the descriptor's size and digest, or the registry refuses it.
    pub async fn push_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Uploaded, Error> {
        let upload = self.new_upload(descriptor);
        self.upload(descriptor, content, upload).await
    }

    /// Stores a blob whether or not it seems to be there.
    pub(crate) async fn push_blob_regardless(
        &self,
        descriptor: &Descriptor,
        content: Arc<dyn Content>,
    ) -> Result<Uploaded, Error> {
        let upload = self.new_upload(descriptor).regardless();
        self.upload(descriptor, content, upload).await
    }

    /// Stores a blob that the repository `from` of this registry has: the registry takes it over from there if it can and may, and otherwise it goes up as by
    /// [`push_blob`](Self::push_blob), for which `content` is then opened.
    ///
    /// # Errors
    /// As [`push_blob`](Self::push_blob). A refusal to mount is none.
    pub async fn push_or_mount_blob(
        &self,
        descriptor: &Descriptor,
        content: Arc<dyn Content>,
        from: &RepositoryName,
    ) -> Result<Uploaded, Error> {
        if from == self.name() {
            return self.push_blob(descriptor, content).await;
        }
        let from = &self.name_where_stored(from)?;
        let mount = Mount::new(self.stored_name().clone(), descriptor.digest.clone(), from.clone());
        match self.driver_for("mount blob", self.both(from), mount).run().await? {
            Mounted::Taken => {
                Meter::new(self.shared(), descriptor, Direction::Upload).ended(BlobProgress::Mounted);
                Ok(Uploaded::Mounted)
            }
            Mounted::Opened(session) => {
                let upload = self.new_upload(descriptor).in_session(session);
                self.upload(descriptor, content, upload).await
            }
            Mounted::Refused => {
                let upload = self.new_upload(descriptor);
                self.upload(descriptor, content, upload).await
            }
        }
    }

    /// Stores what `content` gives, whose length and digest need not be known, and describes it as `media_type`, with its sha256 digest.
    ///
    /// The stream is read once. Content of no more than [`HostProfile::small_blob`](crate::proto::HostProfile::small_blob) bytes is read into memory and goes up as by [`push_blob`](Self::push_blob); more
    /// than that goes up as it comes, in one request with chunked transfer coding, or in parts that are cut from it where the registry is known to take no more than so much at a time
    /// ([`HostProfile::with_largest_upload`](crate::proto::HostProfile::with_largest_upload), or learned from a refusal), or with the request that ends the upload if it ends within the first of them.
    /// Authorization is settled before that request.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// #
    /// # use async_trait::async_trait;
    /// # use http::{Request, Response};
    /// # use oci_client_core::client::Client;
    /// # use oci_client_core::runtime::{ThreadRuntime, block_on};
    /// # use oci_client_core::transport::{Body, Transport, TransportError};
    /// use bytes::Bytes;
    /// use futures_util::stream;
    /// use oci_spec_types::MediaType;
    /// #
    /// # struct Stores;
    /// #
    /// # #[async_trait]
    /// # impl Transport for Stores {
    /// #     async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
    /// #         let content = request.into_body().collect(100).await?;
    /// #         assert_eq!(content, "hello, world");
    /// #         Ok(Response::builder().status(201).body(Body::empty()).unwrap())
    /// #     }
    /// # }
    /// #
    /// # let client = Client::new(Arc::new(Stores), Arc::new(ThreadRuntime::new()));
    /// # let repository = client.repository(&"registry.example.com/app".parse()?);
    ///
    /// let pieces = ["hello, ", "world"].map(|piece| Ok(Bytes::from(piece)));
    /// let pushed = repository.push_stream(MediaType::OCTET_STREAM, stream::iter(pieces));
    /// assert_eq!(block_on(pushed)?.size, 12);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the stream fails or the registry refuses what it gives. Of kind [`Store`](crate::ErrorKind::Store) if the upload was interrupted and the registry has kept less than what is still
    /// held of the stream: then push from content that can be opened again. The registry's refusal of the one request as too large is the error only if more than what is held had been sent by then; the
    /// next stream then goes up in parts. Of kind [`TooLarge`](crate::ErrorKind::TooLarge) if it is refused by a registry that takes no parts as small as what is held (`OCI-Chunk-Min-Length`).
    ///
    /// # Limits
    /// The last 16 MiB of what was read are held, and the piece that the stream gave last, so that an interrupted upload can go on where the registry has got to, and one that was refused as too large can
    /// go on in parts. A part is read before it is sent, and is no larger than that.
    pub async fn push_stream<S>(&self, media_type: MediaType, content: S) -> Result<Descriptor, Error>
    where
        S: Stream<Item = Result<Bytes, Error>> + Send + 'static,
    {
        let mut chunks: Chunks = Box::pin(content);
        let small = self.profile().small_blob();
        let mut first = BytesMut::new();
        let next = loop {
            let Some(chunk) = chunks.try_next().await? else {
                return self.push_whole(media_type, first.freeze()).await;
            };
            if (first.len() as u64).saturating_add(chunk.len() as u64) > small {
                break chunk;
            }
            first.extend_from_slice(&chunk);
        };
        let begun = std::iter::from_fn(move || {
            let piece = first.split_to(first.len().min(PIECE)).freeze();
            (!piece.is_empty()).then_some(piece)
        });
        let begun = begun.chain(std::iter::once(next)).map(Ok);
        let chunks: Chunks = Box::pin(stream::iter(begun).chain(chunks));
        let upload = UploadStream::new(self.stored_name().clone(), media_type);
        self.driver("push stream", &["pull", "push"], upload)
            .with_one_shot(Arc::new(OneShot::new(chunks)?))
            .run()
            .await
    }

    /// Takes a blob over from the repository `from` of this registry; says whether the registry did so.
    ///
    /// # Errors
    /// If the registry cannot be asked. A refusal is none.
    pub async fn mount_blob(&self, digest: &Digest, from: &RepositoryName) -> Result<bool, Error> {
        let from = &self.name_where_stored(from)?;
        let mount = Mount::new(self.stored_name().clone(), digest.clone(), from.clone()).or_nothing();
        let mounted = self.driver_for("mount blob", self.both(from), mount).run().await?;
        Ok(matches!(mounted, Mounted::Taken))
    }

    /// The right to push here and to pull from there, the target first: some token servers read no further than that.
    fn both(&self, from: &RepositoryName) -> Scopes {
        let mut scopes = Scopes::repository(self.stored_name(), &["pull", "push"]);
        for scope in Scopes::repository(from, &["pull"]).iter() {
            scopes.add(scope);
        }
        scopes
    }

    fn new_upload(&self, descriptor: &Descriptor) -> Upload {
        Upload::new(self.stored_name().clone(), descriptor.digest.clone(), descriptor.size)
    }

    async fn upload(
        &self,
        descriptor: &Descriptor,
        content: Arc<dyn Content>,
        upload: Upload,
    ) -> Result<Uploaded, Error> {
        let meter = Arc::new(Meter::new(self.shared(), descriptor, Direction::Upload));
        meter.started();
        let uploaded = self
            .driver("push blob", &["pull", "push"], upload)
            .with_content(Arc::new(Metered::new(content, meter.clone())))
            .run()
            .await;
        meter.ended(match uploaded {
            Ok(Uploaded::Mounted) => BlobProgress::Mounted,
            Ok(Uploaded::Present) => BlobProgress::Skipped,
            Ok(Uploaded::Stored) => BlobProgress::Verified,
            Err(_) => BlobProgress::Failed,
        });
        uploaded
    }

    async fn push_whole(&self, media_type: MediaType, content: Bytes) -> Result<Descriptor, Error> {
        let descriptor = Descriptor::of(media_type, &content);
        self.push_blob(&descriptor, Arc::new(content)).await?;
        Ok(descriptor)
    }
}

/// In which pieces the beginning of a stream goes up, which was gathered first: 64 KiB.
const PIECE: usize = 64 << 10;
