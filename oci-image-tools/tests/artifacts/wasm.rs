//! Wasm modules and components: the layouts that are written, and those of others that are read.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::runtime::block_on;
use oci_client_core::{Error, ErrorKind};
use oci_image_tools::classify::{ArtifactKind, classify};
use oci_image_tools::pack::Pack;
use oci_image_tools::wasm::{WasmArtifact, WasmComponent, WasmFile, WasmLayout};
use oci_spec_types::{Annotations, Descriptor, MediaType};
use tempfile::TempDir;

use crate::support::{blob, image, repository, runtime, target};

const MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// A component that imports an instance of `wasi:cli/environment@0.2.0` and exports it as `example:a/b@1.0.0`, with a custom section in between.
#[cfg(feature = "wasm")]
fn component() -> Vec<u8> {
    let import = b"wasi:cli/environment@0.2.0";
    let export = b"example:a/b@1.0.0";
    let mut bytes = COMPONENT.to_vec();
    // A type: an instance that exports nothing.
    section(&mut bytes, 7, &[1, 0x42, 0]);
    section(
        &mut bytes,
        10,
        &[&[1, 0, import.len() as u8], &import[..], &[5, 0]].concat(),
    );
    section(&mut bytes, 0, &[&[4], &b"name"[..], &[0; 300]].concat());
    section(
        &mut bytes,
        11,
        &[&[1, 0, export.len() as u8], &export[..], &[5, 0, 0]].concat(),
    );
    bytes
}

#[cfg(feature = "wasm")]
fn section(bytes: &mut Vec<u8>, id: u8, content: &[u8]) {
    let len = content.len();
    bytes.extend([id, (len & 0x7f) as u8 | 0x80, (len >> 7) as u8]);
    bytes.extend(content);
}

fn write(content: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hello.wasm");
    fs::write(&path, content).unwrap();
    (folder, path)
}

fn opened(content: &[u8]) -> Result<WasmFile, Error> {
    let (_folder, path) = write(content);
    block_on(WasmFile::open(&path, &runtime()))
}

#[test]
fn a_module_in_the_layout_of_the_cncf() {
    let (folder, path) = write(MODULE);
    block_on(async {
        let file = WasmFile::open(&path, &runtime()).await.unwrap();
        assert_eq!((file.os(), file.component()), ("wasip1", None));
        let remote = repository();
        let tag = "v1".parse().unwrap();
        let file = file
            .with_author("Ada")
            .with_created("2026-01-01T00:00:00Z")
            .with_annotation(Annotations::VERSION, "1");
        let document = file.push(&remote, Some(&tag)).await.unwrap();
        let manifest = image(&document);
        let digest = &manifest.layers[0].digest;
        let config = String::from_utf8(blob(&remote, &manifest.config).await).unwrap();
        let expected = format!(
            r#"{{"created":"2026-01-01T00:00:00Z","author":"Ada","architecture":"wasm","os":"wasip1","layerDigests":["{digest}"]}}"#
        );
        assert_eq!(config, expected);
        assert_eq!(
            manifest.config.media_type.as_str(),
            "application/vnd.wasm.config.v0+json"
        );
        let layer = &manifest.layers[0];
        assert_eq!(
            (layer.media_type.as_str(), layer.annotations.get(Annotations::TITLE)),
            ("application/wasm", Some("hello.wasm"))
        );
        assert_eq!(manifest.annotations.get(Annotations::VERSION), Some("1"));
        assert_eq!(classify(document.value()), ArtifactKind::Wasm);

        let found = WasmArtifact::find(&remote, &target("v1")).await.unwrap();
        assert_eq!(found.layout(), WasmLayout::CncfV0);
        assert_eq!(found.config().and_then(|config| config.author()), Some("Ada"));
        let out = folder.path().join("out.wasm");
        found.save(&remote, &out, &*runtime()).await.unwrap();
        assert_eq!(fs::read(out).unwrap(), MODULE);
        assert_eq!(found.read(&remote, 8).await.unwrap(), MODULE);
        assert_eq!(found.read(&remote, 7).await.unwrap_err().kind(), ErrorKind::TooLarge);
    });
}

#[cfg(feature = "wasm")]
#[test]
fn what_a_component_imports_and_exports_is_read_from_it() {
    let (_folder, path) = write(&component());
    block_on(async {
        let remote = repository();
        let file = WasmFile::open(&path, &runtime()).await.unwrap();
        assert_eq!(file.os(), "wasip2");
        let document = file.push(&remote, Some(&"v1".parse().unwrap())).await.unwrap();
        let config = String::from_utf8(blob(&remote, &image(&document).config).await).unwrap();
        let expected = r#""component":{"exports":["example:a/b@1.0.0"],"imports":["wasi:cli/environment@0.2.0"]}}"#;
        assert!(config.ends_with(expected), "{config}");
        let found = WasmArtifact::find(&remote, &target("v1")).await.unwrap();
        assert_eq!(found.config().unwrap().component(), file.component());
    });
}

#[cfg(feature = "wasm")]
#[test]
fn components_that_are_torn_or_lie_are_refused() {
    let whole = component();
    // Sections that end where the file does not are fine; in between nothing is.
    let ends: Vec<usize> = (COMPONENT.len()..whole.len())
        .filter(|&end| opened(&whole[..end]).is_ok())
        .collect();
    assert_eq!(ends.len(), 4, "{ends:?}");
    for sections in [
        &[10, 0xff, 0xff, 0xff, 0xff, 0x7f][..],
        &[10, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
        &[10, 3, 0xff, 0xff, 0xff],
        &[11, 4, 1, 0, 100, b'x'],
    ] {
        let error = opened(&[COMPONENT, sections].concat()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    let mut large = COMPONENT.to_vec();
    large.extend([10, 0x80, 0x80, 0x80, 0x01]);
    large.resize(large.len() + (2 << 20), 0);
    assert_eq!(opened(&large).unwrap_err().kind(), ErrorKind::TooLarge);
    let mut many = COMPONENT.to_vec();
    many.resize(8 + 2 * 100_001, 0);
    assert_eq!(opened(&many).unwrap_err().kind(), ErrorKind::TooLarge);
}

#[test]
fn what_is_no_wasm_is_refused() {
    for content in [&b""[..], b"\0asm", b"\x7fELF....", b"\0asm\x02\0\0\0"] {
        assert_eq!(opened(content).unwrap_err().kind(), ErrorKind::Invalid);
    }
}

#[test]
fn the_layout_of_wasm_to_oci_is_for_modules() {
    let (_folder, path) = write(MODULE);
    block_on(async {
        let remote = repository();
        let file = WasmFile::open(&path, &runtime()).await.unwrap();
        let document = file.push_legacy(&remote, Some(&"v1".parse().unwrap())).await.unwrap();
        let manifest = image(&document);
        assert_eq!(
            manifest.config.media_type.as_str(),
            "application/vnd.wasm.config.v1+json"
        );
        assert_eq!(blob(&remote, &manifest.config).await, b"{}");
        assert_eq!(
            manifest.layers[0].media_type.as_str(),
            "application/vnd.wasm.content.layer.v1+wasm"
        );
        let found = WasmArtifact::find(&remote, &target("v1")).await.unwrap();
        assert_eq!(found.layout(), WasmLayout::WasmToOci);
        assert_eq!(found.read(&remote, 100).await.unwrap(), MODULE);
    });
    let said = WasmComponent::new(vec!["a:b/c".to_owned()], Vec::new()).with_target("a:b/world");
    let component = opened(COMPONENT).unwrap().with_component(said);
    let error = block_on(component.push_legacy(&repository(), None)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let document = block_on(component.push(&repository(), None));
    // The file is gone by now: what was said is in the configuration, which is made before.
    assert!(document.is_err());
}

#[test]
fn the_layouts_of_others() {
    let config = |name: &'static str| Pack::configured(MediaType::from_static(name), "{}".into());
    let layer = |pack: Pack, kind: &'static str, content: &'static str| {
        let descriptor = Descriptor::of(MediaType::from_static(kind), content.as_bytes());
        pack.with_content(descriptor, Arc::new(Bytes::from(content)))
    };
    let solo = "application/vnd.module.wasm.content.layer.v1+wasm";
    let legacy = "application/vnd.wasm.content.layer.v1+wasm";
    let component = "application/vnd.bytecodealliance.wasm.component.layer.v0+wasm";
    let image_config = "application/vnd.oci.image.config.v1+json";
    let v0 = "application/vnd.wasm.config.v0+json";
    for (pack, expected) in [
        (
            layer(config("application/vnd.module.wasm.config.v1+json"), solo, "m"),
            Ok(WasmLayout::Solo),
        ),
        (
            layer(config("application/vnd.wasmcloud.actor.archive.config"), solo, "m"),
            Ok(WasmLayout::WasmCloud),
        ),
        (layer(config(image_config), component, "m"), Ok(WasmLayout::Other)),
        (
            layer(
                layer(
                    config("application/vnd.fermyon.spin.application.v1+config"),
                    "text/plain",
                    "x",
                ),
                legacy,
                "m",
            ),
            Ok(WasmLayout::Other),
        ),
        (
            layer(layer(config(image_config), legacy, "m"), legacy, "n"),
            Err(ErrorKind::Unsupported),
        ),
        (
            layer(config(image_config), "application/vnd.oci.image.layer.v1.tar", "m"),
            Err(ErrorKind::Unsupported),
        ),
        // Of version 0 exactly one layer is read, and its configuration must be one.
        (
            layer(layer(config(v0), "application/wasm", "m"), "text/plain", "x"),
            Err(ErrorKind::Invalid),
        ),
        (layer(config(v0), "application/wasm", "m"), Err(ErrorKind::Invalid)),
    ] {
        block_on(async {
            let remote = repository();
            pack.push(&remote, Some(&"v1".parse().unwrap())).await.unwrap();
            let found = WasmArtifact::find(&remote, &target("v1")).await;
            let layout = found.as_ref().map(WasmArtifact::layout).map_err(Error::kind);
            assert_eq!(layout, expected);
            if let Ok(found) = found {
                assert_eq!(found.read(&remote, 1).await.unwrap(), "m");
            }
        });
    }
}

#[test]
fn a_configuration_about_other_layers_is_refused() {
    let zeros = "0".repeat(64);
    for (config, is_right) in [
        (r#"{"architecture":"wasm","os":"wasip1"}"#.to_owned(), true),
        (
            r#"{"architecture":"wasm","os":"wasip1","author":null,"component":null,"layerDigests":[]}"#.to_owned(),
            true,
        ),
        (r#"{"architecture":"amd64","os":"linux"}"#.to_owned(), false),
        (
            format!(r#"{{"architecture":"wasm","os":"wasip1","layerDigests":["sha256:{zeros}"]}}"#),
            false,
        ),
    ] {
        block_on(async {
            let remote = repository();
            let kind = MediaType::from_static("application/vnd.wasm.config.v0+json");
            let layer = Descriptor::of(MediaType::from_static("application/wasm"), b"m");
            let pack = Pack::configured(kind, config.clone().into()).with_content(layer, Arc::new(Bytes::from("m")));
            pack.push(&remote, Some(&"v1".parse().unwrap())).await.unwrap();
            let found = WasmArtifact::find(&remote, &target("v1")).await;
            assert_eq!(found.is_ok(), is_right, "{config}");
        });
    }
}
