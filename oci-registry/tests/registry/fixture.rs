//! A registry to test, and short ways to talk to it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::transport::Body;
use oci_registry::storage::{DirectoryStorage, MemoryStorage, Storage, StorageError};
use oci_registry::{Limits, Registry, RegistryBuilder};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use serde_json::Value;
use tempfile::TempDir;

use crate::intercepted::{Intercepted, Step};

/// Makes a test of each function for each storage; the functions take a [`Fixture`].
macro_rules! on_every_storage {
    ($($test:ident),* $(,)?) => {
        mod memory {
            $(#[test] fn $test() { super::$test(&$crate::fixture::Fixture::memory()); })*
        }
        mod directory {
            $(#[test] fn $test() { super::$test(&$crate::fixture::Fixture::directory()); })*
        }
    };
}
pub(crate) use on_every_storage;

/// A registry with an empty storage.
pub(crate) struct Fixture {
    registry: Registry,
    storage: Arc<dyn Storage>,
    directory: Option<Arc<TempDir>>,
}

impl Fixture {
    pub(crate) fn memory() -> Self {
        Self::over(None, Registry::builder())
    }

    pub(crate) fn directory() -> Self {
        Self::over(Some(Arc::new(tempfile::tempdir().unwrap())), Registry::builder())
    }

    /// A registry over the storage in a directory, or over a new one in memory.
    fn over(directory: Option<Arc<TempDir>>, builder: RegistryBuilder) -> Self {
        let storage: Arc<dyn Storage> = match &directory {
            None => Arc::new(MemoryStorage::new()),
            Some(directory) => Arc::new(open(directory)),
        };
        Self {
            registry: builder.storage(Arc::clone(&storage)).build(),
            storage,
            directory,
        }
    }

    /// Another registry over the same kind of storage, empty, with these settings.
    pub(crate) fn with(&self, limits: Limits, allow_missing_blobs: bool) -> Self {
        let builder = Registry::builder()
            .limits(limits)
            .allow_missing_blobs(allow_missing_blobs);
        Self::over(self.other_directory(), builder)
    }

    /// Another registry over the same content, with these limits.
    pub(crate) fn sharing(&self, limits: Limits) -> Self {
        let storage = Arc::clone(&self.storage);
        Self {
            registry: Registry::builder().limits(limits).storage(Arc::clone(&storage)).build(),
            storage,
            directory: self.directory.clone(),
        }
    }

    /// The same storage after a restart of the program. A storage in memory does not survive one.
    pub(crate) fn restarted(self) -> Self {
        let directory = self.directory.unwrap();
        drop((self.registry, self.storage));
        Self::over(Some(directory), Registry::builder())
    }

    /// Another registry over the same kind of storage, empty. Before each step `observe` gets the step, and a registry over
    /// the same content that it does not observe.
    pub(crate) fn observed(&self, observe: impl Fn(&Self, Step) + Send + Sync + 'static) -> Self {
        let direct = Self::over(self.other_directory(), Registry::builder());
        let (storage, directory) = (Arc::clone(&direct.storage), direct.directory.clone());
        // A request within a request needs a thread of its own.
        let observe = move |step| {
            std::thread::scope(|scope| scope.spawn(|| observe(&direct, step)).join().unwrap());
            Ok(())
        };
        Self::intercepting(storage, directory, observe)
    }

    /// Another registry over the same kind of storage, empty. What `before` refuses fails.
    pub(crate) fn intercepted(
        &self,
        before: impl Fn(Step) -> Result<(), StorageError> + Send + Sync + 'static,
    ) -> Self {
        let inner = Self::over(self.other_directory(), Registry::builder());
        Self::intercepting(inner.storage, inner.directory, before)
    }

    fn intercepting(
        inner: Arc<dyn Storage>,
        directory: Option<Arc<TempDir>>,
        before: impl Fn(Step) -> Result<(), StorageError> + Send + Sync + 'static,
    ) -> Self {
        let storage: Arc<dyn Storage> = Arc::new(Intercepted::new(inner, before));
        Self {
            registry: Registry::builder().storage(Arc::clone(&storage)).build(),
            storage,
            directory,
        }
    }

    fn other_directory(&self) -> Option<Arc<TempDir>> {
        self.directory.as_ref().map(|_| Arc::new(tempfile::tempdir().unwrap()))
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        self.directory.as_ref().unwrap().path()
    }

    /// The directory, if that is where the content is.
    pub(crate) fn directory_path(&self) -> Option<&std::path::Path> {
        self.directory.as_ref().map(|directory| directory.path())
    }

    pub(crate) fn storage(&self) -> Arc<dyn Storage> {
        Arc::clone(&self.storage)
    }

    pub(crate) const fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Starts a request.
    pub(crate) fn call(&self, method: Method, path: impl AsRef<str>) -> Call<'_> {
        let request = Request::builder().method(method).uri(path.as_ref());
        Call {
            fixture: self,
            request,
            body: Body::empty(),
        }
    }

    pub(crate) fn get(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::GET, path)
    }

    pub(crate) fn head(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::HEAD, path)
    }

    pub(crate) fn post(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::POST, path)
    }

    pub(crate) fn put(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::PUT, path)
    }

    pub(crate) fn patch(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::PATCH, path)
    }

    pub(crate) fn delete(&self, path: impl AsRef<str>) -> Call<'_> {
        self.call(Method::DELETE, path)
    }

    /// Pushes a blob and returns its digest.
    pub(crate) fn push_blob(&self, repository: &str, content: &[u8]) -> Digest {
        let digest = Digest::sha256(content);
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        self.post(path).body(content).send().expect(StatusCode::CREATED);
        digest
    }

    /// Starts an upload and returns its location.
    pub(crate) fn start_upload(&self, repository: &str) -> String {
        let answer = self.post(format!("/v2/{repository}/blobs/uploads/")).send();
        answer.expect(StatusCode::ACCEPTED).header("location").unwrap()
    }

    /// Pushes an image manifest, and what it needs, and returns its digest.
    pub(crate) fn push_image(&self, repository: &str, reference: &str, manifest: &ImageManifest) -> Digest {
        self.push_blob(repository, b"{}");
        self.push_manifest(repository, reference, &MediaType::IMAGE_MANIFEST, &json(manifest))
            .expect(StatusCode::CREATED);
        Digest::sha256(&json(manifest))
    }

    pub(crate) fn push_manifest(
        &self,
        repository: &str,
        reference: &str,
        media_type: &MediaType,
        content: &[u8],
    ) -> Answer {
        let call = self.put(format!("/v2/{repository}/manifests/{reference}"));
        call.header("content-type", media_type.as_str()).body(content).send()
    }
}

/// A request that is being made.
pub(crate) struct Call<'f> {
    fixture: &'f Fixture,
    request: http::request::Builder,
    body: Body,
}

impl Call<'_> {
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(crate) fn body(self, content: impl AsRef<[u8]>) -> Self {
        self.stream(content.as_ref().to_vec().into())
    }

    pub(crate) fn stream(self, body: Body) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn send(self) -> Answer {
        let request = self.request.body(self.body).unwrap();
        block_on(async {
            let (parts, body) = self.fixture.registry.handle(request).await.into_parts();
            let content = body.collect(usize::MAX).await.unwrap();
            Answer(Response::from_parts(parts, content))
        })
    }
}

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct Answer(Response<Bytes>);

impl Answer {
    /// Checks the status.
    #[track_caller]
    pub(crate) fn expect(self, status: StatusCode) -> Self {
        assert_eq!(self.0.status(), status, "{self:?}");
        self
    }

    /// Checks the status and the code of an error.
    #[track_caller]
    pub(crate) fn expect_error(self, status: StatusCode, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.json()["errors"][0]["code"], code, "{answer:?}");
        assert_ne!(answer.json()["errors"][0]["message"], "", "{answer:?}");
        answer
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.0.status()
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        Some(self.0.headers().get(name)?.to_str().unwrap().to_owned())
    }

    pub(crate) fn header_names(&self) -> Vec<String> {
        self.0.headers().keys().map(ToString::to_string).collect()
    }

    pub(crate) fn headers(&self, name: &str) -> Vec<String> {
        self.0
            .headers()
            .get_all(name)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    pub(crate) fn content(&self) -> &[u8] {
        self.0.body()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(self.content()).unwrap()
    }

    /// The target of a `Link` to the next page.
    pub(crate) fn next_page(&self) -> Option<String> {
        let link = self.header("link")?;
        let target = link.strip_prefix('<').unwrap().strip_suffix(">; rel=\"next\"").unwrap();
        Some(target.to_owned())
    }
}

/// An image without layers whose only variable part is an annotation.
pub(crate) fn image(name: &str) -> ImageManifest {
    ImageManifest::new(Descriptor::of(MediaType::IMAGE_CONFIG, b"{}"), Vec::new()).with_annotation("name", name)
}

pub(crate) fn json(document: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(document).unwrap()
}

/// Adds a query parameter to a location as clients do.
pub(crate) fn with_digest(location: &str, digest: &Digest) -> String {
    format!("{location}?digest={digest}")
}

fn open(directory: &TempDir) -> DirectoryStorage {
    block_on(DirectoryStorage::open(directory.path(), Arc::new(ThreadRuntime::new()))).unwrap()
}
