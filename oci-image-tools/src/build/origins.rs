use std::collections::HashMap;
use std::sync::Arc;

use oci_client_core::client::Content;
use oci_client_core::store::Source;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest};

/// Where each of the blobs of an image lies.
#[derive(Clone, Default)]
pub(super) struct Origins(HashMap<Digest, Origin>);

#[derive(Clone)]
enum Origin {
    Content(Arc<dyn Content>),
    Source(Arc<dyn Source>),
}

impl Origins {
    pub(super) fn insert_content(&mut self, digest: &Digest, content: Arc<dyn Content>) {
        self.0.insert(digest.clone(), Origin::Content(content));
    }

    pub(super) fn insert_source(&mut self, digest: &Digest, source: &Arc<dyn Source>) {
        self.0
            .entry(digest.clone())
            .or_insert_with(|| Origin::Source(source.clone()));
    }

    pub(super) fn extend(&mut self, others: &Self) {
        for (digest, origin) in &others.0 {
            self.0.entry(digest.clone()).or_insert_with(|| origin.clone());
        }
    }

    pub(super) async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        match self.0.get(&descriptor.digest) {
            Some(Origin::Content(content)) => Ok(content.clone()),
            Some(Origin::Source(source)) => source.blob(descriptor).await,
            None => {
                let message = format!("no blob `{}` in the image", descriptor.digest);
                Err(Error::new(ErrorKind::NotFound, message))
            }
        }
    }
}
