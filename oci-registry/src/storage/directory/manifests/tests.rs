use super::super::DirectoryOptions;
use super::super::files::SYNCED;
use super::*;

#[test]
fn a_record_keeps_what_it_was_made_of() {
    for subject in [None, Some(Digest::sha256(b"subject"))] {
        let content = b"{\n\"a\": 1 }\n";
        let record = [header(&MediaType::IMAGE_INDEX, subject.as_ref()).as_bytes(), content].concat();
        let (manifest, found) = parse(record.into()).unwrap();
        assert_eq!(manifest.media_type(), &MediaType::IMAGE_INDEX);
        assert_eq!(&manifest.content()[..], content);
        assert_eq!(found, subject);
    }
    for damaged in [&b""[..], b"application/json", b"\n{}", b"application/json nonsense\n{}"] {
        assert!(parse(Bytes::from_static(damaged)).is_err());
    }
}

/// S13: a manifest that is there already is durable too once its push is answered.
#[test]
fn equal_content_is_synced() {
    let root = tempfile::tempdir().unwrap();
    let store = Store::open(root.path().to_owned(), DirectoryOptions::new()).unwrap();
    let repository: RepositoryName = "a".parse().unwrap();
    let content = Bytes::from_static(b"{}");
    let digest = Digest::sha256(&content);
    let manifest = StoredManifest::new(MediaType::IMAGE_MANIFEST, content);
    let subject = Digest::sha256(b"subject");
    let referrer = Referrer::new(subject.clone(), Descriptor::of(MediaType::IMAGE_MANIFEST, b"{}"));
    let path = store.repository(&repository);
    let put = PutManifest::new(repository, digest.clone(), manifest).with_referrer(Some(referrer));
    for _ in 0..2 {
        SYNCED.take();
        store.put_manifest(&put).unwrap();
        let synced = SYNCED.take();
        for directory in [files::parent(&path.manifest(&digest)), path.referrers(&subject)] {
            assert!(synced.contains(&directory), "{synced:?}");
        }
    }
}
