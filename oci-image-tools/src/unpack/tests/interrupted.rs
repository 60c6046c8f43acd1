//! Unpacking that comes to an early end: by its source, by a disk that is full, by being killed. This program is started again for some of it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use async_trait::async_trait;
use futures_util::{StreamExt, stream};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_client_core::store::{MemoryStore, Source};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Document, TagOrDigest};

use super::{Place, image, on_disk};
use crate::hostile::{archive, directory, file, link};
use crate::unpack::{UnpackOptions, unpack};

/// A store whose layers come in pieces of 512 bytes and break off after some.
struct Breaking {
    fate: Fate,
    pieces: usize,
    store: MemoryStore,
}

#[derive(Clone, Copy)]
enum Fate {
    Error,
    /// Says that there is no more, and then nothing at all.
    Silence,
}

#[async_trait]
impl Source for Breaking {
    async fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.store.manifest(target).await
    }

    async fn blob(&self, descriptor: &Descriptor) -> Result<Arc<dyn Content>, Error> {
        let content = self.store.blob(descriptor).await?;
        if !descriptor.media_type.is_layer() {
            return Ok(content);
        }
        let chunks: Vec<_> = content.open(Span::from(0)).await?.collect().await;
        let whole: Vec<u8> = chunks.into_iter().flat_map(|chunk| chunk.unwrap()).collect();
        Ok(Arc::new(Broken {
            fate: self.fate,
            pieces: self.pieces,
            whole,
        }))
    }
}

struct Broken {
    fate: Fate,
    pieces: usize,
    whole: Vec<u8>,
}

#[async_trait]
impl Content for Broken {
    async fn open(&self, _: Span) -> Result<Chunks, Error> {
        let pieces: Vec<_> = self.whole.chunks(512).map(|piece| Ok(piece.to_vec().into())).collect();
        let fate = self.fate;
        let end = stream::once(async move {
            match fate {
                Fate::Error => Err(Error::new(ErrorKind::Store, "the source broke off")),
                Fate::Silence => {
                    println!("{STUCK}");
                    std::future::pending().await
                }
            }
        });
        let whole = pieces.len() <= self.pieces;
        let begun = stream::iter(pieces).take(self.pieces);
        Ok(if whole { begun.boxed() } else { begun.chain(end).boxed() })
    }
}

fn layers() -> Vec<Vec<u8>> {
    vec![
        archive(&[
            directory("d/"),
            file("d/a", &[b'x'; 3000]),
            link("s", b'2', "d"),
            link("h", b'1', "d/a"),
        ]),
        archive(&[file("d/.wh.a", b""), file("s/b", &[b'y'; 3000])]),
    ]
}

fn run(root: &Path, pieces: usize, fate: Fate) -> Result<(), ErrorKind> {
    let (store, target) = image(&layers());
    let source = Breaking { fate, pieces, store };
    let runtime = Arc::new(ThreadRuntime::new());
    let unpacked = block_on(unpack(&source, &target, root, runtime, &UnpackOptions::new()));
    unpacked.map(drop).map_err(|error| error.kind())
}

/// This program, to unpack below `folder` after the commands of `prelude`.
fn start(folder: &Path, pieces: usize, prelude: &str) -> std::process::Child {
    let program = std::env::current_exe().unwrap();
    Command::new("sh")
        .args([
            "-c",
            &format!("{prelude} exec \"$0\" \"$@\""),
            program.to_str().unwrap(),
        ])
        .args([
            "--ignored",
            "--exact",
            "--nocapture",
            "unpack::tests::interrupted::unpacker",
        ])
        .env(FOLDER, folder)
        .env(PIECES, pieces.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
#[ignore = "a process that the tests below start"]
fn unpacker() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("started by a test"));
    let pieces = std::env::var(PIECES).unwrap().parse().unwrap();
    let unpacked = run(&folder.join("rootfs"), pieces, Fate::Silence);
    println!("{ENDED}{unpacked:?}");
}

/// What is left beside the root: names and modes.
fn left(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        (entry.file_name().into_string().unwrap(), mode)
    });
    entries.collect()
}

/// U20: whatever the source breaks off at, nothing is left; the same once more gives what there would have been.
#[test]
fn u20_a_source_that_breaks_off_leaves_nothing() {
    let place = Place::new();
    let most = layers().iter().map(|layer| layer.len().div_ceil(512)).max().unwrap();
    for pieces in 0..most {
        assert_eq!(
            run(&place.root(), pieces, Fate::Error),
            Err(ErrorKind::Store),
            "{pieces}"
        );
        place.assert_untouched();
        assert_eq!(left(place.outer.path()).len(), 2, "{pieces}");
    }
    assert_eq!(run(&place.root(), most, Fate::Error), Ok(()));
    assert_eq!(
        on_disk(&place.root())
            .keys()
            .map(|path| String::from_utf8_lossy(path))
            .collect::<Vec<_>>(),
        ["d", "d/b", "h", "s"]
    );
}

/// U20: a process that is killed leaves a directory that nobody else may look into, and never the one that was asked for; the same once more gives that.
#[test]
fn u20_a_process_that_is_killed_leaves_nothing_that_looks_finished() {
    let folder = tempfile::tempdir().unwrap();
    for (round, pieces) in [1, 4, 9, 11].into_iter().enumerate() {
        let mut child = start(folder.path(), pieces, "");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        assert!(lines.any(|line| line.unwrap().contains(STUCK)), "after {pieces} pieces");
        child.kill().unwrap();
        child.wait().unwrap();
        let left = left(folder.path());
        assert_eq!(left.len(), round + 1);
        assert!(
            left.iter()
                .all(|(name, mode)| name.starts_with(".unpack-") && *mode == 0o700),
            "{left:?}"
        );
    }
    assert_eq!(run(&folder.path().join("rootfs"), usize::MAX, Fate::Error), Ok(()));
}

/// U20: a file that cannot be written to its end, as on a disk that is full, here by a limit on the size of files.
#[test]
fn u20_a_disk_that_is_full_is_an_error_that_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    // In blocks of 512 bytes; the signal is ignored, so that writing fails.
    let child = start(folder.path(), usize::MAX, "trap '' XFSZ; ulimit -f 1;");
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(&format!("{ENDED}Err(Store)")), "{text}");
    assert_eq!(left(folder.path()), []);
}

const ENDED: &str = "the unpacking has ended: ";
const FOLDER: &str = "OCI_TEST_UNPACK_FOLDER";
const PIECES: &str = "OCI_TEST_UNPACK_PIECES";
const STUCK: &str = "the source is silent";
