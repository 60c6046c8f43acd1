//! Our own clients, async and blocking, through either scheme.

use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::blocking::{self, BlockOn};
use oci_client_core::client::Client;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::Credential;
use oci_spec_types::{Descriptor, MediaType, Reference};

use crate::site::{Scheme, Site, users};

#[test]
fn the_async_client_pushes_pulls_and_lists_what_it_may() {
    for scheme in Scheme::BOTH {
        let site = Site::new(scheme, users());
        let client = |name: &str| {
            let client = Client::builder(site.registry.clone(), Arc::new(site.runtime.clone()));
            client.credentials(credentials(name)).build()
        };
        let content = Bytes::from_static(b"hello");
        let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
        let writer = client("writer").repository(&reference());
        let push = writer.push_blob(&descriptor, Arc::new(content.clone()));
        site.runtime.run(push).unwrap();
        let reader = client("reader").repository(&reference());
        let pulled = site.runtime.run(reader.blob(&descriptor).unwrap().bytes(1024));
        assert_eq!(pulled.unwrap(), content);
        let other = Descriptor::of(MediaType::IMAGE_LAYER, b"other");
        let refused = site
            .runtime
            .run(reader.push_blob(&other, Arc::new(Bytes::from_static(b"other"))));
        let status = refused.unwrap_err().status().map(|status| status.as_u16());
        assert_eq!(status, Some(if scheme == Scheme::Basic { 403 } else { 401 }));
    }
}

/// A18: what the user may not pull is uploaded, without an error.
#[test]
fn a18_a_mount_that_is_not_allowed_becomes_an_upload_in_both_clients() {
    for scheme in Scheme::BOTH {
        let site = Site::new(scheme, users());
        let content = Bytes::from_static(b"theirs");
        let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
        let from = "secret/app".parse().unwrap();
        let client = Client::builder(site.registry.clone(), Arc::new(site.runtime.clone()));
        let repository = client
            .credentials(credentials("writer"))
            .build()
            .repository(&reference());
        let push = repository.push_or_mount_blob(&descriptor, Arc::new(content.clone()), &from);
        site.runtime.run(push).unwrap();
        assert!(site.runtime.run(repository.has_blob(&descriptor.digest)).unwrap());

        let blocking = blocking_client(&site, "writer").repository(&"registry.test/team/two".parse().unwrap());
        blocking
            .push_or_mount_blob(&descriptor, Arc::new(content.clone()), &from)
            .unwrap();
        assert_eq!(blocking.blob(&descriptor).unwrap().bytes(1024).unwrap(), content);
    }
}

#[test]
fn the_blocking_client_pushes_and_pulls() {
    for scheme in Scheme::BOTH {
        let site = Site::new(scheme, users());
        let content = Bytes::from_static(b"hello");
        let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
        let writer = blocking_client(&site, "writer").repository(&reference());
        writer.push_blob(&descriptor, Arc::new(content.clone())).unwrap();
        let reader = blocking_client(&site, "reader").repository(&reference());
        assert_eq!(reader.blob(&descriptor).unwrap().bytes(1024).unwrap(), content);
        let other = Descriptor::of(MediaType::IMAGE_LAYER, b"other");
        assert!(
            reader
                .push_blob(&other, Arc::new(Bytes::from_static(b"other")))
                .is_err()
        );
    }
}

fn blocking_client(site: &Site, name: &str) -> blocking::Client {
    let clock = Arc::new(site.runtime.clone());
    let transport = BlockOn::with_clock(site.registry.clone(), clock.clone());
    let client = blocking::Client::builder(Arc::new(transport))
        .clock(clock)
        .jitter_seed(1);
    client.credentials(credentials(name)).build()
}

fn credentials(name: &str) -> StaticCredentials {
    let credential = Credential::password(name, format!("{name}'s"));
    StaticCredentials::new().with("registry.test".parse().unwrap(), credential)
}

fn reference() -> Reference {
    "registry.test/team/app".parse().unwrap()
}
