//! Every operation of a registry and a repository, one after the other.

use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{TryStreamExt, stream};
use http::Request;
use oci_client_core::Error;
use oci_client_core::client::{Client, PullOptions, Registry as Remote, Repository};
use oci_client_core::proto::auth::Scopes;
use oci_client_core::store::{CopyOptions, OciLayout, copy};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, RepositoryName};
use test_support::SimRuntime;

use super::SMALL;
use crate::support::{HOST, Image, app, by_digest, document, layer, noise, repository, tag, target};

/// What the operations are done with: an image and an artifact about it, which are there, and an image that is not.
pub(super) struct Run {
    app: Repository,
    artifact: Document<AnyManifest>,
    folder: PathBuf,
    new: Image,
    old: Image,
    remote: Remote,
    runtime: SimRuntime,
}

type Results = Vec<Result<(), Error>>;

impl Run {
    pub(super) fn new(runtime: &SimRuntime, client: &Client, registry: &Registry, folder: &Path) -> Self {
        let old = Image::new(1, &[50, 3000]);
        let mut artifact = ImageManifest::new(Descriptor::empty(), vec![Descriptor::empty()]);
        artifact.subject = Some(old.document.descriptor());
        let artifact = document(artifact);
        runtime.run(async {
            let there = repository(runtime, registry.clone());
            let stored = copy(
                &old.store("v1"),
                &target("v1"),
                &there,
                Some(&tag("v1")),
                &CopyOptions::new(),
            )
            .await;
            stored.unwrap();
            let empty = Arc::new(Bytes::from_static(b"{}"));
            there.push_blob(&Descriptor::empty(), empty).await.unwrap();
            let listed = there.push_manifest(&by_digest(artifact.digest()), &artifact).await;
            listed.unwrap();
        });
        Self {
            app: app(client),
            artifact,
            folder: folder.to_owned(),
            new: Image::new(2, &[60, 2000]),
            old,
            remote: client.registry(&HOST.parse().unwrap()),
            runtime: runtime.clone(),
        }
    }

    /// What came of each; `shown` gets what can be printed of what they give.
    pub(super) async fn all(&self, shown: &mut String) -> Results {
        let mut results = Results::new();
        show(shown, &(&self.app, &self.remote));
        Box::pin(self.ask(shown, &mut results)).await;
        Box::pin(self.read(shown, &mut results)).await;
        Box::pin(self.push(shown, &mut results)).await;
        Box::pin(self.list(shown, &mut results)).await;
        Box::pin(self.copies(&mut results)).await;
        Box::pin(self.delete(&mut results)).await;
        results
    }

    async fn ask(&self, shown: &mut String, results: &mut Results) {
        let get = |uri: &str| Request::get(uri).body(Bytes::new()).unwrap();
        results.push(self.remote.check().await.map(|access| show(shown, &access)));
        let sent = [
            self.remote.send(get("/v2/_catalog")).await,
            self.remote.send_with_scopes(get("/v2/"), Scopes::none()).await,
            self.app.send(get("/tags/list")).await,
            self.app.send_with_scopes(get("/tags/list"), Scopes::none()).await,
        ];
        for response in sent {
            results.push(match response {
                Ok(response) => {
                    show(shown, &response);
                    response.into_body().bytes(1000).await.map(drop)
                }
                Err(error) => Err(error),
            });
        }
    }

    async fn read(&self, shown: &mut String, results: &mut Results) {
        let layer = &self.old.manifest().layers[1];
        results.push(self.app.resolve(&target("v1")).await.map(|found| show(shown, &found)));
        results.push(self.app.manifest(&target("v1")).await.map(|found| show(shown, &found)));
        results.push(self.app.has_blob(&layer.digest).await.map(drop));
        let mut reader = self.app.blob(layer).unwrap();
        results.push(reader.chunk().await.map(drop));
        show(shown, &reader);
        results.push(self.app.blob(layer).unwrap().bytes(5000).await.map(drop));
        let chunks = self.app.blob(layer).unwrap().into_chunks();
        results.push(chunks.try_for_each(async |_| Ok(())).await);
        let saved = self.app.blob(layer).unwrap().save(self.folder.join("saved")).await;
        results.push(saved);
        let options = PullOptions::new()
            .with_resume(true)
            .with_threshold(1)
            .with_part_size(1000);
        let parts = self.app.save_blob(layer, self.folder.join("parts"), &options).await;
        results.push(parts);
        let mut places = self.app.blob_unverified(layer);
        results.push(places.read_at(100, 10).await.map(drop));
        show(shown, &places);
    }

    async fn push(&self, shown: &mut String, results: &mut Results) {
        let other: RepositoryName = "other".parse().unwrap();
        let [config, small, large] = self.new.blobs.clone().try_into().unwrap();
        let pushed = self.app.push_blob(&layer(&small), Arc::new(small.clone())).await;
        results.push(pushed.map(|done| show(shown, &done)));
        let described = Descriptor::of(MediaType::IMAGE_CONFIG, &config);
        let content = Arc::new(config);
        results.push(self.app.push_or_mount_blob(&described, content, &other).await.map(drop));
        results.push(self.app.mount_blob(&layer(&large).digest, &other).await.map(drop));
        let long = noise(3, SMALL + 1);
        let pieces = stream::iter([Ok(large), Ok(long)]);
        let streamed = self.app.push_stream(MediaType::OCTET_STREAM, pieces).await;
        results.push(streamed.map(|done| show(shown, &done)));
        let stored = self.app.push_manifest(&target("v2"), &self.new.document).await;
        results.push(stored.map(|done| show(shown, &done)));
        let tags = [tag("v3"), tag("v4")];
        let tagged = self.app.push_manifest_tagged(&self.old.document, &tags).await;
        results.push(tagged.map(|done| show(shown, &done)));
        let attached = self
            .app
            .push_manifest(&by_digest(self.artifact.digest()), &self.artifact)
            .await;
        results.push(attached.map(drop));
    }

    async fn list(&self, shown: &mut String, results: &mut Results) {
        let subject = self.old.digest();
        show(
            shown,
            &(self.app.tags(), self.remote.catalog(), self.app.referrers(subject)),
        );
        results.push(self.app.tags().all().await.map(drop));
        results.push(self.app.tags().into_stream().try_for_each(async |_| Ok(())).await);
        results.push(self.remote.catalog().all().await.map(drop));
        results.push(self.app.referrers(subject).all().await.map(drop));
        let listed = self.artifact.descriptor();
        results.push(self.app.referrer(subject, &listed).await.map(drop));
    }

    async fn copies(&self, results: &mut Results) {
        let runtime = Arc::new(self.runtime.clone());
        let layout = OciLayout::create(self.folder.join("layout"), runtime).await.unwrap();
        let options = CopyOptions::new();
        let out = copy(&self.app, &target("v1"), &layout, Some(&tag("v1")), &options).await;
        results.push(out.map(drop));
        let store = self.new.store("v5");
        let back = copy(&store, &target("v5"), &self.app, Some(&tag("v5")), &options).await;
        results.push(back.map(drop));
    }

    async fn delete(&self, results: &mut Results) {
        let blob = &self.old.manifest().layers[0].digest;
        results.push(self.app.delete_blob(blob).await);
        results.push(self.app.delete_manifest(&target("v1")).await);
        results.push(self.app.delete_document(&self.artifact).await);
        results.push(self.app.delete_manifest(&by_digest(self.old.digest())).await);
    }
}

fn show(shown: &mut String, value: &impl Debug) {
    *shown += &format!("{value:?} {value:#?}\n");
}
