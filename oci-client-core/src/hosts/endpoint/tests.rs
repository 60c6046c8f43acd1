use super::*;

#[test]
fn names_are_rewritten_by_whole_parts() {
    let plain = || Endpoint::mirror("mirror.test".parse().unwrap());
    let added = |endpoint: Endpoint, prefix: &str| endpoint.with_repository_prefix(prefix.parse().unwrap());
    let removed = |prefix: &str| plain().without_repository_prefix(prefix.parse().unwrap());
    for (endpoint, name, expected) in [
        (plain(), "a/b", Some("a/b")),
        (added(plain(), "x/y"), "a", Some("x/y/a")),
        (removed("a"), "a/b", Some("b")),
        (removed("a"), "a", None),
        (removed("a"), "ab/c", None),
        (removed("a/b"), "a/b/c/d", Some("c/d")),
        (added(removed("a"), "x"), "a/b", Some("x/b")),
        (added(removed("a"), "x"), "a", Some("x")),
        (added(removed("a"), "x"), "b", None),
    ] {
        let found = endpoint.repository(&name.parse().unwrap());
        assert_eq!(found.as_ref().ok().map(RepositoryName::as_str), expected, "{name}");
        assert!(found.is_ok() || found.unwrap_err().kind() == ErrorKind::Invalid);
    }
}

#[test]
fn a_name_that_becomes_too_long_is_an_error() {
    let endpoint =
        Endpoint::mirror("mirror.test".parse().unwrap()).with_repository_prefix("p".repeat(200).parse().unwrap());
    assert!(endpoint.repository(&"n".repeat(200).parse().unwrap()).is_err());
}

#[test]
fn what_is_learned_is_shared_by_endpoints_that_are_reached_alike() {
    let endpoint = || Endpoint::mirror("mirror.test".parse().unwrap());
    let other = endpoint()
        .with_repository_prefix("x".parse().unwrap())
        .with_capabilities(HostCapabilities::ALL);
    assert!(endpoint().is_reached_as(&other));
    let settings = TransportSettings::new().danger_accept_invalid_certificates();
    assert!(!endpoint().is_reached_as(&endpoint().with_transport(settings)));
    let profile = endpoint().profile().clone().with_plain_http();
    assert!(!endpoint().is_reached_as(&endpoint().with_profile(profile)));
}
