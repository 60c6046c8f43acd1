use std::collections::HashSet;

use oci_spec_types::Tag;

use super::{Key, OfTag};

fn key(text: &str) -> Key {
    text.parse().unwrap()
}

#[test]
fn keys_as_tags() {
    for (text, tag) in [
        ("a", "k_a"),
        ("A.b-9", "k_A.b-9"),
        ("a_b", "k_a_5fb"),
        ("a/b c", "k_a_2fb_20c"),
        ("-", "k_-"),
        ("..", "k_.."),
        ("ü", "k__c3_bc"),
        ("\0\u{7f}", "k__00_7f"),
    ] {
        assert_eq!(key(text).tag().as_str(), tag);
        let OfTag::Key(back) = Key::of_tag(&tag.parse().unwrap()) else {
            panic!("{tag}");
        };
        assert_eq!(back.as_str(), text);
    }
}

#[test]
fn keys_longer_than_a_tag_are_hashed() {
    // The last that fits, and the first that does not.
    assert_eq!(key(&"x".repeat(126)).tag().as_str().len(), 128);
    let long = key(&"x".repeat(127)).tag();
    assert!(long.as_str().starts_with("h_") && long.as_str().len() == 66, "{long}");
    // It counts what is written, not what the key has.
    assert!(key(&"/".repeat(42)).tag().as_str().starts_with("k_"));
    assert!(key(&"/".repeat(43)).tag().as_str().starts_with("h_"));
    assert!(matches!(Key::of_tag(&long), OfTag::Hash));
}

#[test]
fn every_key_has_a_tag_of_its_own() {
    let mut tags = HashSet::new();
    let pieces = ["a", "A", "_", "/", "5f", "_5f", "ü", "k_", "h_", "."];
    let mut keys = HashSet::new();
    for first in pieces {
        for second in pieces {
            for third in pieces {
                keys.insert(format!("{first}{second}{third}"));
            }
        }
    }
    for length in [1, 126, 127, 128, 1024] {
        keys.insert("y".repeat(length));
    }
    for text in &keys {
        assert!(tags.insert(key(text).tag()), "{text}");
    }
}

#[test]
fn limits_of_keys() {
    assert!("x".repeat(1024).parse::<Key>().is_ok());
    for text in [String::new(), "x".repeat(1025)] {
        let error = text.parse::<Key>().unwrap_err().to_string();
        assert_eq!(
            error,
            format!("a key of {} bytes: it must have from 1 to 1024", text.len())
        );
    }
}

#[test]
fn tags_that_no_key_has() {
    for tag in [
        "latest",
        "k_",
        "k__",
        "k__5",
        "k__5F",
        "k__61",
        "k__ff",
        "k_a_b",
        "h_",
        "h_00",
        "sha256-00",
    ] {
        let tag: Tag = tag.parse().unwrap();
        assert!(matches!(Key::of_tag(&tag), OfTag::Other), "{tag}");
    }
    // One of the right length that holds an upper-case digit.
    let tag: Tag = format!("h_{}A", "0".repeat(63)).parse().unwrap();
    assert!(matches!(Key::of_tag(&tag), OfTag::Other));
}

#[test]
fn titles_are_paths_that_stay_below() {
    for (text, title) in [
        ("a/b.txt", "a/b.txt"),
        ("../etc/passwd", "k_.._2fetc_2fpasswd"),
        ("/etc", "k__2fetc"),
        ("a//b", "k_a_2f_2fb"),
        ("a\\b", "k_a_5cb"),
        ("C:x", "k_C_3ax"),
        (".", "k_."),
    ] {
        assert_eq!(key(text).title(), title);
    }
}
