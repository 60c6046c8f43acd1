use oci_spec_types::ImageIndex;

use super::*;
use crate::partial_file::synced;

/// What an entry leads to has to outlive a power failure that the entry outlives.
#[test]
fn the_names_of_blobs_are_on_disk_before_the_entry_that_leads_to_them() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let files = Files::create(root.clone()).unwrap();
    synced();
    let document = Document::from_value(AnyManifest::Index(ImageIndex::new(Vec::new()))).unwrap();
    files.write_manifest(&document).unwrap();
    assert_eq!(synced(), Vec::<PathBuf>::new());
    files.enter(document.descriptor(), None).unwrap();
    assert_eq!(synced(), [root.join("blobs/sha256"), root.join("blobs"), root.clone()]);
    // An entry that is there already is on disk, or whoever made it sees to that.
    files.enter(document.descriptor(), None).unwrap();
    assert_eq!(synced(), [root.join("blobs/sha256"), root.join("blobs")]);
}
