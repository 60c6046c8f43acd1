//! What changes change, and what they leave as it is.

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_spec_types::{Annotations, ImageManifest, MediaType};

use super::{check, image, layer, odd, scratch, tag};
use crate::build::{Image, ImageFormat};

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

fn loaded() -> Image {
    block_on(Image::load(odd(), &tag("odd"), None)).unwrap()
}

#[test]
fn what_is_not_changed_keeps_its_bytes() {
    let image = loaded();
    let same = image.clone().edit().finish().unwrap();
    assert_eq!(same.manifest(), image.manifest());
    assert_eq!(same.config(), image.config());
    let same = image
        .clone()
        .edit()
        .env("A", "1")
        .platform("linux/amd64".parse().unwrap())
        .finish()
        .unwrap();
    assert_eq!(same.digest(), image.digest());
}

#[test]
fn fields_that_are_not_changed_keep_text_and_order() {
    let image = loaded();
    let changed = image.clone().edit().env("A", "2").label("k", "v").finish().unwrap();
    let diff_id = image.config().value().rootfs.diff_ids[0].to_string();
    assert_eq!(
        text(changed.config().bytes()),
        format!(
            r#"{{"os":"linux","history":null,"z":{{"b": 1.0, "a": 10000000000000000000000000}},"rootfs":{{"diff_ids": ["{diff_id}"], "type": "layers", "w": 0.10}},"config":{{"Healthcheck":{{"Test": [ "NONE" ]}},"Env":["PATH=/bin","A=2"],"Labels":{{"k":"v"}}}},"architecture":"amd64"}}"#
        )
    );
    let manifest = text(changed.manifest().bytes());
    assert!(
        manifest.starts_with(r#"{"x":1.50e1,"layers":[ { "size":  "#),
        "{manifest}"
    );
    assert!(
        manifest.ends_with(r#""annotations":null,"schemaVersion":2}"#),
        "{manifest}"
    );
    assert!(manifest.contains(r#""y":[1.0, 2]},"annotations"#), "{manifest}");
    assert_eq!(changed.manifest().value().config.digest, *changed.config().digest());
    assert_eq!(
        changed.manifest().value().config.size,
        changed.config().bytes().len() as u64
    );
}

#[test]
fn every_change_is_in_the_configuration() {
    let changed = scratch("linux/arm64/v8")
        .edit()
        .created("2024-01-01T00:00:00Z")
        .cmd(["dropped"])
        .entrypoint(["/app", "--serve"])
        .cmd(["a", "b"])
        .env("A", "1")
        .env("B", "2")
        .env("A", "3")
        .exposed_port("80/tcp")
        .label("one", "1")
        .label("two", "2")
        .without_label("one")
        .user("1000:1000")
        .working_dir("/srv")
        .annotation("x", "1")
        .annotation("y", "2")
        .without_annotation("x")
        .append(&layer("a"), "COPY a")
        .finish()
        .unwrap();
    let diff_id = layer("a").diff_id().to_string();
    assert_eq!(
        text(changed.config().bytes()),
        format!(
            r#"{{"architecture":"arm64","os":"linux","rootfs":{{"type":"layers","diff_ids":["{diff_id}"]}},"created":"2024-01-01T00:00:00Z","config":{{"User":"1000:1000","ExposedPorts":{{"80/tcp":{{}}}},"Env":["A=3","B=2"],"Entrypoint":["/app","--serve"],"Cmd":["a","b"],"WorkingDir":"/srv","Labels":{{"two":"2"}}}},"history":[{{"created":"2024-01-01T00:00:00Z","created_by":"COPY a"}}]}}"#
        )
    );
    let manifest = changed.manifest().value();
    assert_eq!(manifest.annotations, Annotations::from([("y", "2")]));
    assert_eq!(manifest.layers, [layer("a").descriptor().clone()]);
}

#[test]
fn entrypoint_drops_the_arguments_of_another() {
    let changed = scratch("linux/amd64")
        .edit()
        .cmd(["old"])
        .entrypoint(["new"])
        .finish()
        .unwrap();
    assert_eq!(changed.config().value().config.as_ref().unwrap().cmd, None);
}

#[test]
fn history_stays_in_step_with_the_layers() {
    let changed = loaded().edit().append(&layer("top"), "top").finish().unwrap();
    let history = &changed.config().value().history;
    let told: Vec<_> = history.iter().map(|step| step.created_by.as_deref()).collect();
    assert_eq!(told, [None, Some("top")]);
    let broken = image(&["a", "b"]).edit().config(|config| {
        config.history.pop();
    });
    check(
        broken.finish(),
        ErrorKind::Invalid,
        "tells of 1 layers, but there are 2",
    );
    let broken = image(&["a"]).edit().config(|config| config.rootfs.diff_ids.clear());
    check(broken.finish(), ErrorKind::Invalid, "out of step");
}

#[test]
fn a_base_is_named_in_annotations() {
    let base = image(&["base"]);
    let changed = base
        .clone()
        .edit()
        .base("docker.io/library/base:1", &base)
        .finish()
        .unwrap();
    let annotations = &changed.manifest().value().annotations;
    assert_eq!(
        annotations.get(Annotations::BASE_NAME),
        Some("docker.io/library/base:1")
    );
    assert_eq!(
        annotations.get(Annotations::BASE_DIGEST),
        Some(base.digest().to_string().as_str())
    );
}

#[test]
fn formats_differ_in_types_and_nothing_else() {
    let oci = image(&["a", "b"]);
    let docker = oci.clone().convert(ImageFormat::Docker).unwrap();
    let manifest: &ImageManifest = docker.manifest().value();
    assert_ne!(docker.digest(), oci.digest());
    assert_eq!(docker.manifest().media_type(), &MediaType::DOCKER_MANIFEST);
    assert_eq!(manifest.config.media_type, MediaType::DOCKER_CONFIG);
    assert!(
        manifest
            .layers
            .iter()
            .all(|layer| layer.media_type == MediaType::DOCKER_LAYER_GZIP)
    );
    assert_eq!(docker.config().bytes(), oci.config().bytes());
    let appended = docker.clone().edit().append(&layer("c"), "c").finish().unwrap();
    assert_eq!(
        appended.manifest().value().layers[2].media_type,
        MediaType::DOCKER_LAYER_GZIP
    );
    assert_eq!(
        docker.clone().convert(ImageFormat::Docker).unwrap().digest(),
        docker.digest()
    );
    assert_eq!(docker.convert(ImageFormat::Oci).unwrap().digest(), oci.digest());

    let annotated = oci.edit().annotation("a", "b").finish().unwrap();
    check(
        annotated.convert(ImageFormat::Docker),
        ErrorKind::Unsupported,
        "annotations",
    );
}
