//! Places for requests: how many are under way at once, and that nothing waits for ever.

use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use oci_client_core::hosts::{Endpoint, HostConfig};
use oci_client_core::proto::HostProfile;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::{CopyOptions, copy};
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::Registry;
use test_support::{Reply, Responder, SimRuntime};

use crate::support::{HOST, Image, Slow, WithoutSinglePost, app, builder, layer, tag, target};

/// Counts how many requests are under way, their bodies included.
struct Counting<T> {
    inner: T,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    runtime: SimRuntime,
}

struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl<T: Transport> Transport for Counting<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        let counted = Counted(self.now.clone());
        self.most.fetch_max(now, Ordering::SeqCst);
        self.runtime.sleep(Duration::from_millis(1)).await;
        let response = self.inner.send(request).await?;
        Ok(response.map(|body| {
            let length = http_body::Body::size_hint(&body).exact();
            let pieces = futures_util::stream::try_unfold((body, counted), |(mut body, counted)| async move {
                Ok(body.chunk().await.transpose()?.map(|piece| (piece, (body, counted))))
            });
            Body::from_stream(pieces, length)
        }))
    }
}

fn counting<T>(runtime: &SimRuntime, inner: T) -> (Counting<T>, Arc<AtomicUsize>) {
    let most = Arc::new(AtomicUsize::new(0));
    let counting = Counting {
        inner,
        now: Arc::default(),
        most: most.clone(),
        runtime: runtime.clone(),
    };
    (counting, most)
}

fn limited(places: usize) -> HostConfig {
    let endpoint =
        Endpoint::new(HostProfile::new(HOST.parse().unwrap())).with_concurrency(NonZeroUsize::new(places).unwrap());
    HostConfig::of(HOST.parse().unwrap(), endpoint)
}

#[test]
fn p26_no_more_requests_are_under_way_than_there_are_places() {
    for places in [1, 2, 3] {
        let runtime = SimRuntime::new();
        let server = Responder::new(&runtime, |_: &Request<Bytes>| {
            Reply::new(200).delayed(Duration::from_secs(1)).with_body("content")
        });
        let (server, most) = counting(&runtime, server);
        let client = builder(&runtime, server).host(limited(places)).build();
        let read = |_| {
            let client = client.clone();
            async move { app(&client).blob(&layer(b"content")).unwrap().bytes(10).await.unwrap() }
        };
        runtime.run(futures_util::future::join_all((0..10).map(read)));
        assert_eq!(most.load(Ordering::SeqCst), places);
    }
}

#[test]
fn p26_with_one_place_an_image_is_copied_inside_one_registry_without_mounts() {
    let runtime = SimRuntime::new();
    let inner = Slow {
        inner: WithoutSinglePost(Registry::in_memory()),
        pause: Duration::from_millis(1),
        runtime: runtime.clone(),
    };
    let (server, most) = counting(&runtime, inner);
    let client = builder(&runtime, server).host(limited(1)).build();
    let there = |name: &str| {
        client
            .registry(&HOST.parse().unwrap())
            .repository(name.parse().unwrap())
    };
    let image = Image::new(3, &[2_000_000, 500, 70_000]);
    let (one, other) = (there("one"), there("other"));
    runtime.run(async {
        let options = CopyOptions::new();
        copy(&image.store("1.0"), &target("1.0"), &one, Some(&tag("1.0")), &options)
            .await
            .unwrap();
        copy(&one, &target("1.0"), &other, Some(&tag("1.0")), &options)
            .await
            .unwrap();
        let found = other.manifest(&target("1.0")).await.unwrap();
        assert_eq!(found.digest(), image.digest());
    });
    // One that reads, and one that uploads what is read.
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn p26_a_place_is_free_again_once_a_body_is_dropped_or_a_machine_waits() {
    let runtime = SimRuntime::new();
    let count = Arc::new(Mutex::new(0));
    let counter = count.clone();
    let server = Responder::new(&runtime, move |_: &Request<Bytes>| {
        let mut count = counter.lock().unwrap();
        *count += 1;
        if *count == 1 {
            Reply::new(200).with_piece("con").stalling()
        } else {
            Reply::new(200).with_body("content")
        }
    });
    let client = builder(&runtime, server).host(limited(1)).build();
    let blob = || app(&client).blob(&layer(b"content")).unwrap();
    runtime.run(async {
        let mut half = blob();
        assert_eq!(half.chunk().await.unwrap().unwrap(), "con");
        drop(half);
        assert_eq!(blob().bytes(10).await.unwrap(), "content");
    });
}

#[test]
fn p26_eight_cold_requests_with_one_place_get_past_the_token() {
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, |request: &Request<Bytes>| {
        let reply = match (request.uri().path(), request.headers().contains_key("authorization")) {
            ("/token", _) => Reply::new(200).with_json(r#"{"token":"t"}"#),
            (_, true) => Reply::new(200).with_body("content"),
            (_, false) => Reply::new(401)
                .with_header("www-authenticate", r#"Bearer realm="https://registry.test/token""#)
                .with_body("{}"),
        };
        reply.delayed(Duration::from_millis(5))
    });
    let client = builder(&runtime, server).host(limited(1)).build();
    let read = |_| {
        let client = client.clone();
        async move { app(&client).blob(&layer(b"content")).unwrap().bytes(10).await }
    };
    let read = runtime.run(futures_util::future::join_all((0..8).map(read)));
    assert!(read.into_iter().all(|content| content.unwrap() == "content"));
}
