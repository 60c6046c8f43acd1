//! Artifacts about a manifest, attached and found.

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_image_tools::attach::{attach, attached, attached_by_tag};
use oci_image_tools::classify::ArtifactKind;
use oci_image_tools::pack::Pack;
use oci_spec_types::{Descriptor, MediaType, Tag};

use crate::support::{image, repository, target};

const SIGNATURE: MediaType = MediaType::from_static("application/vnd.cncf.notary.signature");
const SPDX: MediaType = MediaType::from_static("application/spdx+json");

fn sbom() -> Pack {
    Pack::new(SPDX).with_bytes(SPDX, "sbom.spdx.json", r#"{"spdxVersion":"SPDX-2.3"}"#)
}

fn signature() -> Pack {
    let content = MediaType::from_static("application/jose+json");
    Pack::new(SIGNATURE).with_bytes(content, "signature", "signed")
}

#[test]
fn what_is_attached_is_found_by_its_kind_and_read() {
    block_on(async {
        let remote = repository();
        let subject = Pack::new(MediaType::from_static("application/vnd.example"));
        let subject = subject.push(&remote, Some(&"v1".parse().unwrap())).await.unwrap();
        assert!(attached(&remote, subject.digest(), None).await.unwrap().is_empty());
        for artifact in [sbom(), signature()] {
            let artifact = attach(&remote, &target("v1"), artifact).await.unwrap();
            assert!(artifact.recorded().is_some());
            assert_eq!(image(artifact.document()).subject, Some(subject.descriptor()));
        }
        let all = attached(&remote, subject.digest(), None).await.unwrap();
        let mut kinds: Vec<_> = all.iter().map(|artifact| artifact.kind().as_str()).collect();
        kinds.sort_unstable();
        assert_eq!(kinds, ["notation", "sbom"]);

        let signatures = attached(&remote, subject.digest(), Some(&SIGNATURE)).await.unwrap();
        let [signature] = signatures.as_slice() else {
            panic!("{signatures:?}");
        };
        let [layer] = signature.layers() else {
            panic!("{signature:?}");
        };
        assert_eq!(signature.read(&remote, layer, 6).await.unwrap(), "signed");
        let error = signature.read(&remote, layer, 5).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");

        // An artifact about an artifact, by digest.
        let at = target(&signature.document().digest().to_string());
        attach(&remote, &at, sbom()).await.unwrap();
        let second = attached(&remote, signature.document().digest(), None).await.unwrap();
        assert_eq!(second.len(), 1);
        assert_eq!(second[0].kind(), ArtifactKind::Sbom);
    });
}

#[test]
fn nothing_goes_up_for_a_subject_that_is_not_there() {
    block_on(async {
        let remote = repository();
        let error = attach(&remote, &target("none"), sbom()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        let layer = image(&sbom().document().unwrap()).layers[0].digest.clone();
        assert!(!remote.has_blob(&layer).await.unwrap());
    });
}

#[test]
fn what_cosign_keeps_under_tags_is_found() {
    block_on(async {
        let remote = repository();
        let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"subject");
        assert!(attached_by_tag(&remote, &subject.digest).await.unwrap().is_empty());
        let simple = MediaType::from_static("application/vnd.dev.cosign.simplesigning.v1+json");
        let signed = Pack::configured(MediaType::IMAGE_CONFIG, "{}".into()).with_content(
            Descriptor::of(simple, b"payload"),
            std::sync::Arc::new(bytes::Bytes::from("payload")),
        );
        let tag: Tag = format!("sha256-{}.sig", subject.digest.encoded_string())
            .parse()
            .unwrap();
        signed.push(&remote, Some(&tag)).await.unwrap();
        let found = attached_by_tag(&remote, &subject.digest).await.unwrap();
        let kinds: Vec<_> = found.iter().map(|artifact| artifact.kind()).collect();
        assert_eq!(kinds, [ArtifactKind::Cosign]);
    });
}
