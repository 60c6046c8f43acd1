//! A store of one's own: here a map from keys to values, as a key-value database is. It is checked, and copied to and from like any other.
//!
//! ```text
//! cargo run --example custom_store
//! ```
//!
//! Cargo.toml:
//!
//! ```toml
//! async-trait = "0.1"
//! bytes = "1"
//! futures-util = "0.3"
//! oci-client-core = { version = "0.1", features = ["store-testing", "thread-runtime"] }
//! oci-spec-types = "0.1"
//! ```

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::TryStreamExt;
use oci_client_core::client::{Content, VerifiedContent};
use oci_client_core::proto::Span;
use oci_client_core::runtime::block_on;
use oci_client_core::store::{
    CopyOptions, MemoryStore, Source, Stored, Target, copy, copy_repository, parse_stored_manifest,
};
use oci_client_core::{Error, ErrorKind, store_testing};
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Tag, TagOrDigest};

/// `content/DIGEST` is a blob or manifest, `tag/TAG` the digest of a manifest.
#[derive(Default)]
struct KeyValueStore(Mutex<BTreeMap<String, Bytes>>);

impl KeyValueStore {
    fn get(&self, key: &str) -> Result<Bytes, Error> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let missing = || Error::new(ErrorKind::NotFound, format!("there is no {key}"));
        values.get(key).cloned().ok_or_else(missing)
    }

    fn put(&self, key: String, value: impl Into<Bytes>) {
        let mut values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        values.insert(key, value.into());
    }
}

#[async_trait]
impl Source for KeyValueStore {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        let digest = match target {
            TagOrDigest::Digest(digest) => digest.clone(),
            TagOrDigest::Tag(tag) => {
                let digest = self.get(&format!("tag/{tag}"))?;
                let parsed = String::from_utf8_lossy(&digest).parse();
                parsed.map_err(|error| Error::new(ErrorKind::Store, "a tag has no digest").with_source(error))?
            }
        };
        // Also checks it against its digest.
        parse_stored_manifest(self.get(&format!("content/{digest}"))?.to_vec(), &digest)
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let content = self.get(&format!("content/{}", descriptor.digest))?;
        Ok(Arc::new(VerifiedContent::new(Arc::new(content), descriptor.clone())))
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        let values = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let names = values.keys().filter_map(|key| key.strip_prefix("tag/"));
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }
}

#[async_trait]
impl Target for KeyValueStore {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let key = format!("content/{}", descriptor.digest);
        if self.get(&key).is_ok() {
            return Ok(Stored::Present);
        }
        // Nothing gets its key before all of it has come and is right.
        let mut verifier = descriptor.verifier()?;
        let mut whole = BytesMut::new();
        let mut chunks = content.open(Span::new(0, descriptor.size)).await?;
        while let Some(chunk) = chunks.try_next().await? {
            verifier.update(&chunk)?;
            whole.extend_from_slice(&chunk);
        }
        verifier.finish()?;
        self.put(key, whole.freeze());
        Ok(Stored::New)
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.put(format!("content/{}", document.digest()), document.bytes().to_vec());
        Ok(())
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        self.put_manifest(document).await?;
        if let Some(tag) = tag {
            self.put(format!("tag/{tag}"), document.digest().to_string());
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // This belongs into the tests of the store.
    let report = block_on(store_testing::check(|| async { KeyValueStore::default() }));
    report.assert_passed();
    println!("{} checks passed", report.checks());

    let memory = MemoryStore::new();
    let config = memory.add_blob(MediaType::IMAGE_CONFIG, r#"{"architecture":"amd64","os":"linux"}"#);
    let image = AnyManifest::Image(ImageManifest::new(config, Vec::new()));
    memory.add_manifest(Document::from_value(image)?, Some(Tag::latest()));
    let (store, back) = (KeyValueStore::default(), MemoryStore::new());
    let options = CopyOptions::new();
    block_on(async {
        copy(&memory, &Tag::latest().into(), &store, Some(&"v1".parse()?), &options).await?;
        for copied in copy_repository(&store, &back, &options.into()).await?.tags {
            println!("{} copied there and back", copied.tag);
        }
        Ok(())
    })
}
