//! Manifests that are not what was asked for (C01-C04, C07, C16, C17).

use http::Method;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Digest, ImageManifest, MediaType, Mismatch};
use test_support::{Exchange, Recorder, Reply, Responder, ScriptedTransport, SimRuntime};

use crate::support::{Image, by_digest, document, impatient, manifest_path, repository, target};

/// Types that a server may call its answer.
const TYPES: [&str; 9] = [
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v1+prettyjws",
    "application/json",
    "application/octet-stream",
    "text/html",
];

#[test]
fn c01_c02_no_content_type_lets_a_wrong_manifest_pass() {
    let wanted = Image::new(1, &[10]);
    let other = Image::new(2, &[10]);
    for media_type in TYPES {
        for claim in [None, Some(wanted.digest()), Some(other.digest())] {
            let mut reply = Reply::new(200).with_header("content-type", media_type);
            if let Some(claim) = claim {
                reply = reply.with_header("docker-content-digest", claim.to_string());
            }
            let error = get(
                &by_digest(wanted.digest()).to_string(),
                reply.with_body(other.document.bytes().to_vec()),
            );
            let error = error.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Mismatch, "{media_type}: {error}");
            assert!(
                matches!(error.mismatch(), Some(Mismatch::Digest { expected, .. }) if **expected == *wanted.digest())
            );
        }
    }
}

#[test]
fn cp4_c03_a_docker_content_digest_never_stands_in_for_hashing() {
    let image = Image::new(1, &[10]);
    let (digest, other) = (image.digest().to_string(), Digest::sha256(b"other").to_string());
    let sha512 = Digest::sha512(image.document.bytes()).to_string();
    let by_tag = "v1".to_owned();
    let table = [
        (&by_tag, None, None),
        (&by_tag, Some(digest.clone()), None),
        (&by_tag, Some(sha512.clone()), None),
        (&by_tag, Some(other.clone()), Some(ErrorKind::Mismatch)),
        (
            &by_tag,
            Some(Digest::sha512(b"other").to_string()),
            Some(ErrorKind::Mismatch),
        ),
        (&by_tag, Some("sha256:00".to_owned()), Some(ErrorKind::Protocol)),
        (&by_tag, Some("\u{ff}".to_owned()), Some(ErrorKind::Protocol)),
        (&digest, None, None),
        (&digest, Some(digest.clone()), None),
        (&digest, Some(sha512), None),
        (&digest, Some(other), Some(ErrorKind::Mismatch)),
        (&digest, Some("garbage".to_owned()), Some(ErrorKind::Protocol)),
    ];
    for (target, claim, expected) in table {
        let mut reply = Reply::new(200).with_header("content-type", TYPES[0]);
        if let Some(claim) = &claim {
            reply = reply.with_header("docker-content-digest", claim);
        }
        let found = get(target, reply.with_body(image.document.bytes().to_vec()));
        assert_eq!(
            found.as_ref().err().map(Error::kind),
            expected,
            "{target} {claim:?} {found:?}"
        );
        if let Ok(found) = found {
            assert_eq!(found, *image.digest());
        }
    }
}

#[test]
fn c03_the_digest_of_a_head_is_checked_against_the_one_asked_for() {
    let digest = Digest::sha256(b"wanted");
    let other = Digest::sha256(b"other");
    let table = [
        (digest.to_string(), digest.to_string(), Ok(digest.clone())),
        (
            digest.to_string(),
            Digest::sha512(b"wanted").to_string(),
            Ok(digest.clone()),
        ),
        (digest.to_string(), other.to_string(), Err(ErrorKind::Mismatch)),
        (digest.to_string(), "garbage".to_owned(), Err(ErrorKind::Protocol)),
        ("v1".to_owned(), other.to_string(), Ok(other)),
        ("v1".to_owned(), "garbage".to_owned(), Err(ErrorKind::Protocol)),
    ];
    for (asked, claim, expected) in table {
        let runtime = SimRuntime::new();
        let reply = Reply::new(200)
            .with_header("content-type", TYPES[0])
            .with_header("content-length", "6")
            .with_header("docker-content-digest", &claim);
        let server = ScriptedTransport::new(&runtime, [Exchange::head(manifest_path(&asked), reply)]);
        let found = runtime.run(impatient(&runtime, server).resolve(&target(&asked)));
        let found = found.map(|found| found.unwrap().digest).map_err(|error| error.kind());
        assert_eq!(found, expected, "{asked} {claim}");
    }
}

#[test]
fn cp4_cp8_c03_a_head_without_a_digest_is_followed_by_a_get_that_is_hashed() {
    let image = Image::new(1, &[10]);
    let runtime = SimRuntime::new();
    let head = Reply::new(200).with_header("content-type", TYPES[0]);
    let get = head.clone().with_body(image.document.bytes().to_vec());
    let path = manifest_path(&"v1");
    let server = ScriptedTransport::new(&runtime, [Exchange::head(&path, head), Exchange::get(&path, get)]);
    let found = runtime
        .run(repository(&runtime, server).resolve(&target("v1")))
        .unwrap();
    assert_eq!(found, Some(image.document.descriptor()));
}

#[test]
fn c04_a_tag_that_moves_gives_one_image_or_the_other_but_no_mixture() {
    let images = [Image::new(1, &[10, 20]), Image::new(2, &[10, 20])];
    let documents = images
        .each_ref()
        .map(|image| (image.digest().clone(), image.document.bytes().to_vec()));
    let runtime = SimRuntime::new();
    let mut visits = 0;
    // The tag points to the other image each time that it is asked for.
    let recorder = Recorder::new(Responder::new(&runtime, move |request| {
        let path = request.uri().path();
        let place = match documents.iter().position(|(digest, _)| path == manifest_path(digest)) {
            Some(place) => place,
            None => {
                visits += 1;
                visits % 2
            }
        };
        let (digest, bytes) = &documents[place];
        let reply = Reply::new(200)
            .with_header("content-type", TYPES[0])
            .with_header("docker-content-digest", digest.to_string());
        let length = bytes.len().to_string();
        if request.method() == Method::HEAD {
            reply.with_header("content-length", length)
        } else {
            reply.with_body(bytes.clone())
        }
    }));
    let app = repository(&runtime, recorder.clone());
    runtime.run(async {
        let resolved = app.resolve(&target("v1")).await.unwrap().unwrap();
        assert_eq!(resolved.digest, *images[1].digest());
        // Whoever goes on by the digest that was resolved gets that image, wherever the tag points by now.
        let manifest = app.manifest(&by_digest(&resolved.digest)).await.unwrap();
        assert_eq!(manifest.digest(), &resolved.digest);
        // A pull by tag asks for the tag once.
        recorder.clear();
        let manifest = app.manifest(&target("v1")).await.unwrap();
        assert_eq!((manifest.digest(), recorder.count()), (images[0].digest(), 1));
    });
}

#[test]
fn c07_a_manifest_whose_length_is_right_after_all_is_taken() {
    let image = Image::new(1, &[10]);
    let bytes = image.document.bytes().to_vec();
    let reply = Reply::new(200).with_header("content-type", TYPES[0]);
    assert!(get("v1", reply.with_header("content-length", "3").with_piece(bytes)).is_ok());
}

#[test]
fn c16_a_manifest_above_the_limit_is_refused_by_its_length_alone() {
    let runtime = SimRuntime::new();
    let length = (4 << 20) + 1;
    let reply = Reply::new(200)
        .with_header("content-type", TYPES[0])
        .with_header("content-length", length.to_string());
    let recorder = Recorder::new(Responder::new(&runtime, move |_| {
        reply.clone().with_endless(vec![b' '; 1000])
    }));
    let error = runtime
        .run(impatient(&runtime, recorder.clone()).manifest(&target("v1")))
        .unwrap_err();
    assert_eq!((error.kind(), recorder.received()), (ErrorKind::TooLarge, 0));
    assert!(
        error.to_string().contains(&length.to_string()) && error.to_string().contains("4194304"),
        "{error}"
    );
}

#[test]
fn c16_an_endless_manifest_is_read_up_to_the_limit() {
    let runtime = SimRuntime::new();
    let reply = Reply::new(200)
        .with_header("content-type", TYPES[0])
        .with_endless(vec![b' '; 10_000]);
    let recorder = Recorder::new(Responder::new(&runtime, move |_| reply.clone())).with_budget(1);
    let error = runtime
        .run(repository(&runtime, recorder.clone()).manifest(&target("v1")))
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    assert!(recorder.received() <= (4 << 20) + 10_000);
}

#[test]
fn c16_a_manifest_of_exactly_the_limit_is_read() {
    let config = oci_spec_types::Descriptor::of(MediaType::IMAGE_CONFIG, b"{}");
    let empty = document(ImageManifest::new(config.clone(), Vec::new()).with_annotation("filler", ""));
    let filler = "x".repeat((4 << 20) - empty.bytes().len());
    let full = document(ImageManifest::new(config, Vec::new()).with_annotation("filler", filler));
    assert_eq!(full.bytes().len(), 4 << 20);
    let reply = Reply::new(200)
        .with_header("content-type", TYPES[0])
        .with_body(full.bytes().to_vec());
    assert_eq!(get("v1", reply).unwrap(), *full.digest());
}

#[test]
fn c17_a_coded_manifest_is_an_error() {
    let image = Image::new(1, &[10]);
    for coding in ["gzip", "br"] {
        let reply = Reply::new(200)
            .with_header("content-type", TYPES[0])
            .with_header("content-encoding", coding);
        let error = get("v1", reply.with_body(image.document.bytes().to_vec())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(error.to_string().contains(coding), "{error}");
    }
}

#[test]
fn c17_a_coded_list_of_tags_is_an_error() {
    let runtime = SimRuntime::new();
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    let reply = Reply::new(200).with_header("content-encoding", "gzip").with_json(gzip);
    let tags = impatient(&runtime, Responder::new(&runtime, move |_| reply.clone())).tags();
    assert_eq!(runtime.run(tags.all()).unwrap_err().kind(), ErrorKind::Protocol);
}

/// Gets a manifest from a server that gives `reply`, and gives its digest.
fn get(asked: &str, reply: Reply) -> Result<Digest, Error> {
    let runtime = SimRuntime::new();
    let server = ScriptedTransport::new(&runtime, [Exchange::get(manifest_path(&asked), reply)]);
    let document = runtime.run(impatient(&runtime, server).manifest(&target(asked)))?;
    document.digest().verify(document.bytes()).unwrap();
    Ok(document.digest().clone())
}

#[test]
fn p01_after_an_error_the_same_page_is_asked_for_again() {
    let runtime = SimRuntime::new();
    let link = "</v2/app/tags/list?last=a>; rel=next";
    let broken = std::sync::Mutex::new(true);
    let responder = Responder::new(&runtime, move |request: &http::Request<bytes::Bytes>| {
        match request.uri().query() {
            None => Reply::new(200)
                .with_json(r#"{"name":"app","tags":["a"]}"#)
                .with_header("link", link),
            Some(_) if std::mem::take(&mut *broken.lock().unwrap()) => Reply::new(403),
            Some(_) => Reply::new(200).with_json(r#"{"name":"app","tags":["b"]}"#),
        }
    });
    let mut tags = crate::support::repository(&runtime, responder).tags();
    assert_eq!(runtime.run(tags.page()).unwrap().unwrap(), ["a".parse().unwrap()]);
    assert!(runtime.run(tags.page()).is_err());
    assert_eq!(runtime.run(tags.page()).unwrap().unwrap(), ["b".parse().unwrap()]);
    assert_eq!(runtime.run(tags.page()).unwrap(), None);
}
