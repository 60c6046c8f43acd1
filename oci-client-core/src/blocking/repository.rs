use std::path::PathBuf;

use bytes::Bytes;
use http::{Request, Response};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, RegistryHost, RepositoryName, TagOrDigest};

use super::clock::Waiter;
use super::{BlobReader, Referrers, ResponseBody, Tags, UnverifiedBlob};
use crate::Error;
use crate::client::{self, PullOptions};
use crate::proto::auth::Scopes;

/// One repository of a registry, for threads.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(super) inner: client::Repository,
    pub(super) waiter: Waiter,
}

impl Repository {
    pub(super) const fn new(inner: client::Repository, waiter: Waiter) -> Self {
        Self { inner, waiter }
    }

    /// The registry's name.
    pub fn host(&self) -> &RegistryHost {
        self.inner.host()
    }

    /// The repository's name.
    pub const fn name(&self) -> &RepositoryName {
        self.inner.name()
    }

    /// The descriptor that a tag or digest stands for; `None` if there is no such manifest.
    ///
    /// One HEAD. Digest, size and type are the registry's word until the content is fetched by the digest.
    ///
    /// # Errors
    /// If the registry cannot be asked or its answer breaks the protocol.
    pub fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        self.waiter.perform(self.inner.resolve(target))
    }

    /// A manifest or index: one GET, verified, with its exact bytes.
    ///
    /// # Errors
    /// Of kind [`NotFound`](crate::ErrorKind::NotFound) if it is not there, [`Mismatch`](crate::ErrorKind::Mismatch) if it does not have the digest asked for,
    /// [`Protocol`](crate::ErrorKind::Protocol) if it is no manifest.
    pub fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.waiter.perform(self.inner.manifest(target))
    }

    /// Whether a blob is in this repository: one HEAD.
    ///
    /// # Errors
    /// If the registry cannot be asked.
    pub fn has_blob(&self, digest: &Digest) -> Result<bool, Error> {
        self.waiter.perform(self.inner.has_blob(digest))
    }

    /// A blob, to be read in pieces. The first request goes out with the first read.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](crate::ErrorKind::Unsupported) if this build cannot compute the digest's algorithm: nothing is returned that was not verified.
    pub fn blob(&self, descriptor: &Descriptor) -> Result<BlobReader, Error> {
        Ok(BlobReader::new(self.inner.blob(descriptor)?, self.waiter.clone()))
    }

    /// A blob to be read in places, **unverified**: for those who want a header or a table of contents out of many gigabytes.
    ///
    /// What is read may be anything that the registry chooses to send: the digest is that of the whole, which nobody reads here. Trust it only as far as
    /// the registry is trusted, or check it by other means. Everything else that returns content verifies it.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// use std::io::{Read, Seek, SeekFrom};
    /// # use oci_client_core::blocking::{BlockOn, Client};
    /// # use oci_spec_types::{Descriptor, MediaType, Reference};
    /// # let client = Client::new(Arc::new(BlockOn::new(oci_registry::Registry::in_memory())));
    /// # let reference: Reference = "registry.example.com/models".parse()?;
    /// # let repository = client.repository(&reference);
    /// # let content = bytes::Bytes::from_static(b"header, and then gigabytes of weights");
    /// # let descriptor = Descriptor::of(MediaType::OCTET_STREAM, &content);
    /// # repository.push_blob(&descriptor, Arc::new(content))?;
    ///
    /// let mut blob = repository.blob_unverified(&descriptor);
    /// blob.seek(SeekFrom::End(-7))?;
    /// let mut end = String::new();
    /// blob.read_to_string(&mut end)?;
    /// assert_eq!(end, "weights");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn blob_unverified(&self, descriptor: &Descriptor) -> UnverifiedBlob {
        UnverifiedBlob::new(self.inner.blob_unverified(descriptor), self.waiter.clone())
    }

    /// Writes a blob to a file, which gets its name, in place of one that was there, once size and digest are right.
    ///
    /// It comes in one stream, whatever `options` say of parts, as this thread does one thing at a time. With [`PullOptions::with_resume`] what has arrived stays beside the
    /// file as `NAME.DIGEST.partial` (the first 16 digits of the digest) when the call fails or the program ends. The next call hashes it again and goes on behind it, as
    /// does one of the async client.
    ///
    /// # Errors
    /// As [`client::Repository::save_blob`].
    pub fn save_blob(
        &self,
        descriptor: &Descriptor,
        path: impl Into<PathBuf>,
        options: &PullOptions,
    ) -> Result<(), Error> {
        let options = options.with_jobs(1);
        self.waiter.perform(self.inner.save_blob(descriptor, path, &options))
    }

    /// The repository's tags, fetched a page at a time as they are asked for.
    pub fn tags(&self) -> Tags {
        Tags::new(self.inner.tags(), self.waiter.clone())
    }

    /// The manifests that refer to `subject`: signatures, SBOMs and other artifacts about it. The subject itself need not be there.
    ///
    /// Where the registry has no referrers API, they are read from the list that clients keep under the fallback tag.
    pub fn referrers(&self, subject: &Digest) -> Referrers {
        Referrers::new(self.inner.referrers(subject), self.waiter.clone())
    }

    /// A manifest from the list of the referrers of `subject`: one GET, verified, and checked against what the list says of it.
    ///
    /// # Errors
    /// As [`manifest`](Self::manifest), and of kind [`Mismatch`](crate::ErrorKind::Mismatch) if it refers to something else, or its type or size is not that of the
    /// list: anybody may have written that.
    pub fn referrer(&self, subject: &Digest, listed: &Descriptor) -> Result<Document<AnyManifest>, Error> {
        self.waiter.perform(self.inner.referrer(subject, listed))
    }

    /// Performs a request of your own, with this client's authorization, redirects, retry and errors: for extensions and vendors' APIs.
    ///
    /// Its URI is a path below `/v2/NAME`, such as `/tags/list?n=3`, or absolute and at the registry's origin. It is authorized for pulling, and for what a
    /// refusal says that it takes; [`send_with_scopes`](Self::send_with_scopes) asks for more at once. A request whose method is not idempotent (POST, PATCH) is sent once,
    /// apart from a repetition with credentials after 401.
    ///
    /// # Errors
    /// As [`client::Repository::send`].
    pub fn send(&self, request: Request<Bytes>) -> Result<Response<ResponseBody>, Error> {
        let response = self.waiter.perform(self.inner.send(request))?;
        Ok(ResponseBody::of(response, &self.waiter))
    }

    /// As [`send`](Self::send), with a token for `scopes` where the registry wants one.
    ///
    /// # Errors
    /// As [`send`](Self::send).
    pub fn send_with_scopes(&self, request: Request<Bytes>, scopes: Scopes) -> Result<Response<ResponseBody>, Error> {
        let response = self.waiter.perform(self.inner.send_with_scopes(request, scopes))?;
        Ok(ResponseBody::of(response, &self.waiter))
    }
}
