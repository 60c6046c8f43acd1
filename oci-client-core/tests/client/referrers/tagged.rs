//! Pushes that set tags.

use http::Method;

use super::*;
use crate::support::tag;

#[test]
fn cm6_cm7_tags_go_along_with_a_push_and_sha512_manifests_are_pushed_by_digest() {
    let runtime = SimRuntime::new();
    let registry = Registry::builder()
        .allow_missing_blobs(true)
        .limits(Limits::new().with_tag_parameters(2))
        .build();
    let recorder = Recorder::new(registry);
    let app = repository(&runtime, recorder.clone());
    let tags: Vec<_> = (0..4).map(|number| tag(&format!("v{number}"))).collect();
    runtime.run(async {
        let stored = app.push_manifest_tagged(&artifact(1), &tags).await.unwrap();
        assert_eq!(stored.referrer, Some(RecordedReferrer::ByRegistry));
        for tag in &tags {
            let found = app.resolve(&TagOrDigest::Tag(tag.clone())).await.unwrap().unwrap();
            assert_eq!(found.digest, *artifact(1).digest());
        }
        // Four are too many for this registry, two are not.
        assert_eq!(recorder.count_where(|request| request.method == Method::PUT), 3);
        let digest = Digest::sha512(subject().bytes());
        app.push_manifest(&by_digest(&digest), &subject()).await.unwrap();
        assert_eq!(app.manifest(&by_digest(&digest)).await.unwrap().digest(), &digest);
    });
}
