use super::*;

#[test]
fn a33_a_registry_has_many_spellings_and_none_is_a_prefix() {
    for (key, host, expected) in [
        ("h.test", "h.test", true),
        ("H.TEST", "h.test", true),
        ("h.test/", "h.test", true),
        ("http://h.test", "h.test", true),
        ("https://h.test/v1/", "h.test", true),
        ("HTTPS://h.test/v2", "h.test", true),
        ("h.test/v1/", "h.test", true),
        ("h.test:5000", "h.test:5000", true),
        ("http://h.test:5000/v2/", "h.test:5000", true),
        ("https://h.test/some/path", "h.test", true),
        ("h.test:5000", "h.test", false),
        ("h.test", "h.test:5000", false),
        ("h.test/team", "h.test", false),
        ("h.test.evil", "h.test", false),
        ("h.tes", "h.test", false),
        ("x.h.test", "h.test", false),
        ("ftp://h.test", "h.test", false),
        ("", "h.test", false),
        ("https://", "h.test", false),
        ("é", "h.test", false),
        ("https://index.docker.io/v1/", "docker.io", true),
        ("https://index.docker.io/v1/", "registry-1.docker.io", true),
        ("docker.io", "index.docker.io", true),
        ("index.docker.io", "docker.io", true),
        ("https://index.docker.io/v1/", "h.test", false),
        ("evil.docker.io", "docker.io", false),
    ] {
        let host = host.parse().unwrap();
        assert_eq!(Key::parse(key).is_host(&host), expected, "{key} {host}");
    }
}

#[test]
fn a_namespace_ends_where_a_segment_ends() {
    for (key, repository, expected) in [
        ("h.test/team", "team/app", Some(4)),
        ("h.test/team/", "team/app", Some(4)),
        ("h.test/team/app", "team/app", Some(8)),
        ("h.test/team/app", "team", None),
        ("h.test/tea", "team/app", None),
        ("h.test", "team/app", None),
        ("h.test/", "team/app", None),
        ("https://h.test/team", "team/app", None),
        ("other.test/team", "team/app", None),
        ("docker.io/team", "team/app", None),
    ] {
        let found = Key::parse(key).namespace_of(&"h.test".parse().unwrap(), &repository.parse().unwrap());
        assert_eq!(found, expected, "{key} {repository}");
    }
    let hub =
        Key::parse("docker.io/library").namespace_of(&"docker.io".parse().unwrap(), &"library/alpine".parse().unwrap());
    assert_eq!(hub, Some(7));
}
