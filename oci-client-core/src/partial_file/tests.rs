use oci_spec_types::Digest;

use super::*;

#[test]
fn a_name_is_on_disk_once_it_is_given() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sub").join("blob");
    let write = || {
        let mut file = PartialFile::create(path.clone()).unwrap();
        file.write(b"content").unwrap();
        assert_eq!(synced(), Vec::<PathBuf>::new(), "only what is whole needs a name");
        file
    };
    let parent = [folder.path().join("sub")];
    write().commit().unwrap();
    assert_eq!(synced(), parent);
    // Where the name was there before, it is on disk, or whoever made it sees to that.
    write().commit_if_absent().unwrap();
    assert_eq!(synced(), Vec::<PathBuf>::new());
    fs::remove_file(&path).unwrap();
    write().commit_if_absent().unwrap();
    assert_eq!(synced(), parent);

    let kept = KeptFile::open(path.clone(), &Digest::sha256(b"")).unwrap();
    kept.commit().unwrap();
    assert_eq!(synced(), parent);
    assert_eq!(fs::read(&path).unwrap(), b"");
}

#[test]
fn a_folder_that_is_gone_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let error = sync_folder(&folder.path().join("gone")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.to_string().contains("gone"), "{error}");
}
