use proptest::prelude::*;

use super::*;
use crate::hosts::HostCapabilities;

fn config(conf: &RegistriesConf, host: &str, name: &str) -> HostConfig {
    conf.config(&host.parse().unwrap(), Some(&name.parse().unwrap()))
}

/// Where an endpoint has a repository.
fn place(endpoint: &Endpoint, name: &str) -> String {
    let name = endpoint.repository(&name.parse().unwrap()).unwrap();
    format!("{}{name}", endpoint.profile().base())
}

fn own(conf: &RegistriesConf, host: &str, name: &str) -> String {
    place(config(conf, host, name).registry(), name)
}

#[test]
fn the_longest_prefix_that_fits_decides() {
    let conf = RegistriesConf::parse(
        r#"
            [[registry]]
            location = "a.test"
            [[registry]]
            prefix = "a.test/x"
            location = "one.test/p"
            [[registry]]
            prefix = "a.test/x/y"
            location = "two.test"
            [[registry]]
            prefix = "*.a.test"
            location = "below.test/all"
            [[registry]]
            prefix = "*.deep.a.test"
            [[registry]]
            prefix = "a.test:5000"
            location = "port.test"
        "#,
    )
    .unwrap();
    for (host, name, expected) in [
        ("a.test", "other", "https://a.test/other"),
        ("a.test", "x", "https://one.test/p"),
        ("a.test", "x/z", "https://one.test/p/z"),
        ("a.test", "xx", "https://a.test/xx"),
        ("a.test", "x/y/z", "https://two.test/z"),
        ("a.test:5000", "x/y", "https://port.test/x/y"),
        ("a.test:5001", "x/y", "https://a.test:5001/x/y"),
        ("b.a.test", "x", "https://below.test/all/x"),
        ("b.a.test:5000", "x", "https://below.test/all/x"),
        ("c.deep.a.test", "x", "https://c.deep.a.test/x"),
        ("ba.test", "x", "https://ba.test/x"),
        ("docker.io", "x", "https://registry-1.docker.io/x"),
    ] {
        assert_eq!(own(&conf, host, name), expected, "{host}/{name}");
    }
    let whole = conf.config(&"a.test".parse().unwrap(), None);
    assert_eq!(whole.registry().profile().base().as_str(), "https://a.test/");
}

#[test]
fn p28_mirrors_keep_their_order_and_serve_what_they_are_told_to() {
    let conf = RegistriesConf::parse(
        r#"
            [[registry]]
            prefix = "docker.io/library"
            location = "docker.io/library"
            [[registry.mirror]]
            location = "m0.test/hub"
            [[registry.mirror]]
            location = "m1.test"
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "m2.test:5000/a/b"
            pull-from-mirror = "tag-only"
            [[registry]]
            location = "quay.io"
            mirror-by-digest-only = true
            [[registry.mirror]]
            location = "m3.test"
        "#,
    )
    .unwrap();
    let hub = config(&conf, "docker.io", "library/alpine");
    let mirrors: Vec<_> = hub
        .mirrors()
        .iter()
        .map(|mirror| (place(mirror, "library/alpine"), mirror.capabilities()))
        .collect();
    let both = HostCapabilities::PULL.and(HostCapabilities::RESOLVE);
    assert_eq!(
        mirrors,
        [
            ("https://m0.test/hub/alpine".to_owned(), both),
            ("https://m1.test/alpine".to_owned(), HostCapabilities::PULL),
            ("https://m2.test:5000/a/b/alpine".to_owned(), HostCapabilities::RESOLVE),
        ]
    );
    assert_eq!(
        place(hub.registry(), "library/alpine"),
        "https://registry-1.docker.io/library/alpine"
    );
    let quay = config(&conf, "quay.io", "x");
    assert_eq!(quay.mirrors()[0].capabilities(), HostCapabilities::PULL);
    assert!(
        quay.mirrors()[0].profile().namespace().is_none(),
        "px1: these are not told to be proxies"
    );
    assert!(config(&conf, "docker.io", "other/x").mirrors().is_empty());
    assert_eq!(conf.known().len(), 2);
}

#[test]
fn a26_insecure_is_one_scheme_and_never_two() {
    let text = r#"
        [[registry]]
        location = "a.test"
        insecure = true
        [[registry.mirror]]
        location = "m.test"
    "#;
    let conf = RegistriesConf::parse(text).unwrap();
    let unverified = config(&conf, "a.test", "x");
    assert_eq!(unverified.registry().profile().base().scheme(), "https");
    assert!(unverified.registry().transport().accepts_invalid_certificates());
    let plain = config(&conf.with_insecure_as_plain_http(), "a.test", "x");
    assert_eq!(plain.registry().profile().base().scheme(), "http");
    assert!(!plain.registry().transport().accepts_invalid_certificates());
    for config in [unverified, plain] {
        let mirror = &config.mirrors()[0];
        assert_eq!(mirror.profile().base().scheme(), "https");
        assert!(!mirror.transport().accepts_invalid_certificates());
    }
}

#[test]
fn what_is_blocked_says_where() {
    let conf = RegistriesConf::parse("[[registry]]\nlocation = 'a.test/bad'\nblocked = true\n").unwrap();
    let error = config(&conf, "a.test", "bad/x").check_allowed().unwrap_err();
    assert_eq!(error.kind(), crate::ErrorKind::Denied);
    assert!(error.to_string().contains("registries.conf:3"), "{error}");
    assert!(config(&conf, "a.test", "good").check_allowed().is_ok());
    assert!(conf.config(&"a.test".parse().unwrap(), None).check_allowed().is_ok());
}

#[test]
fn unknown_keys_and_short_names_are_left_alone() {
    let conf = RegistriesConf::parse(
        "unqualified-search-registries = ['docker.io']\nshort-name-mode = 'enforcing'\nfuture = 1\n[aliases]\n'a' = 'b/c'\n[[registry]]\nlocation = 'a.test'\nsomething = 'else'\n",
    );
    assert_eq!(conf.unwrap().entries.len(), 1);
    assert!(RegistriesConf::parse("").unwrap().entries.is_empty());
}

#[test]
fn what_is_malformed_is_an_error_with_its_line() {
    for (text, line) in [
        ("a = ", 1),
        ("\n\nregistry = 1", 3),
        ("\nregistry = [1]", 2),
        ("[[registry]]\n", 1),
        ("[[registry]]\nprefix = 'a.test'\n", 1),
        ("[[registry]]\nlocation = 'https://a.test'\n", 2),
        ("[[registry]]\nlocation = 'nohost'\n", 2),
        ("[[registry]]\nlocation = 'a.test/UPPER'\n", 2),
        ("[[registry]]\nlocation = 'a.test/x:tag'\n", 2),
        ("[[registry]]\nlocation = 'a.test'\n\nprefix = '*.a.test/x'\n", 4),
        ("[[registry]]\nlocation = 'a.test'\nprefix = '*.'\n", 3),
        ("[[registry]]\nlocation = 'a.test'\nprefix = 'a.*.test'\n", 3),
        ("[[registry]]\nlocation = 'a.test'\nblocked = 'yes'\n", 3),
        (
            "[[registry]]\nlocation = 'a.test'\n[[registry]]\nlocation = 'a.test'\n",
            3,
        ),
        ("[[registry]]\nlocation = 'a.test'\n[[registry.mirror]]\n", 3),
        (
            "[[registry]]\nlocation = 'a.test'\n[[registry.mirror]]\nlocation = 'm.test'\npull-from-mirror = 'some'\n",
            5,
        ),
        (
            "[[registry]]\nlocation = 'a.test'\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = 'm.test'\npull-from-mirror = 'all'\n",
            6,
        ),
        (
            "[[registry]]\nlocation = 'a.test'\npull-from-mirror = 'digest-only'\n[[registry.mirror]]\nlocation = 'm.test'\n",
            3,
        ),
        ("[registries.search]\nregistries = ['a.test']\n", 1),
    ] {
        let error = RegistriesConf::parse(text).unwrap_err();
        assert_eq!(
            (error.kind(), error.line()),
            (HostFileErrorKind::Malformed, Some(line)),
            "{text}: {error}"
        );
        assert!(
            error.to_string().starts_with(&format!("registries.conf:{line}: ")),
            "{error}"
        );
    }
}

#[test]
fn the_number_of_entries_and_mirrors_is_bounded() {
    let many: String = (0..=MAX_ENTRIES)
        .map(|number| format!("[[registry]]\nlocation='r{number}.test'\n"))
        .collect();
    assert_eq!(
        RegistriesConf::parse(&many).unwrap_err().kind(),
        HostFileErrorKind::TooLarge
    );
    let mirrors = "[[registry.mirror]]\nlocation='m.test'\n".repeat(HostConfig::MAX_MIRRORS + 1);
    let error = RegistriesConf::parse(&format!("[[registry]]\nlocation='a.test'\n{mirrors}")).unwrap_err();
    assert_eq!(error.line(), Some(3 + 2 * HostConfig::MAX_MIRRORS));
}

#[test]
fn additions_are_read_in_order_and_replace_by_prefix() {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    write(
        "registries.conf",
        "[[registry]]\nlocation = 'a.test'\n[[registry]]\nlocation = 'b.test'\n",
    );
    let additions = directory.path().join("registries.conf.d");
    std::fs::create_dir(&additions).unwrap();
    write(
        "registries.conf.d/2.conf",
        "[[registry]]\nprefix = 'a.test'\nlocation = 'two.test'\n",
    );
    write(
        "registries.conf.d/1.conf",
        "[[registry]]\nprefix = 'a.test'\nlocation = 'one.test'\n",
    );
    write("registries.conf.d/3.conf.bak", "not TOML");
    let conf = RegistriesConf::read(directory.path().join("registries.conf")).unwrap();
    let conf = conf.with_additions(&additions).unwrap();
    assert_eq!(own(&conf, "a.test", "x"), "https://two.test/x");
    assert_eq!(own(&conf, "b.test", "x"), "https://b.test/x");
    write("registries.conf.d/4.conf", "\n[[registry]]\n");
    let error = RegistriesConf::default().with_additions(&additions).unwrap_err();
    assert_eq!((error.line(), error.path()), (Some(2), &*additions.join("4.conf")));
}

#[test]
fn missing_unreadable_malformed_and_too_large_are_four_errors() {
    let directory = tempfile::tempdir().unwrap();
    let read = |name: &str| RegistriesConf::read(directory.path().join(name)).unwrap_err();
    assert_eq!(read("none").kind(), HostFileErrorKind::Missing);
    assert_eq!(read("").kind(), HostFileErrorKind::Unreadable);
    std::fs::write(directory.path().join("latin1"), b"# 1\n# \xe9\n").unwrap();
    let error = read("latin1");
    assert_eq!((error.kind(), error.line()), (HostFileErrorKind::Malformed, Some(2)));
    std::fs::write(directory.path().join("large"), vec![b'\n'; (1 << 20) + 1]).unwrap();
    assert_eq!(read("large").kind(), HostFileErrorKind::TooLarge);
    assert_eq!(crate::Error::from(read("none")).kind(), crate::ErrorKind::Store);
    assert_eq!(crate::Error::from(error).kind(), crate::ErrorKind::Invalid);
}

/// Lines that mean something, in any order.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("[[registry]]".to_owned()),
        Just("[[registry.mirror]]".to_owned()),
        "(prefix|location) = '(\\*\\.|x\\.)?[a-z.:/*@]{0,12}'",
        "(insecure|blocked|mirror-by-digest-only) = (true|false|1)",
        "pull-from-mirror = '(all|digest-only|tag-only|x)'",
        "\\PC{0,20}",
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_at_one_of_its_lines(text in lines(), host in "[a-z]{1,3}\\.[a-z]{1,3}", name in "[a-z]{1,3}(/[a-z]{1,3})?") {
        match RegistriesConf::parse(&text) {
            Ok(conf) => {
                let config = config(&conf, &host, &name);
                prop_assert_eq!(config.name().as_str(), &host);
                for endpoint in config.endpoints() {
                    prop_assert!(["http", "https"].contains(&endpoint.profile().base().scheme()));
                }
            }
            Err(error) => {
                let line = error.line().unwrap();
                prop_assert!(line >= 1 && line <= text.split('\n').count(), "{}", error);
                prop_assert!(!error.to_string().contains('\n'));
            }
        }
    }
}
