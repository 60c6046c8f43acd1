//! Replays the fuzz targets' corpora of the parsers.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests, whose laws are shared with the fuzz targets"
)]

#[path = "../../fuzz/src/spec_types.rs"]
mod spec_types;

use std::{fs, path::Path};

#[test]
fn config() {
    replay("config", spec_types::config);
}

#[test]
fn digest() {
    replay("digest", spec_types::digest);
}

#[test]
fn index() {
    replay("index", spec_types::index);
}

#[test]
fn manifest() {
    replay("manifest", spec_types::manifest);
}

#[test]
fn media_type() {
    replay("media_type", spec_types::media_type);
}

#[test]
fn reference() {
    replay("reference", spec_types::reference);
}

fn replay(target: &str, law: fn(&[u8])) {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let mut replayed = 0;
    for entry in fs::read_dir(&corpus).unwrap() {
        let path = entry.unwrap().path();
        println!("{}", path.display());
        law(&fs::read(path).unwrap());
        replayed += 1;
    }
    assert!(replayed > 0, "{} is empty", corpus.display());
}
