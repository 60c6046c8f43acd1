use oci_spec_types::{AnyManifest, Document, Limits, MediaType};

use super::{ArtifactKind, classify};

/// A manifest of an artifact type, the type of a configuration, and layers with an annotation each.
fn kind(artifact_type: &str, config: &str, layers: &[(&str, &str)]) -> ArtifactKind {
    annotated(artifact_type, config, layers, "{}")
}

fn annotated(artifact_type: &str, config: &str, layers: &[(&str, &str)], annotations: &str) -> ArtifactKind {
    let blob = |media_type: &str, annotation: &str| {
        let digest = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        format!(
            r#"{{"mediaType":"{media_type}","digest":"{digest}","size":2,"annotations":{{"{annotation}":"value"}}}}"#
        )
    };
    let layers: Vec<_> = layers
        .iter()
        .map(|(layer, annotation)| blob(layer, annotation))
        .collect();
    let artifact_type = match artifact_type {
        "" => String::new(),
        name => format!(r#""artifactType":"{name}","#),
    };
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{manifest}",{artifact_type}"config":{config},"layers":[{layers}],"annotations":{annotations}}}"#,
        manifest = MediaType::IMAGE_MANIFEST,
        config = blob(config, "a"),
        layers = layers.join(","),
    );
    let document = Document::<AnyManifest>::parse_declared(text.into_bytes(), &Limits::new()).unwrap();
    classify(document.value())
}

const EMPTY: &str = "application/vnd.oci.empty.v1+json";
const IMAGE: &str = "application/vnd.oci.image.config.v1+json";
const TAR: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

#[test]
fn by_artifact_type() {
    for (artifact_type, expected) in [
        ("application/spdx+json", ArtifactKind::Sbom),
        ("application/vnd.cncf.model.manifest.v1+json", ArtifactKind::Model),
        ("application/vnd.cncf.notary.signature", ArtifactKind::Notation),
        ("application/vnd.cyclonedx+json", ArtifactKind::Sbom),
        ("application/vnd.dev.cosign.artifact.sig.v1+json", ArtifactKind::Cosign),
        ("application/vnd.dev.sigstore.bundle.v0.3+json", ArtifactKind::Cosign),
        (
            "application/vnd.docker.attestation.manifest.v1+json",
            ArtifactKind::BuildKitAttestation,
        ),
        ("application/vnd.helm.plugin.v1+json", ArtifactKind::HelmPlugin),
        ("application/vnd.in-toto+json", ArtifactKind::InToto),
        ("application/vnd.unknown.artifact.v1", ArtifactKind::Generic),
        ("text/spdx", ArtifactKind::Sbom),
    ] {
        assert_eq!(kind(artifact_type, EMPTY, &[(EMPTY, "a")]), expected, "{artifact_type}");
        // It counts before the layers.
        assert_eq!(
            ArtifactKind::of_type(&artifact_type.parse().unwrap()).unwrap_or(ArtifactKind::Generic),
            expected
        );
    }
}

#[test]
fn by_configuration() {
    for (config, expected) in [
        (IMAGE, ArtifactKind::Image),
        ("application/vnd.docker.container.image.v1+json", ArtifactKind::Image),
        ("application/vnd.cncf.flux.config.v1+json", ArtifactKind::Flux),
        ("application/vnd.cncf.helm.config.v1+json", ArtifactKind::HelmChart),
        ("application/vnd.cncf.notary.signature", ArtifactKind::Notation),
        ("application/vnd.docker.ai.model.config.v0.1+json", ArtifactKind::Model),
        ("application/vnd.kitops.modelkit.config.v1+json", ArtifactKind::Model),
        ("application/vnd.module.wasm.config.v1+json", ArtifactKind::Wasm),
        ("application/vnd.unknown.config.v1+json", ArtifactKind::Generic),
        ("application/vnd.wasm.config.v0+json", ArtifactKind::Wasm),
        ("application/vnd.wasm.config.v1+json", ArtifactKind::Wasm),
        ("application/vnd.wasmcloud.actor.archive.config", ArtifactKind::Wasm),
    ] {
        assert_eq!(kind("", config, &[(TAR, "a")]), expected, "{config}");
    }
}

#[test]
fn by_layers() {
    let signature = "dev.cosignproject.cosign/signature";
    let dsse = "application/vnd.dsse.envelope.v1+json";
    let statement = ("application/vnd.in-toto+json", "in-toto.io/predicate-type");
    let simple = "application/vnd.dev.cosign.simplesigning.v1+json";
    for (config, layers, expected) in [
        (IMAGE, &[(simple, signature)][..], ArtifactKind::Cosign),
        (IMAGE, &[(dsse, signature)], ArtifactKind::Cosign),
        (IMAGE, &[(dsse, "a")], ArtifactKind::InToto),
        (IMAGE, &[statement, statement], ArtifactKind::BuildKitAttestation),
        (EMPTY, &[statement], ArtifactKind::InToto),
        (IMAGE, &[statement, (TAR, "a")], ArtifactKind::Image),
        (IMAGE, &[("text/spdx+json", "a")], ArtifactKind::Sbom),
        (
            EMPTY,
            &[("text/spdx+json", "a"), ("text/plain", "a")],
            ArtifactKind::Generic,
        ),
        (
            IMAGE,
            &[("application/vnd.bytecodealliance.wasm.component.layer.v0+wasm", "a")],
            ArtifactKind::Wasm,
        ),
        (
            EMPTY,
            &[("application/vnd.wasm.content.layer.v1+wasm", "a")],
            ArtifactKind::Wasm,
        ),
        (
            EMPTY,
            &[("application/vnd.cncf.flux.content.v1.tar+gzip", "a")],
            ArtifactKind::Flux,
        ),
        (IMAGE, &[], ArtifactKind::Image),
        (EMPTY, &[], ArtifactKind::Generic),
    ] {
        assert_eq!(kind("", config, layers), expected, "{config} {layers:?}");
    }
    let compat = r#"{"module.wasm.image/variant":"compat"}"#;
    assert_eq!(annotated("", IMAGE, &[(TAR, "a")], compat), ArtifactKind::Wasm);
    // An artifact type that says nothing known leaves it to the layers, but never makes an image.
    assert_eq!(
        kind("application/vnd.example", IMAGE, &[(TAR, "a")]),
        ArtifactKind::Generic
    );
}

#[test]
fn indexes() {
    for (text, expected) in [
        (r#"{"schemaVersion":2,"manifests":[]}"#, ArtifactKind::Index),
        (
            r#"{"schemaVersion":2,"artifactType":"application/vnd.example","manifests":[]}"#,
            ArtifactKind::Index,
        ),
        (
            r#"{"schemaVersion":2,"artifactType":"application/spdx+json","manifests":[]}"#,
            ArtifactKind::Sbom,
        ),
    ] {
        let document = Document::<AnyManifest>::parse(text.as_bytes(), MediaType::IMAGE_INDEX).unwrap();
        assert_eq!(classify(document.value()), expected, "{text}");
    }
}

#[test]
fn every_kind_has_a_name_of_its_own() {
    let kinds = [
        ArtifactKind::BuildKitAttestation,
        ArtifactKind::Cosign,
        ArtifactKind::Flux,
        ArtifactKind::Generic,
        ArtifactKind::HelmChart,
        ArtifactKind::HelmPlugin,
        ArtifactKind::Image,
        ArtifactKind::Index,
        ArtifactKind::InToto,
        ArtifactKind::Model,
        ArtifactKind::Notation,
        ArtifactKind::Sbom,
        ArtifactKind::Wasm,
    ];
    let names: std::collections::HashSet<_> = kinds.iter().map(ToString::to_string).collect();
    assert_eq!(names.len(), kinds.len());
}
