use super::*;
use crate::proto::testing::{Actor, Stage, failed, head, hello_digest, refused, refuses_all_but, start};
use crate::proto::{HostProfile, TransportErrorKind};

const OTHER_DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn put(target: &str) -> Actor<PutManifest> {
    let target = target.parse().unwrap();
    let content = Bytes::from_static(b"hello");
    let name = "a/b".parse().unwrap();
    Actor::new(PutManifest::new(
        name,
        target,
        MediaType::IMAGE_MANIFEST,
        content,
        hello_digest(),
    ))
}

#[test]
fn cm1_the_request() {
    let stage = &mut Stage::new();
    let Step::Send(request) = put("v1").tell(stage, start()) else {
        panic!("a request is expected");
    };
    assert_eq!(
        request.headers().get(CONTENT_TYPE).unwrap(),
        MediaType::IMAGE_MANIFEST.as_str()
    );
    assert_eq!(*request.body(), Payload::Bytes(Bytes::from_static(b"hello")));
    put("v1").rows(stage, [(start(), "PUT /v2/a/b/manifests/v1 <- 5 bytes")]);
    let digest = hello_digest().to_string();
    put(&digest).rows(stage, [(start(), "PUT /v2/a/b/manifests/D <- 5 bytes")]);
}

#[test]
fn cm4_p02_p03_any_success_is_one_if_the_digest_is_right() {
    for status in [200, 201, 202, 204] {
        let rows = [
            (start(), "PUT…"),
            (
                head(status, &[]),
                "done StoredManifest { location: None, referrer: None, subject: None }",
            ),
        ];
        put("v1").rows(&mut Stage::new(), rows);
    }
    let sha512 = Digest::sha512(b"hello").to_string();
    for (claim, expected) in [
        (&*hello_digest().to_string(), "done…"),
        (&*sha512, "done…"),
        (OTHER_DIGEST, "failed Mismatch: sha256:0000"),
        ("garbage", "failed Protocol"),
    ] {
        let told = head(201, &[("docker-content-digest", claim)]);
        put("v1").rows(&mut Stage::new(), [(start(), "PUT…"), (told, expected)]);
    }
}

#[test]
fn cm4_what_the_registry_says_of_it() {
    let stage = &mut Stage::new();
    let mut actor = put("v1");
    actor.rows(stage, [(start(), "PUT…")]);
    let fields = [("location", "/v2/a/b/manifests/x"), ("oci-subject", OTHER_DIGEST)];
    let Step::Done(Ok(stored)) = actor.tell(stage, head(201, &fields)) else {
        panic!("it is stored");
    };
    assert_eq!(stored.location.unwrap().as_str(), "https://r.test/v2/a/b/manifests/x");
    assert_eq!(stored.subject.unwrap().to_string(), OTHER_DIGEST);
    let odd = head(201, &[("location", "http://"), ("oci-subject", "garbage")]);
    put("v1").rows(
        stage,
        [
            (start(), "PUT…"),
            (
                odd,
                "done StoredManifest { location: None, referrer: None, subject: None }",
            ),
        ],
    );
}

#[test]
fn cm5_too_large_is_not_sent() {
    let profile = HostProfile::new("r.test".parse().unwrap()).with_manifest_limit(4);
    put("v1").rows(
        &mut Stage::with(profile),
        [(start(), "failed TooLarge: 5 bytes, more than the limit of 4")],
    );
}

#[test]
fn cm5_p22_refusals() {
    for (told, expected) in [
        (refused(400), "failed Refused"),
        (refused(409), "failed Conflict"),
        (refused(412), "failed Conflict"),
        (refused(423), "failed Conflict"),
        (refused(413), "failed TooLarge"),
        (head(302, &[]), "failed Protocol"),
        (failed(TransportErrorKind::Reset), "failed Transport"),
    ] {
        put("v1").rows(&mut Stage::new(), [(start(), "PUT…"), (told, expected)]);
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| put("v1"));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = put("v1");
        actor.rows(stage, [(start(), "PUT…")]);
        actor
    });
}

#[test]
fn cr1_oci_subject_is_believed_where_the_api_is_known_to_answer() {
    let recorded = |known: Option<bool>, claim: Option<&str>| {
        let stage = &mut Stage::new();
        if let Some(known) = known {
            stage.host.capabilities.referrers.learn(stage.now, known);
        }
        let put = put("v1")
            .into_machine()
            .with_subject(Some(OTHER_DIGEST.parse().unwrap()));
        let mut actor = Actor::new(put);
        actor.rows(stage, [(start(), "PUT…")]);
        let fields: Vec<_> = claim.into_iter().map(|claim| ("oci-subject", claim)).collect();
        match actor.tell(stage, head(201, &fields)) {
            Step::Done(Ok(stored)) => stored.referrer,
            other => panic!("{other:?}"),
        }
    };
    let (registry, not_yet) = (Some(RecordedReferrer::ByRegistry), Some(RecordedReferrer::NotYet));
    let claimed = Some(RecordedReferrer::Claimed);
    let hello = hello_digest().to_string();
    for (known, claim, expected) in [
        (None, Some(OTHER_DIGEST), claimed),
        (Some(true), Some(OTHER_DIGEST), registry),
        (Some(false), Some(OTHER_DIGEST), not_yet),
        (None, None, not_yet),
        (Some(true), None, not_yet),
        (None, Some("garbage"), not_yet),
        (None, Some(&*hello), not_yet),
    ] {
        assert_eq!(recorded(known, claim), expected, "{known:?} {claim:?}");
    }
}

#[test]
fn a13_a_signed_location_of_a_manifest_is_not_shown() {
    let location = Some("https://r.test/v2/a/b/manifests/x?sig=secret".parse().unwrap());
    let stored = StoredManifest {
        location,
        referrer: None,
        subject: None,
    };
    let shown = format!("{stored:?}");
    assert!(
        shown.contains("manifests/x?sig=..") && !shown.contains("secret"),
        "{shown}"
    );
}
