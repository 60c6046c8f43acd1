mod remote_blob;

use std::sync::Arc;

use async_trait::async_trait;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, Tag, TagOrDigest};

use self::remote_blob::RemoteBlob;
use super::{Source, Stored, Target};
use crate::client::{Content, Repository, Uploaded, sealed};
use crate::{Error, ErrorKind};

#[async_trait]
impl Source for Repository {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        Repository::manifest(self, target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        // Only to learn at once whether the digest can be verified.
        self.blob(descriptor)?;
        Ok(Arc::new(RemoteBlob::new(self.clone(), descriptor.clone())))
    }

    async fn check_blob(&self, descriptor: &Descriptor) -> Result<(), Error> {
        let digest = &descriptor.digest;
        match self.has_blob_of_size(digest, descriptor.size).await? {
            true => Ok(()),
            false => Err(Error::new(
                ErrorKind::NotFound,
                format!("the repository has no blob {digest}"),
            )),
        }
    }

    async fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let mut pages = Repository::referrers(self, subject);
        let mut found = Vec::new();
        while let Some(page) = pages.page().await? {
            found.extend(page);
        }
        Ok(found)
    }

    async fn tags(&self) -> Result<Vec<Tag>, Error> {
        let mut pages = Repository::tags(self);
        let mut found = Vec::new();
        while let Some(page) = pages.page().await? {
            found.extend(page);
        }
        Ok(found)
    }
}

#[async_trait]
impl Target for Repository {
    async fn put_blob(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        let source = content
            .repository(sealed::Sealed)
            .filter(|from| from.host() == self.host());
        let uploaded = match source.map(|from| from.name().clone()) {
            Some(from) => self.push_or_mount_blob(descriptor, content, &from).await?,
            None => self.push_blob(descriptor, content).await?,
        };
        Ok(stored(uploaded))
    }

    async fn put_blob_regardless(&self, descriptor: &Descriptor, content: Arc<dyn Content>) -> Result<Stored, Error> {
        self.push_blob_regardless(descriptor, content).await.map(stored)
    }

    async fn put_manifest(&self, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.put_root(document, None).await
    }

    async fn put_root(&self, document: &Document<AnyManifest>, tag: Option<&Tag>) -> Result<(), Error> {
        let target = match tag {
            Some(tag) => TagOrDigest::Tag(tag.clone()),
            None => TagOrDigest::Digest(document.digest().clone()),
        };
        self.push_manifest(&target, document).await.map(drop)
    }

    async fn has_blob(&self, descriptor: &Descriptor) -> Result<bool, Error> {
        Repository::has_blob(self, &descriptor.digest).await
    }

    async fn resolve(&self, target: &TagOrDigest) -> Result<Option<Descriptor>, Error> {
        Repository::resolve(self, target).await
    }
}

const fn stored(uploaded: Uploaded) -> Stored {
    match uploaded {
        Uploaded::Mounted => Stored::Mounted,
        Uploaded::Present => Stored::Present,
        Uploaded::Stored => Stored::New,
    }
}
