use super::*;

#[test]
fn tags_keep_their_case_on_any_file_system() {
    let longest = "A".repeat(128);
    for text in ["latest", "V1", "v1", "_", "Release-1.2.3_RC", "a.b-c_D", &longest] {
        let tag: Tag = text.parse().unwrap();
        let name = tag_file(&tag);
        assert_eq!(name, name.to_lowercase());
        assert!(name.len() <= 255);
        assert_eq!(tag_of_file(&name), Some(tag), "{name}");
    }
    assert_ne!(tag_file(&"V1".parse().unwrap()), tag_file(&"v1".parse().unwrap()));
    for name in ["", ".", "a!", "a!g", "a!0", "a!1f", "!", "a b", "V1", ".hidden"] {
        assert_eq!(tag_of_file(name), None, "{name}");
    }
}

/// S02.
#[test]
fn an_unknown_algorithm_does_not_shape_a_path() {
    let digest: Digest = "unknown+alg:Any=Thing_".parse().unwrap();
    let path = relative(&digest);
    assert!(path.starts_with("_other"));
    assert_eq!(path.components().count(), 2);
}
