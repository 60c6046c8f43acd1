//! Referrers against a registry that lists them and one that leaves it to clients (CR*, P19-P21).

mod refused;
mod tagged;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use http::{Request, Response};
use oci_client_core::ErrorKind;
use oci_client_core::client::{RecordedReferrer, Repository};
use oci_client_core::runtime::Runtime as _;
use oci_client_core::transport::{Body, Transport, TransportError};
use oci_registry::{Limits, Registry};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageIndex, ImageManifest, MediaType, TagOrDigest};
use test_support::{Recorder, SimRuntime};

use crate::support::{Slow, app, builder, by_digest, document, manifest_path, repository, target};

/// A registry without the referrers API, which answers pushes as one without it does, or claims to know subjects all the same.
pub(crate) struct WithoutApi<T> {
    claims: bool,
    inner: T,
}

#[async_trait]
impl<T: Transport> Transport for WithoutApi<T> {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        if request.uri().path().contains("/referrers/") {
            return Ok(Response::builder().status(404).body(Body::empty()).unwrap());
        }
        let mut response = self.inner.send(request).await?;
        if !self.claims {
            response.headers_mut().remove("oci-subject");
        }
        Ok(response)
    }
}

pub(crate) fn without_api(registry: &Registry) -> WithoutApi<Registry> {
    let inner = registry.clone();
    WithoutApi { claims: false, inner }
}

fn registry() -> Registry {
    Registry::builder().allow_missing_blobs(true).build()
}

fn subject() -> Document<AnyManifest> {
    document(ImageManifest::new(Descriptor::empty(), Vec::new()).with_annotation("subject", "yes"))
}

fn artifact(number: usize) -> Document<AnyManifest> {
    let kind = MediaType::from_static(if number.is_multiple_of(2) { "a/even" } else { "a/odd" });
    document(
        ImageManifest::artifact(kind, Vec::new())
            .with_annotation("number", number.to_string())
            .with_subject(subject().descriptor()),
    )
}

async fn attach(app: &Repository, artifact: &Document<AnyManifest>) -> Option<RecordedReferrer> {
    app.push_manifest(&by_digest(artifact.digest()), artifact)
        .await
        .unwrap()
        .referrer
}

async fn listed(app: &Repository) -> Vec<Digest> {
    let all = app.referrers(subject().digest()).all().await.unwrap();
    all.into_iter().map(|referrer| referrer.digest).collect()
}

fn fallback() -> String {
    manifest_path(&subject().digest().fallback_tag())
}

#[test]
fn cr1_attaching_takes_one_request_where_the_registry_names_the_subject_and_one_more_the_first_time() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(registry());
    let app = repository(&runtime, recorder.clone());
    for (number, requests) in [(1, 2), (2, 1), (3, 1)] {
        recorder.clear();
        let recorded = runtime.run(attach(&app, &artifact(number)));
        assert_eq!(recorded, Some(RecordedReferrer::ByRegistry));
        assert_eq!(recorder.count(), requests, "{number}");
    }
    // Who has listed referrers knows already.
    let (runtime, recorder) = (SimRuntime::new(), Recorder::new(registry()).with_budget(2));
    let app = repository(&runtime, recorder);
    runtime.run(async {
        listed(&app).await;
        assert_eq!(attach(&app, &artifact(1)).await, Some(RecordedReferrer::ByRegistry));
    });
}

#[test]
fn cr5_cr6_cr7_what_the_registry_lists_comes_page_by_page_and_by_type() {
    let runtime = SimRuntime::new();
    let registry = Registry::builder()
        .allow_missing_blobs(true)
        .limits(Limits::new().with_referrers_page(2))
        .build();
    let recorder = Recorder::new(registry);
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        assert_eq!(listed(&app).await, []);
        for number in 0..5 {
            attach(&app, &artifact(number)).await;
        }
        recorder.clear();
        assert_eq!((listed(&app).await.len(), recorder.count()), (5, 3));
        let kind = MediaType::from_static("a/even");
        let even = app
            .referrers(subject().digest())
            .artifact_type(kind)
            .all()
            .await
            .unwrap();
        assert_eq!(even.len(), 3);
        assert!(
            even.iter()
                .all(|referrer| *referrer == artifact_of(&referrer.annotations).referrer())
        );
    });
}

fn artifact_of(annotations: &oci_spec_types::Annotations) -> Document<AnyManifest> {
    artifact(annotations.get("number").unwrap().parse().unwrap())
}

#[test]
fn b2_cr2_attaching_where_it_does_not_takes_four_more_and_the_list_says_all_of_the_manifest() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let recorder = Recorder::new(without_api(&registry));
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        assert_eq!(attach(&app, &artifact(1)).await, Some(RecordedReferrer::InFallbackTag));
        let lines = [
            format!("PUT {}", manifest_path(artifact(1).digest())),
            format!("GET {}", fallback()),
            format!("PUT {}", fallback()),
            format!("GET {}", fallback()),
            format!("GET {}", fallback()),
        ];
        assert_eq!(recorder.lines(), lines);
        // An index has no artifact type unless it states one.
        let index = document(ImageIndex::new(Vec::new()).with_subject(subject().descriptor()));
        attach(&app, &index).await;
        recorder.clear();
        let all = app.referrers(subject().digest()).all().await.unwrap();
        assert_eq!(all, [artifact(1).referrer(), index.referrer()]);
        assert_eq!(all[1].artifact_type, None);
        let odd = MediaType::from_static("a/odd");
        let odd = app
            .referrers(subject().digest())
            .artifact_type(odd)
            .all()
            .await
            .unwrap();
        assert_eq!(odd, [artifact(1).referrer()]);
        // That there is no API was learned by the first of the two lists.
        assert_eq!(recorder.count_where(|request| request.path.contains("/referrers/")), 1);
        // Pushed again, nothing is written.
        recorder.clear();
        attach(&app, &artifact(1)).await;
        assert_eq!(recorder.count(), 2);
    });
}

#[test]
fn cr1_an_oci_subject_is_not_believed_where_the_api_is_missing() {
    let (runtime, inner) = (SimRuntime::new(), registry());
    let recorder = Recorder::new(WithoutApi { claims: true, inner });
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        // Not even by a client that knows nothing of the registry.
        assert_eq!(attach(&app, &artifact(1)).await, Some(RecordedReferrer::InFallbackTag));
        assert_eq!(recorder.count(), 6);
        recorder.clear();
        assert_eq!(attach(&app, &artifact(1)).await, Some(RecordedReferrer::InFallbackTag));
        assert_eq!(recorder.count(), 2);
        assert_eq!(listed(&app).await, [artifact(1).digest().clone()]);
    });
}

#[test]
fn p21_twenty_attaches_at_once_lose_none_and_none_is_tried_again() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    // Without conditions only the turns that clients take can keep the entries.
    let recorder = Recorder::new(Unconditional(without_api(&registry)));
    let slow = Slow {
        inner: recorder.clone(),
        pause: Duration::from_millis(3),
        runtime: runtime.clone(),
    };
    let app = repository(&runtime, slow);
    runtime.run(async {
        let artifacts: Vec<_> = (0..20).map(artifact).collect();
        let attaches = artifacts.iter().map(|artifact| attach(&app, artifact));
        futures_util::future::join_all(attaches).await;
        assert_eq!(recorder.count(), 20 * 5);
        assert_eq!(listed(&app).await.len(), 20);
    });
}

/// A registry that ignores conditions.
struct Unconditional<T>(T);

#[async_trait]
impl<T: Transport> Transport for Unconditional<T> {
    async fn send(&self, mut request: Request<Body>) -> Result<Response<Body>, TransportError> {
        for name in ["if-match", "if-none-match"] {
            request.headers_mut().remove(name);
        }
        self.0.send(request).await
    }
}

#[test]
fn cr3_p21_two_clients_lose_none_where_conditions_are_honoured() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let client = |seed| {
        let slow = Slow {
            inner: without_api(&registry),
            pause: Duration::from_millis(3 + seed),
            runtime: runtime.clone(),
        };
        app(&builder(&runtime, slow).jitter_seed(seed).build())
    };
    let (one, two) = (client(1), client(2));
    runtime.run(async {
        let artifacts: Vec<_> = (0..12).map(artifact).collect();
        let attaches = artifacts.iter().enumerate().map(|(number, artifact)| {
            let app = if number.is_multiple_of(2) { &one } else { &two };
            attach(app, artifact)
        });
        futures_util::future::join_all(attaches).await;
        assert_eq!(listed(&one).await.len(), 12);
    });
}

/// Says how many requests it has had under way at once at most.
struct AtOnce {
    inner: Registry,
    most: Arc<Mutex<(usize, usize)>>,
    runtime: SimRuntime,
}

#[async_trait]
impl Transport for AtOnce {
    async fn send(&self, request: Request<Body>) -> Result<Response<Body>, TransportError> {
        {
            let (now, most) = &mut *self.most.lock().unwrap();
            *now += 1;
            *most = (*most).max(*now);
        }
        self.runtime.sleep(Duration::from_millis(3)).await;
        let answer = self.inner.send(request).await;
        self.most.lock().unwrap().0 -= 1;
        answer
    }
}

#[test]
fn p21_referrers_of_one_subject_are_pushed_one_at_a_time_also_where_the_registry_lists_them() {
    let (runtime, inner) = (SimRuntime::new(), registry());
    let most = Arc::<Mutex<(usize, usize)>>::default();
    let transport = AtOnce {
        inner,
        most: most.clone(),
        runtime: runtime.clone(),
    };
    let app = repository(&runtime, transport);
    runtime.run(async {
        let artifacts: Vec<_> = (0..5).map(artifact).collect();
        futures_util::future::join_all(artifacts.iter().map(|artifact| attach(&app, artifact))).await;
        assert_eq!(*most.lock().unwrap(), (0, 1));
        assert_eq!(listed(&app).await.len(), 5);
    });
}

#[test]
fn cr2_p21_a_conflict_says_that_the_manifest_itself_is_stored() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let app = repository(&runtime, without_api(&registry));
    runtime.run(async {
        let taken = TagOrDigest::Tag(subject().digest().fallback_tag());
        app.push_manifest(&taken, &document(ImageManifest::new(Descriptor::empty(), Vec::new())))
            .await
            .unwrap();
        let artifact = artifact(1);
        let error = app.push_manifest(&target("sbom"), &artifact).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        let text = error.to_string();
        assert!(
            text.contains("itself is stored") && text.contains("no image index"),
            "{text}"
        );
        assert_eq!(app.manifest(&target("sbom")).await.unwrap().digest(), artifact.digest());
    });
}

#[test]
fn cr11_cr12_deleting_tidies_up_what_clients_have_written() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let recorder = Recorder::new(without_api(&registry));
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        app.push_manifest(&target("v1"), &subject()).await.unwrap();
        attach(&app, &artifact(1)).await;
        attach(&app, &artifact(2)).await;
        recorder.clear();
        app.delete_manifest(&by_digest(artifact(1).digest())).await.unwrap();
        // Is there an API? Whose referrer is it? Delete; read, write and twice read the list; and has it a list of its own?
        assert_eq!(recorder.count(), 8);
        assert_eq!(listed(&app).await, [artifact(2).digest().clone()]);
        recorder.clear();
        app.delete_document(&artifact(2)).await.unwrap();
        assert_eq!(recorder.count(), 6);
        // A list that has become empty stays, and goes with its subject.
        assert_eq!(listed(&app).await, []);
        let list = TagOrDigest::Tag(subject().digest().fallback_tag());
        assert!(app.resolve(&list).await.unwrap().is_some());
        app.delete_document(&subject()).await.unwrap();
        assert_eq!(app.resolve(&list).await.unwrap(), None);
    });
}

#[test]
fn cr11_deleting_takes_no_more_where_the_registry_lists_referrers() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(registry());
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        attach(&app, &artifact(1)).await;
        attach(&app, &artifact(2)).await;
        recorder.clear();
        // Attaching has found out that the registry lists them.
        app.delete_manifest(&by_digest(artifact(1).digest())).await.unwrap();
        assert_eq!(recorder.count(), 1);
        let fresh = repository(&runtime, recorder.clone());
        recorder.clear();
        fresh.delete_manifest(&by_digest(artifact(2).digest())).await.unwrap();
        assert_eq!(recorder.count(), 2);
        let error = app.delete_manifest(&by_digest(artifact(2).digest())).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn p20_a_referrer_that_is_fetched_is_one() {
    let (runtime, registry) = (SimRuntime::new(), registry());
    let app = repository(&runtime, registry);
    runtime.run(async {
        attach(&app, &artifact(1)).await;
        let (subject, good) = (subject(), artifact(1).referrer());
        assert_eq!(app.referrer(subject.digest(), &good).await.unwrap(), artifact(1));
        let mut longer = good.clone();
        longer.size += 1;
        let mut other = good.clone();
        other.media_type = MediaType::IMAGE_INDEX;
        for (subject, listed) in [
            (subject.digest(), &longer),
            (subject.digest(), &other),
            (&Digest::sha256(b"another"), &good),
        ] {
            let error = app.referrer(subject, listed).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
        }
    });
}
