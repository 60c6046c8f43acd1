use oci_spec_types::Algorithm;

use super::*;

#[test]
fn memory_is_bounded() {
    let hashers = Hashers::default();
    let ids: Vec<UploadId> = (0..=CAPACITY).map(|_| UploadId::random().unwrap()).collect();
    for id in &ids {
        hashers.keep(*id, Algorithm::SHA256.hasher().unwrap());
    }
    assert!(hashers.take(ids.last().unwrap()).is_some());
    assert_eq!(hashers.states.lock().unwrap().len(), CAPACITY - 1);
}
