//! Manifests as they are pushed (CM1, CM2, CM5) and deleted (CX2).

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_client_core::ErrorKind;
use oci_client_core::store::{CopyOptions, copy};
use oci_registry::Registry;
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, Limits, MediaType};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{Image, app, builder, by_digest, document, repository, tag, target};

#[test]
fn cm1_cm2_a_manifest_is_sent_as_what_it_says_that_it_is() {
    for media_type in [
        MediaType::IMAGE_MANIFEST,
        MediaType::IMAGE_INDEX,
        MediaType::DOCKER_MANIFEST,
        MediaType::DOCKER_MANIFEST_LIST,
    ] {
        let name = media_type.as_str();
        let config = r#"{"mediaType":"a/b","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
        let text = if name.contains("index") || name.contains("list") {
            format!(r#"{{"schemaVersion":2,"mediaType":"{name}","manifests":[]}}"#)
        } else {
            format!(r#"{{"schemaVersion":2,"mediaType":"{name}","config":{config},"layers":[]}}"#)
        };
        let declared: Document<AnyManifest> = Document::parse(text.as_bytes(), media_type.clone()).unwrap();
        let undeclared = text.replace(&format!(r#","mediaType":"{name}""#), "");
        let silent: Document<AnyManifest> = Document::parse(undeclared.as_bytes(), media_type.clone()).unwrap();
        for document in [&declared, &silent] {
            let runtime = SimRuntime::new();
            let recorder = Recorder::new(Responder::new(&runtime, |_: &Request<Bytes>| Reply::new(201)));
            let app = repository(&runtime, recorder.clone());
            runtime.run(async {
                app.push_manifest(&target("v1"), document).await.unwrap();
                app.push_manifest(&by_digest(document.digest()), document)
                    .await
                    .unwrap();
                app.push_manifest_tagged(document, &[tag("v2")]).await.unwrap();
            });
            assert!(recorder.count() > 3);
            for request in recorder.requests() {
                assert_eq!(request.header("content-type"), Some(name));
                assert_eq!(request.content, document.bytes());
            }
        }
        // Nothing that calls itself something else can become a document of that type.
        for other in [MediaType::IMAGE_MANIFEST, MediaType::IMAGE_INDEX] {
            let read = Document::<AnyManifest>::parse(text.as_bytes(), other.clone());
            assert_eq!(read.is_ok(), other == media_type, "{name} as {other}");
        }
    }
}

#[test]
fn cm5_a_manifest_of_4_mib_goes_up_and_comes_down_and_a_larger_one_is_a_clear_error() {
    const LIMIT: usize = 4 << 20;
    let of_size = |length: usize| {
        let manifest = |padding: usize| {
            let manifest = ImageManifest::new(Descriptor::empty(), vec![Descriptor::empty()]);
            document(manifest.with_annotation("padding", "x".repeat(padding)))
        };
        manifest(length - manifest(0).bytes().len())
    };
    let (runtime, registry) = (SimRuntime::new(), Registry::in_memory());
    let app = repository(&runtime, registry);
    runtime.run(async {
        let empty = Arc::new(Bytes::from_static(b"{}"));
        app.push_blob(&Descriptor::empty(), empty).await.unwrap();
        let largest = of_size(LIMIT);
        assert_eq!(largest.bytes().len(), LIMIT);
        app.push_manifest(&target("v1"), &largest).await.unwrap();
        let back = app.manifest(&target("v1")).await.unwrap();
        assert_eq!(back.bytes(), largest.bytes());
        let longer = [largest.bytes(), b" "].concat();
        let limits = Limits::new().with_document_bytes(LIMIT + 1);
        let longer = Document::parse_with(longer, MediaType::IMAGE_MANIFEST, &limits).unwrap();
        let error = app.push_manifest(&target("v2"), &longer).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    });
    for status in [413, 400] {
        let strict = Responder::new(&runtime, move |_: &Request<Bytes>| Reply::new(status));
        let error = runtime
            .run(repository(&runtime, strict).push_manifest(&target("v1"), &of_size(1000)))
            .unwrap_err();
        let expected = if status == 413 {
            ErrorKind::TooLarge
        } else {
            ErrorKind::Refused
        };
        assert_eq!(error.kind(), expected, "{error}");
    }
}

#[test]
fn cx2_a_digest_takes_its_tags_along_and_a_tag_nothing() {
    let (runtime, image) = (SimRuntime::new(), Image::new(1, &[10]));
    let app = app(&builder(&runtime, Registry::in_memory()).build());
    let digest = by_digest(image.digest());
    runtime.run(async {
        let (store, options) = (image.store("v1"), CopyOptions::new());
        copy(&store, &target("v1"), &app, Some(&tag("v1")), &options)
            .await
            .unwrap();
        let tags = [tag("v2"), tag("v3")];
        app.push_manifest_tagged(&image.document, &tags).await.unwrap();

        app.delete_manifest(&target("v1")).await.unwrap();
        assert_eq!(app.resolve(&target("v1")).await.unwrap(), None);
        assert_eq!(app.tags().all().await.unwrap(), tags);
        app.manifest(&digest).await.unwrap();

        app.delete_manifest(&digest).await.unwrap();
        assert_eq!(app.resolve(&digest).await.unwrap(), None);
        assert_eq!(app.tags().all().await.unwrap(), []);
        // It is gone, and that is said.
        for target in [target("v2"), digest] {
            let error = app.delete_manifest(&target).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
        }
    });
}
