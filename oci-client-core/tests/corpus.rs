//! Replays the fuzz targets' corpora of the header fields, the machines and credential files.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    unreachable_pub,
    reason = "tests, whose laws are shared with the fuzz targets"
)]

#[path = "../../fuzz/src/credentials.rs"]
mod credentials;
#[path = "../../fuzz/src/headers.rs"]
mod headers;
#[path = "../../fuzz/src/session/mod.rs"]
mod session;

use std::fs;
use std::path::Path;

#[test]
fn docker_config() {
    replay("docker_config", credentials::docker_config);
}

#[test]
fn link_header() {
    replay("link_header", headers::link_header);
}

#[test]
fn session_inputs() {
    replay("session_inputs", session::session_inputs);
}

#[test]
fn www_authenticate() {
    replay("www_authenticate", headers::www_authenticate);
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
