//! Artifacts that have a directory in them, as `oras push` writes it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::client::Client;
use oci_client_core::runtime::Runtime;
use oci_image_tools::pack::Pack;
use oci_spec_types::{Annotations, Descriptor, MediaType, Reference};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

use crate::support::{Registry, command, files, run, stdout};

#[test]
fn a_directory_is_unpacked_once_and_a_file_beside_it_is_a_file() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let (data, out) = (folder.path().join("data"), folder.path().join("out"));
    fs::create_dir_all(data.join("sub/empty")).unwrap();
    fs::write(data.join("sub/file"), "content").unwrap();
    std::os::unix::fs::symlink("sub/file", data.join("link")).unwrap();
    let reference = registry.reference("packs:v1");
    push(&reference, "data", Some(&data));
    let arguments = [reference.as_ref(), out.as_os_str()];
    assert_eq!(stdout(&run("fetch", arguments)), "data\nbeside.tgz\n");
    // An archive that is not to be unpacked.
    assert_eq!(fs::read(out.join("beside.tgz")).unwrap(), b"beside");
    assert_eq!(fs::read(out.join("data/link")).unwrap(), b"content");
    assert!(out.join("data/sub/empty").is_dir());
    assert_eq!(fs::read_link(out.join("data/link")).unwrap(), Path::new("sub/file"));
    // What is there is not mixed with what is fetched.
    fs::write(out.join("data/own"), "").unwrap();
    let again = command("fetch", arguments).output().unwrap();
    assert_eq!(again.status.code(), Some(1));
    let text = String::from_utf8(again.stderr).unwrap();
    assert!(text.contains("holds something already"), "{text}");
    assert_eq!(files(&out.join("data")).len(), 3);
}

/// C24: neither title nor content is one that could be trusted.
#[test]
fn c24_what_is_no_archive_of_a_directory_leaves_nothing() {
    let (registry, folder) = (Registry::start(&[]), tempfile::tempdir().unwrap());
    let reference = registry.reference("packs:v1");
    for (title, says) in [
        ("data", "the directory `data` cannot be unpacked"),
        ("a/b", "refused: the title"),
    ] {
        push(&reference, title, None);
        let out = folder.path().join("out");
        let output = command("fetch", [reference.as_ref(), out.as_os_str()])
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{title}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with("fetch: ") && text.contains(says), "{text}");
        assert!(!out.exists() || files(&out).is_empty(), "{title}");
    }
}

/// Pushes a directory, or what says that it is one and is none, with a file beside it.
fn push(reference: &str, title: &str, directory: Option<&Path>) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let reference: Reference = reference.parse().unwrap();
        let (text, runtime): (_, Arc<dyn Runtime>) = (
            MediaType::from_static("text/plain"),
            Arc::new(TokioRuntime::try_current().unwrap()),
        );
        let transport = Arc::new(ReqwestTransport::builder().no_proxy().build().unwrap());
        let repository = Client::new(transport, runtime.clone()).repository(&reference);
        let pack = Pack::new(text.clone());
        let pack = match directory {
            Some(directory) => pack.with_directory(title, directory, &runtime).await.unwrap(),
            None => {
                let layer = Descriptor::of(text, b"no archive").with_annotation(Annotations::TITLE, title);
                let layer = layer.with_annotation("io.deis.oras.content.unpack", "true");
                pack.with_content(layer, Arc::new(Bytes::from_static(b"no archive")))
            }
        };
        let pack = pack.with_bytes(MediaType::IMAGE_LAYER_GZIP, "beside.tgz", "beside");
        pack.push(&repository, reference.tag()).await.unwrap();
    });
}
