//! Helm charts: what `Chart.yaml` may say, what archives may hold, and the layouts that Helm reads and writes.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_client_core::runtime::block_on;
use oci_client_core::{Error, ErrorKind};
use oci_image_tools::classify::{ArtifactKind, classify};
use oci_image_tools::helm::{Chart, ChartMetadata, RemoteChart, tag_of_version, version_of_tag, versions};
use oci_image_tools::pack::Pack;
use oci_spec_types::{Annotations, Descriptor, Digest, MediaType};

use crate::support::{blob, image, pushed, repository, runtime, target};

const CHART_YAML: &str = r#"
apiVersion: v2
name: demo
version: 1.2.3+build.5
appVersion: 1.16
description: "A <demo> & more"
type: application
home: https://example.com
sources: [https://git.example.com/demo, https://other.example.com]
keywords: null
maintainers:
  - name: Ada
    email: ada@example.com
  - name: Grace
annotations:
  org.example.team: core
  org.opencontainers.image.title: not the name
  org.opencontainers.image.url: https://docs.example.com
dependencies:
  - name: base
    version: ^1.0.0
    repository: oci://registry.example.com/charts
    import-values: [data]
unknown: [1, 2]
"#;

const CONFIG: &str = concat!(
    r#"{"name":"demo","home":"https://example.com","sources":["https://git.example.com/demo","https://other.example.com"],"#,
    r#""version":"1.2.3+build.5","description":"A \u003cdemo\u003e \u0026 more","#,
    r#""maintainers":[{"name":"Ada","email":"ada@example.com"},{"name":"Grace"}],"apiVersion":"v2","appVersion":"1.16","#,
    r#""annotations":{"org.example.team":"core","org.opencontainers.image.title":"not the name","#,
    r#""org.opencontainers.image.url":"https://docs.example.com"},"#,
    r#""dependencies":[{"name":"base","version":"^1.0.0","repository":"oci://registry.example.com/charts","import-values":["data"]}],"#,
    r#""type":"application"}"#
);

/// An archive of these files.
fn archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, content.as_bytes()).unwrap();
    }
    builder.into_inner().unwrap()
}

fn compressed(archive: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(archive).unwrap();
    encoder.finish().unwrap()
}

fn write(folder: &Path, content: &[u8]) -> PathBuf {
    let path = folder.join("chart.tgz");
    fs::write(&path, content).unwrap();
    path
}

fn opened(content: &[u8]) -> Result<Chart, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), content);
    block_on(Chart::open(&path, &runtime()))
}

fn with_yaml(yaml: &str) -> Result<Chart, Error> {
    opened(&compressed(&archive(&[("demo/Chart.yaml", yaml)])))
}

#[test]
fn a_chart_goes_up_as_helm_lays_it_out_and_comes_back_whole() {
    let folder = tempfile::tempdir().unwrap();
    let content = compressed(&archive(&[
        ("demo/values.yaml", "a: 1"),
        ("demo/Chart.yaml", CHART_YAML),
        ("demo/charts/base/Chart.yaml", "name: base"),
    ]));
    let path = write(folder.path(), &content);
    let provenance = format!("files:\n  demo-1.2.3+build.5.tgz: {}\n", Digest::sha256(&content));
    block_on(async {
        let chart = Chart::open(&path, &runtime()).await.unwrap();
        assert_eq!(chart.metadata().app_version(), "1.16");
        assert_eq!(chart.metadata().dependencies()[0].version(), "^1.0.0");
        assert_eq!(chart.metadata().to_json(), CONFIG);
        let parent = "registry.example.com/charts".parse().unwrap();
        let reference = chart.reference(&parent).unwrap();
        assert_eq!(reference.to_string(), "registry.example.com/charts/demo:1.2.3_build.5");
        assert!(chart.reference(&reference).is_err());

        let remote = repository();
        let chart = chart
            .with_provenance(provenance.clone())
            .unwrap()
            .with_created("2026-01-01T00:00:00Z");
        let document = chart.push(&remote).await.unwrap();
        assert_eq!(pushed(&remote, "1.2.3_build.5").await.digest(), document.digest());
        assert_eq!(classify(document.value()), ArtifactKind::HelmChart);
        let manifest = image(&document);
        assert_eq!(blob(&remote, &manifest.config).await, CONFIG.as_bytes());
        let annotations: Vec<_> = manifest.annotations.iter().collect();
        let expected = [
            ("org.example.team", "core"),
            (Annotations::AUTHORS, "Ada (ada@example.com), Grace"),
            (Annotations::CREATED, "2026-01-01T00:00:00Z"),
            (Annotations::DESCRIPTION, "A <demo> & more"),
            (Annotations::SOURCE, "https://git.example.com/demo"),
            (Annotations::TITLE, "demo"),
            (Annotations::URL, "https://docs.example.com"),
            (Annotations::VERSION, "1.2.3+build.5"),
        ];
        assert_eq!(annotations, expected);

        let found = RemoteChart::find(&remote, &target("1.2.3_build.5")).await.unwrap();
        assert_eq!(found.metadata(), chart.metadata());
        let saved = found
            .save(&remote, folder.path().join("out/deep"), &*runtime())
            .await
            .unwrap();
        assert_eq!(saved.chart, folder.path().join("out/deep/demo-1.2.3+build.5.tgz"));
        assert_eq!(fs::read(&saved.chart).unwrap(), content);
        assert_eq!(fs::read_to_string(saved.provenance.unwrap()).unwrap(), provenance);
        assert_eq!(versions(&remote).await.unwrap(), ["1.2.3+build.5"]);
    });
}

#[test]
fn what_helm_writes_is_read_wherever_its_layers_stand() {
    let config = MediaType::from_static("application/vnd.cncf.helm.config.v1+json");
    let provenance = MediaType::from_static("application/vnd.cncf.helm.chart.provenance.v1.prov");
    let legacy = MediaType::from_static("application/tar+gzip");
    let chart = MediaType::from_static("application/vnd.cncf.helm.chart.content.v1.tar+gzip");
    let layer = |pack: Pack, kind: &MediaType, content: &'static str| {
        pack.with_content(
            Descriptor::of(kind.clone(), content.as_bytes()),
            std::sync::Arc::new(bytes::Bytes::from(content)),
        )
    };
    let base = || Pack::configured(config.clone(), CONFIG.into());
    for (pack, expected) in [
        (layer(layer(base(), &provenance, "p"), &chart, "c"), None),
        (layer(base(), &legacy, "c"), None),
        (base(), Some(ErrorKind::Invalid)),
        (layer(layer(base(), &chart, "c"), &chart, "d"), Some(ErrorKind::Invalid)),
        (
            layer(layer(base(), &legacy, "c"), &chart, "d"),
            Some(ErrorKind::Invalid),
        ),
        (Pack::configured(config.clone(), "{}".into()), Some(ErrorKind::Invalid)),
        (
            layer(Pack::new(chart.clone()), &chart, "c"),
            Some(ErrorKind::Unsupported),
        ),
    ] {
        block_on(async {
            let remote = repository();
            let tag = "1.0.0".parse().unwrap();
            pack.push(&remote, Some(&tag)).await.unwrap();
            let found = RemoteChart::find(&remote, &target("1.0.0")).await;
            match expected {
                None => assert_eq!(blob(&remote, found.unwrap().chart()).await, b"c"),
                Some(kind) => assert_eq!(found.unwrap_err().kind(), kind),
            }
        });
    }
}

#[test]
fn u01_a_configuration_cannot_choose_where_its_chart_is_saved() {
    for name in ["../x", "a/b", "..", ".", "", "a\\b", ".hidden", "a\0b", "/etc/x"] {
        let json = serde_json::json!({"name": name, "version": "1.0.0", "apiVersion": "v2"}).to_string();
        let error = ChartMetadata::from_json(json.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{name:?}");
    }
    for version in ["../1.0.0", "1/2", "", "1.0_0", "1 0"] {
        let json = serde_json::json!({"name": "a", "version": version, "apiVersion": "v2"}).to_string();
        assert!(ChartMetadata::from_json(json.as_bytes()).is_err(), "{version:?}");
    }
}

#[test]
fn charts_that_are_refused() {
    let valid = "apiVersion: v2\nname: a\nversion: 1.0.0\n";
    assert!(with_yaml(valid).is_ok());
    let bomb: String = (1..30)
        .map(|level| format!("l{level}: &a{level} [*a{0}, *a{0}, *a{0}]\n", level - 1))
        .collect();
    let bomb = format!("l0: &a0 [x, x]\n{bomb}{valid}");
    for yaml in [
        "",
        "- a list",
        "name: a\nversion: 1.0.0\n",
        "apiVersion: v2\nversion: 1.0.0\n",
        "apiVersion: v2\nname: a\n",
        "apiVersion: v2\nname: a\nname: b\nversion: 1.0.0\n",
        "apiVersion: v2\nname: a\nversion: 1.0.0\n---\napiVersion: v2\nname: b\nversion: 1.0.0\n",
        &format!("{valid}extra: {}", "[".repeat(5000)),
        &bomb,
    ] {
        let error = with_yaml(yaml).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    let twice = archive(&[("a/Chart.yaml", valid), ("b/Chart.yaml", valid)]);
    let base = archive(&[("Chart.yaml", valid)]);
    let mut torn = archive(&[("a/Chart.yaml", valid)]);
    torn.truncate(520);
    for content in [
        compressed(&twice),
        compressed(&base),
        compressed(&torn),
        compressed(b"no archive"),
        archive(&[("a/Chart.yaml", valid)]),
        Vec::new(),
    ] {
        assert_eq!(opened(&content).unwrap_err().kind(), ErrorKind::Invalid);
    }
}

#[test]
fn u11_a_name_in_an_extension_is_the_name() {
    let valid = "apiVersion: v2\nname: a\nversion: 1.0.0\n";
    // A gnu long name.
    let folder = "f".repeat(150);
    let long = archive(&[(&format!("{folder}/Chart.yaml"), valid)]);
    assert!(opened(&compressed(&long)).is_ok());
    // A pax path, over a name in the header that says something else.
    let mut builder = tar::Builder::new(Vec::new());
    builder
        .append_pax_extensions([("path", b"a/Chart.yaml".as_slice())])
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(valid.len() as u64);
    header.set_path("a/other").unwrap();
    header.set_cksum();
    builder.append(&header, valid.as_bytes()).unwrap();
    assert!(opened(&compressed(&builder.into_inner().unwrap())).is_ok());
    // A pax size: others would read other entries than we.
    let mut builder = tar::Builder::new(Vec::new());
    builder.append_pax_extensions([("size", b"0".as_slice())]).unwrap();
    builder.append(&header, valid.as_bytes()).unwrap();
    assert!(opened(&compressed(&builder.into_inner().unwrap())).is_err());
}

#[test]
fn u12_u15_little_that_becomes_much_comes_to_an_end() {
    let zeros = vec![0; 1 << 20];
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let mut header = tar::Header::new_gnu();
    header.set_path("a/values.yaml").unwrap();
    header.set_size(200 << 20);
    header.set_cksum();
    encoder.write_all(header.as_bytes()).unwrap();
    for _ in 0..101 {
        encoder.write_all(&zeros).unwrap();
    }
    let error = opened(&encoder.finish().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");

    // A name of a GiB, of which nothing is held.
    header.set_entry_type(tar::EntryType::GNULongName);
    header.set_size(1 << 30);
    header.set_cksum();
    assert!(opened(&compressed(header.as_bytes())).is_err());
    // A Chart.yaml over its limit.
    let large = format!("apiVersion: v2\nname: a\nversion: 1.0.0\n#{}", "x".repeat(1 << 20));
    assert!(with_yaml(&large).is_err());
}

#[test]
fn a_provenance_belongs_to_its_chart() {
    let chart = with_yaml("apiVersion: v2\nname: a\nversion: 1.0.0\n").unwrap();
    let other = format!("a-1.0.0.tgz: {}", Digest::sha256(b"other"));
    for (provenance, kind) in [
        (other.into_bytes(), ErrorKind::Invalid),
        (Vec::new(), ErrorKind::Invalid),
        (vec![b'x'; (1 << 20) + 1], ErrorKind::TooLarge),
    ] {
        let error = chart.clone().with_provenance(provenance).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[test]
fn versions_and_tags() {
    for version in ["1.0.0", "1.0.0-rc.1", "1.0.0+a.b", "1.0.0-rc.1+a", "v1.2", "1.2"] {
        let tag = tag_of_version(version).unwrap();
        assert!(!tag.as_str().contains('+'));
        assert_eq!(version_of_tag(&tag), version);
    }
    for version in ["", "1.0_0", "1.0.0/x", "+1", "1.0.0 "] {
        assert!(tag_of_version(version).is_err(), "{version:?}");
    }
    block_on(async {
        let remote = repository();
        let pack = Pack::new(MediaType::JSON);
        for tag in [
            "1.0.0",
            "1.0.0-rc.1",
            "0.9.0",
            "10.0.0",
            "2.0.0_b",
            "latest",
            "1.2",
            "v3.0.0",
        ] {
            pack.push(&remote, Some(&tag.parse().unwrap())).await.unwrap();
        }
        let listed = versions(&remote).await.unwrap();
        assert_eq!(listed, ["10.0.0", "2.0.0+b", "1.0.0", "1.0.0-rc.1", "0.9.0"]);
    });
}
