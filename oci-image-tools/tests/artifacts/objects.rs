//! Small objects by key.

use oci_client_core::ErrorKind;
use oci_client_core::runtime::block_on;
use oci_image_tools::objects::{Key, ObjectStore};
use oci_registry::{Limits, Registry};
use oci_spec_types::{Annotations, Descriptor, Document, ImageManifest, MediaType, Tag};

use crate::support::{image, in_registry, pushed, repository};

const TEXT: MediaType = MediaType::from_static("text/plain");

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

/// Keys that a tag can spell out and keys that it cannot.
fn keys() -> Vec<Key> {
    let long = ["x".repeat(200), "/".repeat(43), format!("{}b", "ü".repeat(511))];
    let short = ["a", "A", "a/b", "a_b", "a b", "../up", "ünï", "-", "k_a", "\u{1b}[2J"];
    short
        .into_iter()
        .map(str::to_owned)
        .chain(long)
        .map(|text| key(&text))
        .collect()
}

#[test]
fn every_key_is_stored_listed_read_and_deleted_and_takes_no_other_along() {
    block_on(async {
        let store = ObjectStore::new(repository());
        // All have the same content: they are independent all the same.
        for key in keys() {
            store.put(&key, TEXT, "same".into()).await.unwrap();
        }
        let mut left = keys();
        while let Some(gone) = left.pop() {
            assert!(store.delete(&gone).await.unwrap());
            assert!(!store.delete(&gone).await.unwrap());
            assert_eq!(store.get(&gone).await.unwrap(), None);
            let mut listed = store.keys().all().await.unwrap();
            listed.sort();
            left.sort();
            assert_eq!(listed, left);
            for key in &left {
                let object = store.get(key).await.unwrap().unwrap();
                assert_eq!(
                    (object.content().as_ref(), object.content_type()),
                    (&b"same"[..], &TEXT)
                );
            }
        }
    });
}

#[test]
fn a_store_replaces_and_the_same_content_is_another_object() {
    block_on(async {
        let store = ObjectStore::new(repository());
        let key = key("a");
        assert_eq!(store.get(&key).await.unwrap(), None);
        assert!(store.keys().all().await.unwrap().is_empty());
        let first = store.put(&key, TEXT, "one".into()).await.unwrap();
        let second = store.put(&key, TEXT, "one".into()).await.unwrap();
        assert_ne!(first, second);
        let third = store.put(&key, MediaType::JSON, "2".into()).await.unwrap();
        let object = store.get(&key).await.unwrap().unwrap();
        assert_eq!((object.digest(), object.content_type()), (&third, &MediaType::JSON));
        assert_eq!(object.into_content(), "2");
        let empty = store.put(&key, TEXT, "".into()).await.unwrap();
        assert_eq!(store.get(&key).await.unwrap().unwrap().digest(), &empty);
    });
}

#[test]
fn putting_what_is_there_is_a_conflict_where_that_is_asked_for() {
    block_on(async {
        let store = ObjectStore::new(repository());
        let key = key("once");
        store.put_if_absent(&key, TEXT, "one".into()).await.unwrap();
        let error = store.put_if_absent(&key, TEXT, "two".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict);
        assert!(
            error.to_string().contains("there is an object `once` already"),
            "{error}"
        );
        assert_eq!(store.get(&key).await.unwrap().unwrap().into_content(), "one");
    });
}

#[test]
fn objects_over_the_limit_are_refused_before_anything_moves() {
    block_on(async {
        let remote = repository();
        let large = ObjectStore::new(remote.clone());
        let small = ObjectStore::new(remote.clone()).with_max_size(4);
        let key = key("five");
        let error = small.put(&key, TEXT, "12345".into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert!(
            error
                .to_string()
                .contains("the object `five` has 5 bytes, and this store takes up to 4"),
            "{error}"
        );
        assert!(large.get(&key).await.unwrap().is_none());
        large.put(&key, TEXT, "12345".into()).await.unwrap();
        let error = small.get(&key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        small.put(&key, TEXT, "1234".into()).await.unwrap();
        assert_eq!(small.get(&key).await.unwrap().unwrap().into_content(), "1234");
    });
}

#[test]
fn a_registry_that_takes_less_says_so() {
    let registry = Registry::builder().limits(Limits::new().with_blob_size(100)).build();
    block_on(async {
        let store = ObjectStore::new(in_registry(registry, "registry.example.com/small"));
        let error = store.put(&key("a"), TEXT, vec![0; 101].into()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
    });
}

#[test]
fn what_others_have_put_there_is_neither_listed_nor_read_nor_deleted() {
    block_on(async {
        let remote = repository();
        let store = ObjectStore::new(remote.clone());
        store.put(&key("mine"), TEXT, "x".into()).await.unwrap();
        let image = Document::from_value(ImageManifest::artifact(TEXT, Vec::new()).into()).unwrap();
        remote
            .push_blob(&Descriptor::empty(), std::sync::Arc::new(bytes::Bytes::from("{}")))
            .await
            .unwrap();
        let hashed: Tag = format!("h_{}", "0".repeat(64)).parse().unwrap();
        for tag in [
            "latest".parse().unwrap(),
            "k_other_zz".parse().unwrap(),
            hashed,
            key("theirs").tag(),
        ] {
            remote.push_manifest_tagged(&image, &[tag]).await.unwrap();
        }
        let mut listed = store.keys().all().await.unwrap();
        listed.sort();
        assert_eq!(listed, [key("mine"), key("theirs")]);
        for error in [
            store.get(&key("theirs")).await.unwrap_err(),
            store.delete(&key("theirs")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        }
        // An object under the tag of another key is not that key's.
        let mine = pushed(&remote, key("mine").tag().as_str()).await;
        remote
            .push_manifest_tagged(&mine, &[key("theirs").tag()])
            .await
            .unwrap();
        assert_eq!(
            store.delete(&key("theirs")).await.unwrap_err().kind(),
            ErrorKind::Conflict
        );
        assert!(store.get(&key("mine")).await.unwrap().is_some());
    });
}

#[test]
fn other_clients_find_a_file_to_save() {
    block_on(async {
        let remote = repository();
        let store = ObjectStore::new(remote.clone());
        for (text, title) in [("a/b.txt", "a/b.txt"), ("../x", "k_.._2fx")] {
            store.put(&key(text), TEXT, "x".into()).await.unwrap();
            let document = pushed(&remote, key(text).tag().as_str()).await;
            let layer = &image(&document).layers[0];
            assert_eq!(layer.annotations.get(Annotations::TITLE), Some(title));
        }
    });
}
