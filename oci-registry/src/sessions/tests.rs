use oci_client_core::runtime::block_on;

use super::*;
use crate::storage::MemoryStorage;

/// S10: what is counted is what is open, whichever way an upload ends.
#[test]
fn usage_follows_the_uploads() {
    let storage = MemoryStorage::new();
    let sessions = Sessions::default();
    let limits = Limits::new()
        .with_upload_bytes(100)
        .with_upload_bytes_per_repository(60);
    let [first, second]: [RepositoryName; 2] = ["a", "b"].map(|name| name.parse().unwrap());
    let begin = |repository| {
        let id = UploadId::random().unwrap();
        let place = block_on(sessions.begin(&storage, &limits, repository, id)).unwrap();
        (id, place)
    };
    let (id, place) = begin(&first);
    place.grow(&limits, 60).unwrap();
    place.grow(&limits, 61).unwrap_err();
    let (_, other) = begin(&second);
    other.grow(&limits, 40).unwrap();
    other.grow(&limits, 41).unwrap_err();
    // Less than was counted is what the storage kept of it.
    place.keep(None);
    let place = sessions.resume(&first, id, 50);
    other.grow(&limits, 50).unwrap();
    drop(place);
    assert_eq!(sessions.table().all.bytes, 100);
    sessions.end(id);
    drop(other);
    let table = sessions.table();
    assert_eq!((table.all.bytes, table.all.uploads), (0, 0));
    assert!(table.open.is_empty() && table.repositories.is_empty());
}
