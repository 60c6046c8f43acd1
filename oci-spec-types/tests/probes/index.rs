//! Rules of image indexes.

use oci_spec_types::Digest;
use serde_json::{Value, json};

use super::{
    Edit::{Keep, Remove, Set},
    Row, descriptor_of, error, warning,
};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(super) fn valid() -> Value {
    let mut entry = descriptor_of(MANIFEST, b"manifest");
    entry["platform"] = json!({"architecture": "amd64", "os": "linux"});
    json!({
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [entry, descriptor_of("application/vnd.oci.image.index.v1+json", b"nested")],
    })
}

pub(super) fn rows() -> Vec<Row> {
    [fields(), entries(), platforms()].into_iter().flatten().collect()
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
            "schemaVersion is 2",
            Keep,
            Set("/schemaVersion", json!(1)),
            error("$.schemaVersion"),
        ),
        (
            "schemaVersion is an integer",
            Keep,
            Set("/schemaVersion", json!(2.5)),
            error("$.schemaVersion"),
        ),
        (
            "manifests are required",
            Keep,
            Remove("/manifests"),
            error("$.manifests"),
        ),
        (
            "manifests may be empty",
            Set("/manifests", json!([])),
            Set("/manifests", Value::Null),
            error("$.manifests"),
        ),
        (
            "manifests are a list",
            Keep,
            Set("/manifests", json!("x")),
            error("$.manifests"),
        ),
        (
            "mediaType should be there",
            Keep,
            Remove("/mediaType"),
            warning("$.mediaType"),
        ),
        (
            "mediaType is its own",
            Keep,
            Set("/mediaType", json!(MANIFEST)),
            error("$.mediaType"),
        ),
        (
            "mediaType is that of OCI",
            Keep,
            Set(
                "/mediaType",
                json!("application/vnd.docker.distribution.manifest.list.v2+json"),
            ),
            error("$.mediaType"),
        ),
        (
            "mediaType is a media type",
            Keep,
            Set("/mediaType", json!("index")),
            error("$.mediaType"),
        ),
        (
            "artifactType is a media type",
            Set("/artifactType", json!("application/vnd.example")),
            Set("/artifactType", json!("example")),
            error("$.artifactType"),
        ),
        (
            "subject is a descriptor",
            Set("/subject", descriptor_of(MANIFEST, b"s")),
            Set("/subject", json!({})),
            vec![
                (oci_spec_types::validate::Severity::Error, "$.subject.mediaType"),
                (oci_spec_types::validate::Severity::Error, "$.subject.digest"),
                (oci_spec_types::validate::Severity::Error, "$.subject.size"),
            ],
        ),
        (
            "annotations are strings",
            Set("/annotations", json!({"com.example.a": ""})),
            Set("/annotations", json!({"com.example.a": {}})),
            error(r#"$.annotations["com.example.a"]"#),
        ),
        (
            "an index is no manifest as well",
            Set("/layer", json!([])),
            Set("/layers", json!([])),
            error("$.manifests"),
        ),
        (
            "an index has no configuration",
            Set("/configs", json!(1)),
            Set("/config", Value::Null),
            error("$.manifests"),
        ),
        (
            "known names are not in other case",
            Set("/manifest", json!(1)),
            Set("/Manifests", json!([])),
            error("$.Manifests"),
        ),
    ]
}

fn entries() -> Vec<Row> {
    vec![
        (
            "entries have a media type",
            Keep,
            Remove("/manifests/0/mediaType"),
            error("$.manifests[0].mediaType"),
        ),
        (
            "entries may have unknown media types",
            Set("/manifests/0/mediaType", json!("application/customized.manifest+json")),
            Set("/manifests/0/mediaType", json!("customized")),
            error("$.manifests[0].mediaType"),
        ),
        (
            "entries are manifests",
            Set(
                "/manifests/0/mediaType",
                json!("application/vnd.docker.distribution.manifest.v2+json"),
            ),
            Set(
                "/manifests/0/mediaType",
                json!("application/vnd.oci.image.layer.v1.tar"),
            ),
            warning("$.manifests[0].mediaType"),
        ),
        (
            "entries have a digest",
            Keep,
            Remove("/manifests/1/digest"),
            error("$.manifests[1].digest"),
        ),
        (
            "digests of entries are whole",
            Keep,
            Set("/manifests/1/digest", json!("sha256:abc")),
            error("$.manifests[1].digest"),
        ),
        (
            "sizes of entries are not negative",
            Keep,
            Set("/manifests/0/size", json!(-1)),
            error("$.manifests[0].size"),
        ),
        (
            "artifact types of entries are media types",
            Set("/manifests/0/artifactType", json!("a/b")),
            Set("/manifests/0/artifactType", json!("a b")),
            error("$.manifests[0].artifactType"),
        ),
        (
            "data of entries is the content",
            Set("/manifests/1/data", json!("bmVzdGVk")),
            Set("/manifests/1/data", json!("e30=")),
            error("$.manifests[1].data"),
        ),
        (
            "entries may name a target",
            Set(
                "/manifests/0/annotations",
                json!({"org.opencontainers.image.ref.name": "v1.0"}),
            ),
            Set(
                "/manifests/0/annotations",
                json!({"org.opencontainers.image.ref.name": ""}),
            ),
            warning(r#"$.manifests[0].annotations["org.opencontainers.image.ref.name"]"#),
        ),
        (
            "entries of the same target are no fault",
            Set("/manifests/1", descriptor_of(MANIFEST, b"manifest")),
            Set("/manifests/1", json!(Digest::sha256(b"x").to_string())),
            error("$.manifests[1]"),
        ),
    ]
}

fn platforms() -> Vec<Row> {
    let platform = |platform: Value| Set("/manifests/0/platform", platform);
    vec![
        (
            "a platform has an architecture",
            Keep,
            Remove("/manifests/0/platform/architecture"),
            error("$.manifests[0].platform.architecture"),
        ),
        (
            "a platform has an operating system",
            Keep,
            Remove("/manifests/0/platform/os"),
            error("$.manifests[0].platform.os"),
        ),
        (
            "a platform is an object",
            Keep,
            platform(json!("linux/amd64")),
            error("$.manifests[0].platform"),
        ),
        (
            "an architecture is not empty",
            platform(json!({"architecture": "s390x", "os": "linux"})),
            platform(json!({"architecture": "", "os": "linux"})),
            error("$.manifests[0].platform.architecture"),
        ),
        (
            "an architecture is one of Go",
            platform(json!({"architecture": "loong64", "os": "linux"})),
            platform(json!({"architecture": "x86_64", "os": "linux"})),
            warning("$.manifests[0].platform.architecture"),
        ),
        (
            "an operating system is one of Go",
            platform(json!({"architecture": "amd64", "os": "freebsd"})),
            platform(json!({"architecture": "amd64", "os": "Linux"})),
            warning("$.manifests[0].platform.os"),
        ),
        (
            "an attestation has no platform",
            platform(json!({"architecture": "unknown", "os": "unknown"})),
            platform(json!({"architecture": "none", "os": "unknown"})),
            warning("$.manifests[0].platform.architecture"),
        ),
        (
            "a variant is one of the architecture",
            platform(json!({"architecture": "arm", "os": "linux", "variant": "v7"})),
            platform(json!({"architecture": "arm", "os": "linux", "variant": "armv7"})),
            warning("$.manifests[0].platform.variant"),
        ),
        (
            "variants of arm64 may have a minor version",
            platform(json!({"architecture": "arm64", "os": "linux", "variant": "v8.1"})),
            platform(json!({"architecture": "arm64", "os": "linux", "variant": "8"})),
            warning("$.manifests[0].platform.variant"),
        ),
        (
            "features of an operating system are strings",
            platform(
                json!({"architecture": "amd64", "os": "windows", "os.version": "10.0", "os.features": ["win32k"]}),
            ),
            platform(json!({"architecture": "amd64", "os": "windows", "os.features": "win32k"})),
            error(r#"$.manifests[0].platform["os.features"]"#),
        ),
        (
            "features are reserved",
            platform(json!({"architecture": "amd64", "os": "linux", "unknown": 1})),
            platform(json!({"architecture": "amd64", "os": "linux", "features": ["sse4"]})),
            warning("$.manifests[0].platform.features"),
        ),
    ]
}
