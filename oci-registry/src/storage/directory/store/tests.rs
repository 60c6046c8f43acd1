use super::super::files::SYNCED;
use super::*;

/// S13: a directory that is new has its name durably, as have those above it.
#[test]
fn opening_syncs_where_it_makes_directories() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("a/b");
    Store::open(root.clone(), DirectoryOptions::new()).unwrap();
    let synced = SYNCED.take();
    for directory in [outer.path(), &outer.path().join("a"), &root] {
        assert!(synced.iter().any(|synced| synced == directory), "{synced:?}");
    }
}
