//! Archives that are no archives, or that two readers could read as two things.

use std::path::Path;

use futures_executor::block_on;
use oci_client_core::ErrorKind;
use oci_client_core::store::Source;
use oci_spec_types::Descriptor;

use crate::oci::write;
use crate::support::{Graph, open_docker, open_oci, read, target};

#[test]
fn u15_an_archive_that_is_compressed_as_a_whole_is_refused_with_what_to_do() {
    for (magic, program) in [
        (&b"\x1f\x8b\x08\x00"[..], "gzip -d"),
        (b"\x28\xb5\x2f\xfd", "zstd -d"),
        (b"\xfd7zXZ\x00", "xz -d"),
        (b"BZh9", "bzip2 -d"),
    ] {
        let mut content = magic.to_vec();
        content.resize(1024, 0);
        let error = refused(&content);
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(error.to_string().contains(program), "{error}");
    }
}

#[test]
fn what_is_no_tar_or_no_layout_is_refused() {
    let empty_layout = Tar::new().file("oci-layout", br#"{"imageLayoutVersion":"2.0.0"}"#).0;
    for (content, kind) in [
        (vec![], ErrorKind::Invalid),
        (vec![0; 1024], ErrorKind::Invalid),
        (b"hello".to_vec(), ErrorKind::Invalid),
        (vec![b'x'; 4096], ErrorKind::Invalid),
        (empty_layout, ErrorKind::Unsupported),
        (Tar::layout().file("index.json", b"[]").0, ErrorKind::Invalid),
        (Tar::layout().0, ErrorKind::NotFound),
        (
            Tar::layout().file("index.json", &vec![b' '; 5 << 20]).0,
            ErrorKind::TooLarge,
        ),
    ] {
        assert_eq!(refused(&content).kind(), kind, "{}", content.len());
    }
}

#[test]
fn u12_headers_that_claim_more_than_there_is_or_may_be_are_refused() {
    let long = |kind, size: u64| {
        let mut tar = Tar::layout();
        tar.0.extend(header("././@LongLink", kind, size));
        tar
    };
    for content in [
        Tar::layout()
            .0
            .into_iter()
            .chain(header("index.json", b'0', 8 << 60))
            .collect(),
        Tar::layout()
            .0
            .into_iter()
            .chain(header("index.json", b'0', 1024))
            .collect(),
        long(b'L', 1 << 30).0,
        long(b'x', 2 << 30).0,
        Tar::layout()
            .extension(b'x', "size=99999999999999999999")
            .file("index.json", b"")
            .0,
        Tar::layout().extension(b'x', "size=-1").file("index.json", b"").0,
        Tar::layout().extension(b'x', "size=1e3").file("index.json", b"").0,
    ] {
        let error = refused(&content);
        assert!(
            matches!(error.kind(), ErrorKind::Invalid | ErrorKind::TooLarge),
            "{error}"
        );
    }
    // An extension that is there in full and larger than any may be.
    let mut tar = Tar::layout();
    tar.0.extend(header("x", b'L', 2 << 20));
    tar.0.resize(tar.0.len() + (2 << 20), b'a');
    assert_eq!(refused(&tar.0).kind(), ErrorKind::TooLarge);
}

#[test]
fn u11_what_readers_take_differently_is_an_error_or_harmless() {
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    for (tar, kind) in [
        (
            Tar::layout().extension(b'g', "path=other").file("index.json", index),
            ErrorKind::Invalid,
        ),
        (
            Tar::layout().extension(b'g', "size=0").file("index.json", index),
            ErrorKind::Invalid,
        ),
        (
            Tar::layout()
                .extension(b'x', "GNU.sparse.major=1")
                .file("index.json", index),
            ErrorKind::Unsupported,
        ),
        (Tar::layout().entry("index.json", b'S', index), ErrorKind::Unsupported),
        (
            Tar::layout()
                .raw_extension(b'x', b"99 path=x\n")
                .file("index.json", index),
            ErrorKind::Store,
        ),
        (
            Tar::layout().file("index.json", index).extension(b'x', "path=y"),
            ErrorKind::Invalid,
        ),
    ] {
        assert_eq!(refused(&tar.0).kind(), kind);
    }
    // The size of an extension counts, for the place of the next header too; and the last of several files.
    let padded = [&index[..], &vec![b' '; 600]].concat();
    let mut tar = Tar::layout();
    tar = tar.extension(b'x', &format!("size={}", padded.len()));
    tar.0.extend(header("index.json", b'0', 1));
    tar.0.extend(&padded);
    tar.0.resize(tar.0.len().next_multiple_of(512), 0);
    accepted(&tar.0);
    accepted(&Tar::layout().file("index.json", b"[]").file("./index.json", index).0);
    accepted(&Tar::layout().extension(b'x', "path=index.json").file("other", index).0);
    accepted(&Tar::layout().extension(b'g', "comment=x").file("index.json", index).0);
    // Nothing counts that is behind the end.
    let mut tar = Tar::layout().file("index.json", index);
    tar.0.extend([0; 1024]);
    accepted(&tar.file("index.json", b"[]").0);
}

#[test]
fn u03_links_are_followed_within_the_archive_only_and_not_for_ever() {
    let index = br#"{"schemaVersion":2,"manifests":[]}"#;
    accepted(&Tar::layout().file("a/b", index).link("index.json", b'2', "a/./b").0);
    accepted(&Tar::layout().file("a/b", index).link("index.json", b'1', "a/b").0);
    accepted(&Tar::layout().file("b", index).link("index.json", b'2', "/b").0);
    for tar in [
        Tar::layout().link("index.json", b'2', "index.json"),
        Tar::layout()
            .link("index.json", b'2', "a")
            .link("a", b'2', "index.json"),
        Tar::layout().link("index.json", b'2', "../../../../etc/passwd"),
        Tar::layout().link("index.json", b'1', "/etc/passwd"),
    ] {
        assert_eq!(refused(&tar.0).kind(), ErrorKind::NotFound);
    }
}

#[test]
fn u12_an_archive_cut_anywhere_or_damaged_anywhere_is_an_error_or_right() {
    let (graph, folder) = (Graph::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("image.tar");
    block_on(write(&graph, &path));
    let whole = std::fs::read(&path).unwrap();
    let cut = folder.path().join("cut.tar");
    let places = (0..whole.len())
        .step_by(whole.len() / 150)
        .chain([whole.len() - 1024, whole.len() - 1]);
    for length in places {
        std::fs::write(&cut, &whole[..length]).unwrap();
        block_on(check_or_refuse(&graph, &cut));
    }
    for place in (0..whole.len()).step_by(whole.len() / 150) {
        let mut damaged = whole.clone();
        damaged[place] ^= 1;
        std::fs::write(&cut, &damaged).unwrap();
        block_on(check_or_refuse(&graph, &cut));
    }
}

/// Whatever can be read has the right bytes.
async fn check_or_refuse(graph: &Graph, path: &Path) {
    let Ok(archive) = open_oci(path).await else { return };
    let Ok(root) = archive.manifest(&target("v1")).await else {
        return;
    };
    assert_eq!(root.bytes(), graph.root.bytes());
    for image in &graph.images {
        for blob in image.value().children() {
            if let Ok(content) = read(&archive, blob).await {
                assert!(blob.verify(&content).is_ok());
            }
        }
    }
}

fn refused(content: &[u8]) -> oci_client_core::Error {
    let file = write_file(content);
    let error = block_on(open_oci(file.path())).unwrap_err();
    assert!(block_on(open_docker(file.path())).is_err());
    error
}

fn accepted(content: &[u8]) {
    let file = write_file(content);
    let archive = block_on(open_oci(file.path())).unwrap();
    assert_eq!(archive.entries(), &[] as &[Descriptor]);
}

fn write_file(content: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), content).unwrap();
    file
}

/// A tar made byte by byte, without an end.
struct Tar(Vec<u8>);

impl Tar {
    const fn new() -> Self {
        Self(Vec::new())
    }

    fn layout() -> Self {
        Self::new().file("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)
    }

    fn file(self, name: &str, content: &[u8]) -> Self {
        self.entry(name, b'0', content)
    }

    fn entry(mut self, name: &str, kind: u8, content: &[u8]) -> Self {
        self.0.extend(header(name, kind, content.len() as u64));
        self.0.extend(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn link(mut self, name: &str, kind: u8, target: &str) -> Self {
        let mut block = header(name, kind, 0);
        block[157..157 + target.len()].copy_from_slice(target.as_bytes());
        sum(&mut block);
        self.0.extend(block);
        self
    }

    /// A record of an extended header.
    fn extension(self, kind: u8, record: &str) -> Self {
        let length = record.len() + 2;
        let length = length + (length + 2).to_string().len();
        let record = format!("{length} {record}\n");
        assert_eq!(record.len(), length);
        self.raw_extension(kind, record.as_bytes())
    }

    fn raw_extension(self, kind: u8, content: &[u8]) -> Self {
        self.entry("extension", kind, content)
    }
}

fn header(name: &str, kind: u8, size: u64) -> [u8; 512] {
    let mut block = [0; 512];
    block[..name.len()].copy_from_slice(name.as_bytes());
    block[124..136].copy_from_slice(&[[0x80, 0, 0, 0].as_slice(), &size.to_be_bytes()].concat());
    block[156] = kind;
    block[257..265].copy_from_slice(b"ustar\x0000");
    sum(&mut block);
    block
}

fn sum(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}
