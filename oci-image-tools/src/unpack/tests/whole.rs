//! The directory is there when all of it is right.

use std::fs;
use std::sync::Arc;

use oci_client_core::ErrorKind;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_spec_types::{Digest, MediaType};

use super::{Place, image, image_of, on_disk, unpacked};
use crate::hostile::{archive, file, header};
use crate::unpack::{UnpackOptions, unpack};

/// U18: of one path twice the last counts; names are bytes.
#[test]
fn u18_the_last_of_two_entries_counts() {
    let (place, _) = unpacked(&[archive(&[
        file("a", b"one"),
        file("A", b""),
        file("a", b"two"),
        file("b\\c:d", b""),
    ])]);
    assert_eq!(fs::read(place.root().join("a")).unwrap(), b"two");
    let mut layer = file("x", b"");
    layer = header(b"\xff\x01", b'0', 0, |_| ()).into_iter().chain(layer).collect();
    let place = Place::new();
    place.unpack(&[archive(&[layer])], &UnpackOptions::new()).unwrap();
    assert!(on_disk(&place.root()).contains_key(&b"\xff\x01"[..]));
}

/// U18: names that other systems take for one another, or for something else, are names here; a repeated one is the last of them.
#[test]
fn u18_names_are_bytes() {
    let (_, names) = crate::hostile::leading_out()
        .into_iter()
        .find(|(name, _)| *name == "names")
        .unwrap();
    let (place, found) = unpacked(&[names]);
    let expected = ["A", "CON", "a", "b\\c:d", "dot.", "e\u{301}", "new\nline", "\u{e9}"];
    assert_eq!(super::names(&found), expected);
    assert_eq!(fs::read(place.root().join("a")).unwrap(), b"3");
}

/// U19, U20: nobody else can look in before all is there; what is there is never half of it.
#[test]
fn u19_u20_the_directory_is_there_when_it_is_right() {
    let tar = archive(&[file("a", b"x")]);
    let (store, target) = image_of(&[(MediaType::IMAGE_LAYER, tar.clone(), Digest::sha256(b"other"))]);
    let place = Place::new();
    let run = |store| {
        block_on(unpack(
            store,
            &target,
            &place.root(),
            Arc::new(ThreadRuntime::new()),
            &UnpackOptions::new(),
        ))
    };
    let error = run(&store).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Mismatch);
    assert!(!place.root().exists());
    // The same once more, with the right image; then there is something.
    place.unpack(std::slice::from_ref(&tar), &UnpackOptions::new()).unwrap();
    let error = run(&image(std::slice::from_ref(&tar)).0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(fs::read(place.root().join("a")).unwrap(), b"x");
}
