mod archives;
mod compressed;
mod disk;
mod tree;

use std::io::{self, Read};
use std::sync::Arc;

use futures_util::TryStreamExt;
use oci_client_core::client::Content;
use oci_client_core::proto::Span;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
use oci_client_core::{Error, ErrorKind};

use super::{Compression, LayerBuilder, LayerOptions};

/// An entry as a reader sees it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Seen {
    content: String,
    kind: char,
    link: String,
    mode: u32,
    mtime: u64,
    owner: (u64, u64),
    path: String,
}

fn plain() -> LayerOptions {
    LayerOptions::new().with_compression(Compression::None)
}

fn tar_of(builder: &LayerBuilder) -> Vec<u8> {
    let mut tar = Vec::new();
    builder.write(&mut tar).unwrap();
    tar
}

/// What a reader of another make sees in an archive.
fn seen(tar: &[u8]) -> Vec<Seen> {
    let mut archive = tar::Archive::new(tar);
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut content = String::new();
        entry.read_to_string(&mut content).unwrap();
        let link = entry.link_name_bytes().unwrap_or_default();
        Seen {
            content,
            kind: char::from(entry.header().entry_type().as_byte()),
            link: String::from_utf8_lossy(&link).into_owned(),
            mode: entry.header().mode().unwrap(),
            mtime: entry.header().mtime().unwrap(),
            owner: (entry.header().uid().unwrap(), entry.header().gid().unwrap()),
            path: String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
        }
    });
    entries.collect()
}

fn paths(tar: &[u8]) -> Vec<String> {
    seen(tar).into_iter().map(|entry| entry.path).collect()
}

fn runtime() -> Arc<dyn Runtime> {
    Arc::new(ThreadRuntime::new())
}

fn read(content: &dyn Content) -> Vec<u8> {
    let whole = block_on(async {
        let chunks = content.open(Span::from(0)).await?;
        chunks.map_ok(|chunk| chunk.to_vec()).try_concat().await
    });
    whole.unwrap()
}

/// The kind of an error, and that its text has `part`.
fn check(result: Result<impl Sized, Error>, kind: ErrorKind, part: &str) {
    let Err(error) = result else {
        panic!("no error about {part:?}");
    };
    assert_eq!(error.kind(), kind, "{error}");
    let mut text = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    assert!(text.contains(part), "{text}");
}

/// Takes a number of bytes, and then no more.
struct Full(usize);

impl io::Write for Full {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.0 = self.0.checked_sub(piece.len()).ok_or(io::ErrorKind::StorageFull)?;
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
