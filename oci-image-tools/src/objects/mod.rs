//! Small objects by key, in a repository: settings, results, state of a tool that has a registry and nothing else.
//!
//! Each object is a manifest under a tag that is made of the key ([`Key`] says how), with the content as its one layer, so that other clients can list, pull and delete
//! objects too. The manifest carries the key and a number that no other has: two objects with the same content, or one object that was stored twice, are two manifests, and
//! deleting the one never takes the other along.
//!
//! A registry is no database. Whoever stores last under a key wins; what was there before stays in the registry without a tag, until its garbage is collected. No
//! registry known honours a condition on setting a tag: see [`ObjectStore::put_if_absent`].

mod key;
mod keys;

use bytes::Bytes;
use oci_client_core::client::Repository;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Digest, ImageManifest, MediaType, TagOrDigest};

use crate::errors::{shown, too_large};
use crate::pack::Pack;

pub use self::key::{InvalidKey, Key};
pub use self::keys::Keys;

/// The objects of one repository.
#[derive(Clone, Debug)]
pub struct ObjectStore {
    max_size: u64,
    repository: Repository,
}

impl ObjectStore {
    /// The objects in `repository`, of up to [`DEFAULT_MAX_SIZE`](Self::DEFAULT_MAX_SIZE) bytes each. Tags that are not of this crate's making are left alone.
    #[must_use]
    pub const fn new(repository: Repository) -> Self {
        Self {
            max_size: Self::DEFAULT_MAX_SIZE,
            repository,
        }
    }

    /// The most bytes that an object may have, to be stored or read: they are held in memory.
    #[must_use]
    pub const fn with_max_size(mut self, bytes: u64) -> Self {
        self.max_size = bytes;
        self
    }

    /// Stores an object under a key, in place of the one that is there.
    ///
    /// # Errors
    /// Of kind [`TooLarge`](ErrorKind::TooLarge) if there are more bytes than the limit of this store, before anything is sent, or more than the registry takes.
    ///
    /// # Cancellation
    /// A dropped future leaves the old object or the new one under the key.
    pub async fn put(&self, key: &Key, content_type: MediaType, content: Bytes) -> Result<Digest, Error> {
        let size = content.len() as u64;
        if size > self.max_size {
            let limit = self.max_size;
            return Err(too_large(format!(
                "the object `{key}` has {size} bytes, and this store takes up to {limit}"
            )));
        }
        let layer = Descriptor::of(content_type, &content).with_annotation(Annotations::TITLE, key.title());
        let pack = Pack::new(ARTIFACT_TYPE)
            .with_annotation(KEY, key.as_str())
            .with_annotation(NONCE, nonce()?)
            .with_content(layer, std::sync::Arc::new(content));
        let document = pack.push(&self.repository, Some(&key.tag())).await?;
        Ok(document.digest().clone())
    }

    /// As [`put`](Self::put), if nothing is there under the key.
    ///
    /// This is best effort: between the look and the store another may store too, and then the last one wins. Where that matters, let one writer decide.
    ///
    /// # Errors
    /// Of kind [`Conflict`](ErrorKind::Conflict) if something is there, else as [`put`](Self::put).
    pub async fn put_if_absent(&self, key: &Key, content_type: MediaType, content: Bytes) -> Result<Digest, Error> {
        match self.repository.resolve(&key.tag().into()).await? {
            Some(_) => Err(Error::new(
                ErrorKind::Conflict,
                format!("there is an object `{key}` already"),
            )),
            None => self.put(key, content_type, content).await,
        }
    }

    /// The object under a key, verified; `None` if there is none.
    ///
    /// # Errors
    /// Of kind [`TooLarge`](ErrorKind::TooLarge) if it has more bytes than the limit of this store, before its content is asked for;
    /// [`Conflict`](ErrorKind::Conflict) if something else is under the key's tag.
    pub async fn get(&self, key: &Key) -> Result<Option<Object>, Error> {
        let Some((digest, layer)) = self.find(key).await? else {
            return Ok(None);
        };
        let (size, limit) = (layer.size, self.max_size);
        if size > limit {
            return Err(too_large(format!(
                "the object `{key}` has {size} bytes, and this store reads up to {limit}"
            )));
        }
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let content = self.repository.blob(&layer)?.bytes(limit).await?;
        Ok(Some(Object {
            content,
            content_type: layer.media_type,
            digest,
        }))
    }

    /// Deletes the object under a key, and says whether there was one.
    ///
    /// What is deleted is the manifest that was found under the key, by its digest: an object that another stores under the same key meanwhile stays.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](ErrorKind::Unsupported) if the registry does not delete; [`Conflict`](ErrorKind::Conflict) if something else is under the key's tag, which
    /// is left alone.
    pub async fn delete(&self, key: &Key) -> Result<bool, Error> {
        let Some((digest, _)) = self.find(key).await? else {
            return Ok(false);
        };
        match self.repository.delete_manifest(&TagOrDigest::Digest(digest)).await {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The keys, page by page.
    #[must_use]
    pub fn keys(&self) -> Keys {
        Keys::new(self.repository.clone())
    }

    /// The manifest of the object under a key, and where its content is.
    async fn find(&self, key: &Key) -> Result<Option<(Digest, Descriptor)>, Error> {
        let tag = key.tag();
        let document = match self.repository.manifest(&tag.clone().into()).await {
            Ok(document) => document,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let object = document
            .value()
            .as_image()
            .filter(|_| key_of(document.value()) == Some(key.as_str()));
        match object.map(|manifest| (document.digest(), manifest.layers.as_slice())) {
            Some((digest, [layer])) => Ok(Some((digest.clone(), layer.clone()))),
            _ => Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the tag {tag} holds something that is not the object `{key}`; choose another key or another repository"
                ),
            )),
        }
    }

    /// The most bytes that an object may have by default: 16 MiB.
    pub const DEFAULT_MAX_SIZE: u64 = 16 << 20;
}

/// An object as it was read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    content: Bytes,
    content_type: MediaType,
    digest: Digest,
}

impl Object {
    /// The content.
    #[must_use]
    pub const fn content(&self) -> &Bytes {
        &self.content
    }

    /// The content, without the rest.
    #[must_use]
    pub fn into_content(self) -> Bytes {
        self.content
    }

    /// What the content is, as whoever stored it said.
    #[must_use]
    pub const fn content_type(&self) -> &MediaType {
        &self.content_type
    }

    /// The digest of the object's manifest: another one after every store, also of the same content.
    #[must_use]
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }
}

/// The key that a manifest says to be the object of.
fn key_of(manifest: &AnyManifest) -> Option<&str> {
    let of_ours = |manifest: &&ImageManifest| *manifest.effective_artifact_type() == ARTIFACT_TYPE;
    manifest.as_image().filter(of_ours)?.annotations.get(KEY)
}

/// 128 random bits as text, so that no two stores make the same manifest.
fn nonce() -> Result<String, Error> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| {
        let text = error.to_string();
        Error::new(
            ErrorKind::Store,
            format!("the system gives no random numbers: {}", shown(&text)),
        )
    })?;
    Ok(format!("{:032x}", u128::from_be_bytes(random)))
}

/// What the manifest of an object calls itself.
const ARTIFACT_TYPE: MediaType = MediaType::from_static("application/vnd.oci-image-tools.object.v1");
/// The annotation with the key.
const KEY: &str = "com.github.oci-rust.object.key";
/// The annotation with what makes a manifest differ from every other.
const NONCE: &str = "com.github.oci-rust.object.nonce";
