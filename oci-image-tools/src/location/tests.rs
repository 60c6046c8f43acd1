use oci_spec_types::Digest;

use super::Location;

#[test]
fn every_form_is_read_and_written() {
    let digest = Digest::sha256(b"x");
    for (text, shown) in [
        ("oci:dir".to_owned(), None),
        ("oci:a/b.c:v1".to_owned(), None),
        (format!("oci:dir@{digest}"), None),
        ("oci:/a@b/dir:v1".to_owned(), None),
        ("oci:C:\\images\\app:v1".to_owned(), None),
        ("oci-archive:/tmp/x.tar".to_owned(), None),
        ("oci-archive:x.tar:v1".to_owned(), None),
        (format!("oci-archive:x:y.tar@{digest}"), None),
        ("docker-archive:x.tar".to_owned(), None),
        ("docker-archive:x.tar:v1".to_owned(), None),
        ("docker-archive:x.tar:ghcr.io/a/b:v1".to_owned(), None),
        (
            "docker-archive:x.tar:alpine:3".to_owned(),
            Some("docker-archive:x.tar:docker.io/library/alpine:3"),
        ),
        (format!("docker-archive:x.tar@{digest}"), None),
        ("ghcr.io/a/b:v1".to_owned(), None),
        (format!("localhost:5000/a@{digest}"), None),
        ("docker://ghcr.io/a/b:v1".to_owned(), Some("ghcr.io/a/b:v1")),
    ] {
        let location: Location = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        let shown = shown.unwrap_or(&text);
        assert_eq!(location.to_string(), shown);
        assert_eq!(shown.parse::<Location>().unwrap(), location, "{text}");
    }
}

#[test]
fn errors_name_the_byte_and_not_the_text() {
    for (text, position, says) in [
        ("oci:", 4, "no path"),
        ("oci::v1", 4, "no path"),
        ("oci:dir:not a tag", 11, "tag"),
        ("oci:dir:", 8, "tag"),
        ("oci-archive:x.tar:a/b", 19, "tag"),
        ("docker-archive:x.tar:UP/case:v1", 21, "repository"),
        ("docker-daemon:alpine:3", 0, "not supported"),
        ("docker://ubuntu", 9, "no registry host"),
        ("ubuntu", 0, "no registry host"),
        ("user:secret@ghcr.io/a/b", 11, "user"),
        ("", 0, "empty"),
    ] {
        let error = text.parse::<Location>().unwrap_err();
        assert_eq!(error.position(), position, "{text}: {error}");
        assert!(error.to_string().contains(says), "{text}: {error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
