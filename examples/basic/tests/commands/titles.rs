//! Names of files, by whomever they were given.

use std::ffi::OsStr;
use std::sync::Arc;

use oci_client_core::client::Client;
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

use crate::support::{Registry, command, failed, files};

#[test]
fn c24_a_title_that_is_no_plain_file_name_is_refused() {
    let (registry, folder) = (
        Registry::start(&["--allow-missing-blobs"]),
        tempfile::tempdir().unwrap(),
    );
    let long = "x".repeat(256);
    for title in [
        "../out",
        "/tmp/out",
        "a/b",
        "..",
        ".",
        "",
        "a\\b",
        "c:d",
        "a\nb",
        "\u{1b}[2J",
        &long,
    ] {
        let reference = registry.reference("hostile:v1");
        push_titled(&reference, &["good.txt", title]);
        let (inside, before) = (folder.path().join("inside"), files(folder.path()));
        let output = command("fetch", [reference.as_ref(), inside.as_os_str()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{title:?}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("fetch: refused: the title"), "{text}");
        assert!(!text.trim_end().chars().any(char::is_control), "{text:?}");
        // Nothing is fetched, the files with good titles included.
        assert_eq!(files(folder.path()), before, "{title:?}");
    }
}

#[test]
fn two_files_of_one_name_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("b")).unwrap();
    let files = ["a", "b/a"].map(|name| folder.path().join(name));
    files.iter().for_each(|file| std::fs::write(file, "").unwrap());
    let arguments = [
        OsStr::new("localhost:1/x:y"),
        files[0].as_os_str(),
        files[1].as_os_str(),
    ];
    assert_eq!(failed("push", arguments), 1);
}

/// Pushes an artifact with these titles, which `push` would not write.
fn push_titled(reference: &str, titles: &[&str]) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = MemoryStore::new();
        let text = MediaType::from_static("text/plain");
        let layer = |title: &&str| {
            let content = title.as_bytes().to_vec();
            store
                .add_blob(text.clone(), content)
                .with_annotation(Annotations::TITLE, *title)
        };
        let layers = titles.iter().map(layer).collect();
        store.add_blob(Descriptor::empty().media_type, "{}");
        let manifest = AnyManifest::Image(ImageManifest::artifact(text.clone(), layers));
        let reference: Reference = reference.parse().unwrap();
        store.add_manifest(Document::from_value(manifest).unwrap(), reference.tag().cloned());
        let transport = Arc::new(ReqwestTransport::builder().no_proxy().build().unwrap());
        let client = Client::new(transport, Arc::new(TokioRuntime::try_current().unwrap()));
        let (from, to) = (reference.target().unwrap(), client.repository(&reference));
        copy(&store, &from, &to, reference.tag(), &CopyOptions::new())
            .await
            .unwrap();
    });
}
