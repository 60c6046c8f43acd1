//! Rules of image manifests.

use oci_spec_types::{Descriptor, Digest, MediaType, validate::Severity};
use serde_json::{Value, json};

use super::{
    Edit::{Keep, Raw, Remove, Set},
    Row, descriptor_of, error, warning,
};

const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

pub(super) fn valid() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": descriptor_of("application/vnd.oci.image.config.v1+json", b"config"),
        "layers": [descriptor_of(LAYER, b"base"), descriptor_of(LAYER, b"top")],
        "annotations": {"com.example.key": "value"},
    })
}

pub(super) fn rows() -> Vec<Row> {
    [fields(), types(), artifacts(), descriptors()]
        .into_iter()
        .flatten()
        .collect()
}

fn fields() -> Vec<Row> {
    vec![
        (
            "schemaVersion is required",
            Keep,
            Remove("/schemaVersion"),
            error("$.schemaVersion"),
        ),
        (
            "schemaVersion is 2, not 1",
            Keep,
            Set("/schemaVersion", json!(1)),
            error("$.schemaVersion"),
        ),
        (
            "schemaVersion is 2, not 3",
            Keep,
            Set("/schemaVersion", json!(3)),
            error("$.schemaVersion"),
        ),
        (
            "schemaVersion is a number",
            Keep,
            Set("/schemaVersion", json!("2")),
            error("$.schemaVersion"),
        ),
        ("config is required", Keep, Remove("/config"), error("$.config")),
        (
            "config is a descriptor",
            Keep,
            Set("/config", json!("x")),
            error("$.config"),
        ),
        (
            "config is one descriptor",
            Keep,
            Set("/config", json!([])),
            error("$.config"),
        ),
        ("layers are required", Keep, Remove("/layers"), error("$.layers")),
        ("layers are a list", Keep, Set("/layers", json!({})), error("$.layers")),
        (
            "layers are not null",
            Keep,
            Set("/layers", Value::Null),
            error("$.layers"),
        ),
        (
            "there should be a layer",
            Keep,
            Set("/layers", json!([])),
            warning("$.layers"),
        ),
        (
            "layers are descriptors",
            Keep,
            Set("/layers/1", json!(null)),
            error("$.layers[1]"),
        ),
        (
            "subject is a descriptor",
            Set(
                "/subject",
                descriptor_of("application/vnd.oci.image.manifest.v1+json", b"subject"),
            ),
            Set(
                "/subject",
                json!({"digest": Digest::sha256(b"subject").to_string(), "size": 7}),
            ),
            error("$.subject.mediaType"),
        ),
        (
            "subject should be a manifest",
            Set(
                "/subject",
                descriptor_of("application/vnd.example.manifest+json", b"subject"),
            ),
            Set("/subject", descriptor_of(LAYER, b"subject")),
            warning("$.subject.mediaType"),
        ),
        (
            "annotations are strings",
            Set("/annotations", json!({})),
            Set("/annotations/com.example.key", json!(false)),
            error(r#"$.annotations["com.example.key"]"#),
        ),
        (
            "ref.name is for index.json",
            Remove("/annotations"),
            Set("/annotations/org.opencontainers.image.ref.name", json!("v1")),
            warning(r#"$.annotations["org.opencontainers.image.ref.name"]"#),
        ),
        (
            "a document is no index as well",
            Set("/manifest", json!([])),
            Set("/manifests", json!([])),
            error("$.manifests"),
        ),
        (
            "known names are not in other case",
            Set("/layer", json!(1)),
            Set("/LAYERS", json!([])),
            error("$.LAYERS"),
        ),
    ]
}

fn types() -> Vec<Row> {
    vec![
        (
            "mediaType should be there",
            Keep,
            Remove("/mediaType"),
            warning("$.mediaType"),
        ),
        (
            "mediaType is not empty",
            Keep,
            Set("/mediaType", json!("")),
            error("$.mediaType"),
        ),
        (
            "mediaType is not that of an index",
            Keep,
            Set("/mediaType", json!("application/vnd.oci.image.index.v1+json")),
            error("$.mediaType"),
        ),
        (
            "mediaType is that of OCI",
            Keep,
            Set(
                "/mediaType",
                json!("application/vnd.docker.distribution.manifest.v2+json"),
            ),
            vec![
                (Severity::Error, "$.mediaType"),
                (Severity::Warning, "$.config.mediaType"),
                (Severity::Warning, "$.layers[0].mediaType"),
                (Severity::Warning, "$.layers[1].mediaType"),
            ],
        ),
        (
            "layers of Docker are not mixed in",
            Set(
                "/layers/1",
                descriptor_of("application/vnd.oci.image.layer.v1.tar+zstd", b"top"),
            ),
            Set(
                "/layers/1",
                descriptor_of("application/vnd.docker.image.rootfs.diff.tar.gzip", b"top"),
            ),
            warning("$.layers[1].mediaType"),
        ),
        (
            "a configuration of Docker is not mixed in",
            Keep,
            Set(
                "/config",
                descriptor_of("application/vnd.docker.container.image.v1+json", b"config"),
            ),
            warning("$.config.mediaType"),
        ),
        (
            "non-distributable layers are deprecated",
            Set(
                "/layers/0",
                descriptor_of("application/vnd.oci.image.layer.v1.tar", b"base"),
            ),
            Set(
                "/layers/0",
                descriptor_of("application/vnd.oci.image.layer.nondistributable.v1.tar", b"base"),
            ),
            warning("$.layers[0].mediaType"),
        ),
        (
            "the layers of an image are layers",
            Keep,
            Set("/layers/0", descriptor_of("text/plain", b"base")),
            warning("$.layers[0].mediaType"),
        ),
        (
            "a manifest is no layer",
            Keep,
            Set(
                "/layers/0",
                descriptor_of("application/vnd.oci.image.index.v1+json", b"base"),
            ),
            warning("$.layers[0].mediaType"),
        ),
        (
            "a platform is for entries of an index",
            Keep,
            Set("/layers/0/platform", json!({"architecture": "amd64", "os": "linux"})),
            warning("$.layers[0].platform"),
        ),
    ]
}

fn artifacts() -> Vec<Row> {
    let artifact = |artifact_type: Option<&str>| {
        let mut document = json!({
            "schemaVersion": 2,
            "mediaType": MediaType::IMAGE_MANIFEST,
            "config": Descriptor::empty(),
            "layers": [Descriptor::empty()],
        });
        if let Some(artifact_type) = artifact_type {
            document["artifactType"] = json!(artifact_type);
        }
        Raw(document.to_string())
    };
    vec![
        (
            "an empty configuration needs an artifact type",
            artifact(Some("application/vnd.example")),
            artifact(None),
            error("$.artifactType"),
        ),
        (
            "an artifact type is not empty",
            artifact(Some("application/vnd.example")),
            artifact(Some("")),
            error("$.artifactType"),
        ),
        (
            "an artifact type is a media type",
            Set("/artifactType", json!("a/b")),
            Set("/artifactType", json!("artifact")),
            error("$.artifactType"),
        ),
        (
            "a configuration of its own needs no artifact type",
            Set(
                "/config",
                descriptor_of("application/vnd.example.config+json", b"config"),
            ),
            Set("/config/mediaType", json!("application/vnd.oci.empty.v1+json")),
            vec![
                (Severity::Error, "$.artifactType"),
                (Severity::Error, "$.config.digest"),
            ],
        ),
    ]
}

fn descriptors() -> Vec<Row> {
    vec![
        (
            "digests of layers are whole",
            Set("/layers/0/digest", json!(Digest::sha512(b"base").to_string())),
            Set("/layers/0/digest", json!("sha256:0123")),
            error("$.layers[0].digest"),
        ),
        (
            "the digest of the configuration is whole",
            Keep,
            Set("/config/digest", json!("sha256:0")),
            error("$.config.digest"),
        ),
        (
            "sizes of layers are not negative",
            Keep,
            Set("/layers/1/size", json!(-1)),
            error("$.layers[1].size"),
        ),
        (
            "sizes of layers are not 0",
            Keep,
            Set("/layers/1/size", json!(0)),
            error("$.layers[1].size"),
        ),
        (
            "the size of the configuration is no string",
            Keep,
            Set("/config/size", json!("6")),
            error("$.config.size"),
        ),
        (
            "data of the configuration is the content",
            Set("/config/data", json!("Y29uZmln")),
            Set("/config/data", json!("Y29uZmlH")),
            error("$.config.data"),
        ),
        (
            "urls of layers are absolute",
            Set("/layers/0/urls", json!(["https://example.com/layer"])),
            Set("/layers/0/urls", json!(["https://example.com/layer", "//example.com"])),
            error("$.layers[0].urls[1]"),
        ),
        (
            "unknown algorithms are carried",
            Keep,
            Set(
                "/layers/0/digest",
                json!("multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8"),
            ),
            warning("$.layers[0].digest"),
        ),
    ]
}
