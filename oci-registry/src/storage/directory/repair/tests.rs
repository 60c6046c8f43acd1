use bytes::Bytes;
use oci_spec_types::{MediaType, Tag};

use super::super::super::{PutManifest, StoredManifest};
use super::super::DirectoryOptions;
use super::*;

/// S13: what a loss of power has torn is found at the next opening after a restart of the machine, put aside, and not found again.
#[test]
fn torn_content_is_put_aside_after_a_restart_of_the_machine() {
    let root = tempfile::tempdir().unwrap();
    let relaxed = DirectoryOptions::new().with_durability(Durability::Relaxed);
    let store = Store::open(root.path().to_owned(), relaxed).unwrap();
    let repository: RepositoryName = "a/b".parse().unwrap();
    let path = store.repository(&repository);
    let [whole, torn] = [&b"{\"whole\":1}"[..], b"{\"torn\":1}"].map(|content| {
        let digest = Digest::sha256(content);
        let file = root.path().join("temporary/blob");
        fs::write(&file, content).unwrap();
        store.publish_blob(&file, &repository, &digest).unwrap();
        let stored = StoredManifest::new(MediaType::IMAGE_MANIFEST, Bytes::from_static(content));
        let tag: Tag = digest.encoded_string().get(..8).unwrap().parse().unwrap();
        let put = PutManifest::new(repository.clone(), digest.clone(), stored).with_tags(vec![tag.clone()]);
        store.put_manifest(&put).unwrap();
        (digest, tag)
    });
    let garbled: Tag = "garbled".parse().unwrap();
    fs::write(path.tag(&garbled), "sha2").unwrap();
    for file in [paths::blob(root.path(), &torn.0), path.manifest(&torn.0)] {
        File::options().write(true).open(file).unwrap().set_len(3).unwrap();
    }
    drop(store);

    // The same start of the machine: everything is as it was written.
    drop(Store::open(root.path().to_owned(), relaxed).unwrap());
    assert!(!root.path().join(QUARANTINE).exists());

    fs::write(root.path().join(UNSYNCED), "another start").unwrap();
    let store = Store::open(root.path().to_owned(), DirectoryOptions::new()).unwrap();
    assert!(!store.refresh_blob(&repository, &torn.0).unwrap());
    assert!(!store.has_manifest(&repository, &torn.0).unwrap());
    assert_eq!(store.tag(&repository, &torn.1).unwrap(), None);
    assert_eq!(store.tag(&repository, &garbled).unwrap(), None);
    assert!(store.refresh_blob(&repository, &whole.0).unwrap());
    assert_eq!(store.tag(&repository, &whole.1).unwrap(), Some(whole.0));
    let quarantine = root.path().join(QUARANTINE);
    let torn_file = paths::blob(&quarantine, &torn.0);
    assert_eq!(fs::read(torn_file).unwrap(), b"{\"t");
    assert!(quarantine.join("repositories/a/b/_tags/garbled").exists());
    assert!(!root.path().join(UNSYNCED).exists(), "all has been read from the disk");
    assert_eq!(store.check_content().unwrap(), Vec::<PathBuf>::new());
}
