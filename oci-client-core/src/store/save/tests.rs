use std::fs;

use oci_spec_types::{Descriptor, MediaType};

use super::save_blob;
use crate::ErrorKind;
use crate::runtime::{ThreadRuntime, block_on};
use crate::store::MemoryStore;

#[test]
fn a_file_is_replaced_by_the_whole_blob_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let runtime = ThreadRuntime::new();
    let store = MemoryStore::new();
    let blob = store.add_blob(MediaType::OCTET_STREAM, vec![7; 1 << 20]);
    let save = |blob: &Descriptor| block_on(save_blob(&store, blob, &path, &runtime)).map_err(|error| error.kind());
    let left = || fs::read_dir(folder.path()).unwrap().count();

    let missing = Descriptor::of(MediaType::OCTET_STREAM, b"missing");
    assert_eq!(save(&missing), Err(ErrorKind::NotFound));
    assert_eq!(left(), 0);
    fs::write(&path, "before").unwrap();
    let mut wrong = blob.clone();
    wrong.size -= 1;
    assert_eq!(save(&wrong), Err(ErrorKind::Mismatch));
    assert_eq!((fs::read(&path).unwrap(), left()), (b"before".to_vec(), 1));
    assert_eq!(save(&blob), Ok(()));
    assert_eq!((fs::read(&path).unwrap(), left()), (vec![7; 1 << 20], 1));
}
