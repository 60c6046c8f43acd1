//! Artifacts of image-spec 1.0 and 1.1, of bytes, files and directories.

use std::fs;
use std::io::Read as _;
use std::path::Path;

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_client_core::store::{MemoryStore, OciLayout};
use oci_image_tools::pack::Pack;
use oci_spec_types::{Annotations, Descriptor, MediaType};

use crate::support::{blob, image, pushed, repository, runtime};

const KIND: MediaType = MediaType::from_static("application/vnd.example.kind");
const TEXT: MediaType = MediaType::from_static("text/plain");

#[test]
fn the_forms_of_a_manifest() {
    let json = r#"{"a":1}"#;
    let config = MediaType::from_static("application/vnd.example.config+json");
    for (pack, artifact_type, config_type, layers) in [
        (Pack::new(KIND), Some(KIND), MediaType::EMPTY_JSON, 1),
        (
            Pack::new(KIND).with_config(config.clone(), json.into()),
            Some(KIND),
            config.clone(),
            1,
        ),
        (Pack::image_spec_1_0(KIND), None, KIND, 0),
        (Pack::configured(config.clone(), json.into()), None, config, 0),
    ] {
        block_on(async {
            let repository = repository();
            let tag = "v1".parse().unwrap();
            let document = pack.push(&repository, Some(&tag)).await.unwrap();
            assert_eq!(pushed(&repository, "v1").await.bytes(), document.bytes());
            let manifest = image(&document);
            assert_eq!(
                (&manifest.artifact_type, &manifest.config.media_type),
                (&artifact_type, &config_type)
            );
            // 1.1 recommends a layer where there is none, 1.0 does not know the empty one.
            assert_eq!(manifest.layers, vec![Descriptor::empty(); layers]);
            for part in manifest.blobs() {
                blob(&repository, part).await;
            }
        });
    }
}

#[test]
fn files_and_bytes_keep_their_order_and_names_in_every_store() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("b");
    fs::write(&file, "from a file").unwrap();
    block_on(async {
        let pack = Pack::new(KIND).with_bytes(TEXT, "z.txt", "first");
        let pack = pack.with_file(TEXT, "a/b.txt", &file, &runtime()).await.unwrap();
        let pack = pack.with_annotation(Annotations::CREATED, "2026-01-01T00:00:00Z");
        let (memory, remote) = (MemoryStore::new(), repository());
        let layout = OciLayout::create(folder.path().join("layout"), runtime())
            .await
            .unwrap();
        let tag = "v1".parse().unwrap();
        let document = pack.push(&remote, Some(&tag)).await.unwrap();
        for again in [
            pack.push(&memory, Some(&tag)).await.unwrap(),
            pack.push(&layout, Some(&tag)).await.unwrap(),
            pack.document().unwrap(),
        ] {
            assert_eq!(again.digest(), document.digest());
        }
        let layers = &image(&document).layers;
        let titles: Vec<_> = layers
            .iter()
            .map(|layer| layer.annotations.get(Annotations::TITLE))
            .collect();
        assert_eq!(titles, [Some("z.txt"), Some("a/b.txt")]);
        assert_eq!(blob(&remote, &layers[1]).await, b"from a file");
    });
}

#[test]
fn what_is_refused_before_anything_is_sent() {
    let with = |title: &str| Pack::new(KIND).with_bytes(TEXT, title, "x");
    for pack in [
        with("../x"),
        with("/x"),
        with("a//x"),
        with("a\\x"),
        with(""),
        with("."),
        with("a").with_bytes(TEXT, "a", "y"),
        Pack::image_spec_1_0(KIND).with_subject(Descriptor::empty()),
    ] {
        let store = MemoryStore::new();
        let error = block_on(pack.push(&store, None)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        assert!(format!("{store:?}").contains("blobs: 0"));
    }
}

#[test]
fn a_file_that_changes_between_looking_and_pushing_is_not_pushed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a");
    fs::write(&file, "before").unwrap();
    block_on(async {
        let pack = Pack::new(KIND).with_file(TEXT, "a", &file, &runtime()).await.unwrap();
        fs::write(&file, "after!").unwrap();
        let error = pack.push(&repository(), None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch, "{error}");
    });
}

#[cfg(unix)]
fn fill(root: &Path, names: &[&str]) {
    use std::fs::Permissions;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    fs::create_dir_all(root.join("sub/empty")).unwrap();
    for name in names {
        fs::write(root.join(name), name).unwrap();
        fs::set_permissions(root.join(name), Permissions::from_mode(0o640)).unwrap();
    }
    symlink("../b", root.join("sub/link")).unwrap();
    for folder in [".", "sub", "sub/empty"] {
        fs::set_permissions(root.join(folder), Permissions::from_mode(0o750)).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_directory_becomes_the_same_layer_every_time_as_oras_describes_it() {
    let long = "n".repeat(180);
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    fill(&one, &["b", "a", "sub/c", &long]);
    fill(&other, &[&long, "sub/c", "a", "b"]);
    block_on(async {
        let pack = Pack::new(KIND)
            .with_directory("my/dir", &one, &runtime())
            .await
            .unwrap();
        let again = Pack::new(KIND)
            .with_directory("my/dir", &other, &runtime())
            .await
            .unwrap();
        assert_eq!(pack.document().unwrap(), again.document().unwrap());

        let repository = repository();
        let document = pack.push(&repository, None).await.unwrap();
        let layer = &image(&document).layers[0];
        assert_eq!(layer.media_type, MediaType::IMAGE_LAYER_GZIP);
        let mut plain = Vec::new();
        let compressed = blob(&repository, layer).await;
        flate2::read::GzDecoder::new(&*compressed)
            .read_to_end(&mut plain)
            .unwrap();
        let digest = oci_spec_types::Digest::sha256(&plain).to_string();
        for (name, value) in [
            ("io.deis.oras.content.digest", digest.as_str()),
            ("io.deis.oras.content.unpack", "true"),
            (Annotations::TITLE, "my/dir"),
        ] {
            assert_eq!(layer.annotations.get(name), Some(value));
        }
        let mut archive = tar::Archive::new(&*plain);
        let mut listed = Vec::new();
        for entry in archive.entries().unwrap() {
            let entry = entry.unwrap();
            let header = entry.header();
            assert_eq!(
                (header.mtime().unwrap(), header.uid().unwrap(), header.gid().unwrap()),
                (0, 0, 0)
            );
            let mode = header.mode().unwrap();
            let link = entry.link_name().unwrap().map(|link| link.display().to_string());
            listed.push((entry.path().unwrap().display().to_string(), mode & 0o740, link));
        }
        let expected = [
            ("my/dir/".to_owned(), 0o740, None),
            ("my/dir/a".to_owned(), 0o640, None),
            ("my/dir/b".to_owned(), 0o640, None),
            (format!("my/dir/{long}"), 0o640, None),
            ("my/dir/sub/".to_owned(), 0o740, None),
            ("my/dir/sub/c".to_owned(), 0o640, None),
            ("my/dir/sub/empty/".to_owned(), 0o740, None),
            ("my/dir/sub/link".to_owned(), 0o740, Some("../b".to_owned())),
        ];
        assert_eq!(listed, expected);
    });
}

/// Of an image's layer nothing but what whiteouts and hard links mean there: whoever unpacks an artifact may know neither.
#[cfg(unix)]
#[test]
fn u03_u06_a_directory_has_no_hard_links_and_no_whiteouts() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::write(root.join(".wh.a"), "content").unwrap();
    fs::hard_link(root.join(".wh.a"), root.join("b")).unwrap();
    block_on(async {
        let pack = Pack::new(KIND).with_directory("d", &root, &runtime()).await.unwrap();
        let repository = repository();
        let document = pack.push(&repository, None).await.unwrap();
        let compressed = blob(&repository, &image(&document).layers[0]).await;
        let mut archive = tar::Archive::new(flate2::read::GzDecoder::new(&*compressed));
        let mut listed = Vec::new();
        for entry in archive.entries().unwrap() {
            let mut entry = entry.unwrap();
            let mut content = String::new();
            entry.read_to_string(&mut content).unwrap();
            let kind = entry.header().entry_type();
            listed.push((entry.path().unwrap().display().to_string(), kind, content));
        }
        let expected = [
            ("d/", tar::EntryType::Directory, ""),
            ("d/.wh.a", tar::EntryType::Regular, "content"),
            ("d/b", tar::EntryType::Regular, "content"),
        ];
        assert_eq!(
            listed,
            expected.map(|(path, kind, content)| (path.to_owned(), kind, content.to_owned()))
        );
    });
}

#[cfg(unix)]
#[test]
fn what_is_no_directory_or_has_a_socket_in_it_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("file"), "x").unwrap();
    let with_socket = folder.path().join("with");
    fs::create_dir(&with_socket).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(with_socket.join("socket")).unwrap();
    for (path, kind) in [
        (folder.path().join("file"), ErrorKind::Invalid),
        (folder.path().join("none"), ErrorKind::Store),
        (with_socket, ErrorKind::Invalid),
    ] {
        let error = block_on(Pack::new(KIND).with_directory("d", &path, &runtime())).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
    }
}
