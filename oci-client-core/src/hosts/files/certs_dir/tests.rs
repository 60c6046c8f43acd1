use std::fs;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::hosts::HostCapabilities;

/// A directory with these files.
fn tree(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    directory
}

fn read(files: &[(&str, &str)]) -> CertsDir {
    CertsDir::read(tree(files).path()).unwrap()
}

fn config(certs: &CertsDir, host: &str) -> HostConfig {
    certs.config(&host.parse().unwrap(), None)
}

/// Base, with the name that `app` has there.
fn place(endpoint: &Endpoint) -> String {
    format!(
        "{}|{}",
        endpoint.profile().base(),
        endpoint.repository(&"app".parse().unwrap()).unwrap()
    )
}

const HUB: &str = r#"
server = "https://registry-1.docker.io"
capabilities = ["pull", "resolve"]

[host."https://z.test"]
capabilities = ["pull"]

[host."http://a.test:5000/cache"]
skip_verify = true
[host."http://a.test:5000/cache".header]
x-one = "hunter2"
x-two = ["3", "4"]

[host."https://harbor.test/v2/hub"]
override_path = true

[host."https://plain.test/v2/"]
"#;

#[test]
fn px1_hosts_toml_keeps_the_order_and_tells_proxies_what_they_stand_for() {
    let hub = config(&read(&[("docker.io/hosts.toml", HUB)]), "docker.io");
    let places: Vec<String> = hub.mirrors().iter().map(place).collect();
    assert_eq!(
        places,
        [
            "https://z.test/|app",
            "http://a.test:5000/cache/|app",
            "https://harbor.test/|hub/app",
            "https://plain.test/|app",
        ]
    );
    for mirror in hub.mirrors() {
        assert_eq!(
            mirror.profile().namespace().map(|host| host.as_str()),
            Some("docker.io")
        );
        assert!(!mirror.has_upstream_credentials());
        assert_ne!(mirror.profile().host(), hub.name());
    }
    let capabilities: Vec<_> = hub.mirrors().iter().map(Endpoint::capabilities).collect();
    assert_eq!(capabilities[..2], [HostCapabilities::PULL, HostCapabilities::ALL]);
    let second = &hub.mirrors()[1];
    assert!(second.transport().accepts_invalid_certificates());
    assert_eq!(second.profile().headers().get_all("x-two").iter().count(), 2);
    assert!(!format!("{second:?}").contains("hunter2"));
    let own = hub.registry();
    assert_eq!(place(own), "https://registry-1.docker.io/|app");
    assert_eq!(
        (own.profile().host().as_str(), own.profile().namespace()),
        ("docker.io", None)
    );
    assert_eq!(
        own.capabilities(),
        HostCapabilities::PULL.and(HostCapabilities::RESOLVE)
    );
}

#[test]
fn a_registry_is_found_by_its_directory_and_all_others_by_default() {
    let certs = read(&[
        ("a.test_5000_/hosts.toml", "server = 'https://underscores.test'"),
        ("a.test:5000/hosts.toml", "server = 'https://colon.test'"),
        ("b.test:5000/hosts.toml", "server = 'b.test:5000'"),
        ("_default/hosts.toml", "[host.'http://localhost:5000']"),
        ("not a host/hosts.toml", "not TOML"),
        ("file", "no directory"),
    ]);
    for (host, own, mirrors) in [
        ("a.test:5000", "https://underscores.test/", 0),
        ("b.test:5000", "https://b.test:5000/", 0),
        ("c.test", "https://c.test/", 1),
        ("docker.io", "https://registry-1.docker.io/", 1),
    ] {
        let config = config(&certs, host);
        assert_eq!(config.registry().profile().base().as_str(), own);
        assert_eq!(config.mirrors().len(), mirrors, "{host}");
    }
    let defaulted = config(&certs, "c.test");
    let mirror = &defaulted.mirrors()[0];
    assert_eq!(mirror.profile().base().as_str(), "http://localhost:5000/");
    assert_eq!(mirror.profile().namespace().unwrap().as_str(), "c.test");
    assert_eq!(certs.known().len(), 2);
}

#[test]
fn certificates_are_found_in_either_layout() {
    let files = [
        ("a.test/ca.crt", "ROOT"),
        ("a.test/me.cert", "CHAIN"),
        ("a.test/me.key", "KEY"),
        (
            "b.test/hosts.toml",
            "ca = 'ca.pem'\nclient = [['c.pem', 'k.pem'], ['both.pem', '']]\n",
        ),
        ("b.test/ca.pem", "ROOT"),
        ("b.test/c.pem", "CHAIN"),
        ("b.test/k.pem", "KEY"),
        ("b.test/both.pem", "BOTH"),
        (
            "c.test/hosts.toml",
            "[host.'https://m.test']\nca = ['ca.pem', 'ca.pem']\nclient = 'both.pem'",
        ),
        ("c.test/ca.pem", "ROOT"),
        ("c.test/both.pem", "BOTH"),
        ("c.test/ignored.crt", "beside a hosts.toml"),
    ];
    let certs = read(&files);
    let shown = |endpoint: &Endpoint| {
        let settings = endpoint.transport();
        let pairs = settings.client_certificates().iter();
        let pairs: Vec<_> = pairs
            .map(|pair| (pair.chain().to_vec(), pair.key().expose().to_owned()))
            .collect();
        (settings.roots().count(), pairs)
    };
    let pair = |chain: &str, key: &str| (chain.as_bytes().to_vec(), key.to_owned());
    assert_eq!(
        shown(config(&certs, "a.test").registry()),
        (1, vec![pair("CHAIN", "KEY")])
    );
    let both = vec![pair("CHAIN", "KEY"), pair("BOTH", "BOTH")];
    assert_eq!(shown(config(&certs, "b.test").registry()), (1, both));
    let third = config(&certs, "c.test");
    assert_eq!(shown(third.registry()), (0, vec![]));
    assert_eq!(shown(&third.mirrors()[0]), (2, vec![pair("BOTH", "BOTH")]));
    assert!(!format!("{certs:?}").contains("KEY"));
}

#[test]
fn a27_what_is_missing_of_the_certificates_is_an_error() {
    for files in [
        &[("a.test/me.cert", "CHAIN")][..],
        &[("a.test/me.key", "KEY")],
        &[("a.test/hosts.toml", "ca = 'none.pem'")],
        &[("a.test/hosts.toml", "client = 'none.pem'")],
        &[
            ("a.test/hosts.toml", "client = [['c.pem', 'none.pem']]"),
            ("a.test/c.pem", "CHAIN"),
        ],
    ] {
        let error = CertsDir::read(tree(files).path()).unwrap_err();
        assert_eq!(error.kind(), HostFileErrorKind::Missing, "{error}");
    }
    let error = CertsDir::read("/nonexistent/certs.d").unwrap_err();
    assert_eq!(error.kind(), HostFileErrorKind::Missing);
}

#[test]
fn capabilities_are_all_unless_some_are_listed_in_whatever_case() {
    for (line, expected) in [
        ("", HostCapabilities::ALL),
        ("capabilities = []", HostCapabilities::ALL),
        ("capabilities = ['PULL']", HostCapabilities::PULL),
        (
            "capabilities = ['Pull', 'resolve']",
            HostCapabilities::PULL.and(HostCapabilities::RESOLVE),
        ),
    ] {
        let text = format!("{line}\n[host.'https://m.test']\n{line}");
        let found = config(&read(&[("a.test/hosts.toml", &text)]), "a.test");
        assert_eq!(found.registry().capabilities(), expected, "{line}");
        assert_eq!(found.mirrors()[0].capabilities(), expected, "{line}");
    }
}

#[test]
fn what_is_malformed_is_an_error_with_its_line() {
    for (text, line) in [
        ("server = ", 1),
        ("server = 1", 1),
        ("server = 'ftp://a.test'", 1),
        ("server = 'https://user:hunter2@a.test'", 1),
        ("\nserver = 'https://a.test/?x=y'", 2),
        ("server = 'https://a.test/hub'\noverride_path = true", 1),
        ("host = 1", 1),
        ("[host]\n'https://m.test' = 1", 2),
        ("[host.'::']", 1),
        ("[host.'https://m.test']\ncapabilities = ['pull', 'fly']", 2),
        ("[host.'https://m.test']\ncapabilities = 1", 2),
        ("[host.'https://m.test']\nca = 1", 2),
        ("[host.'https://m.test']\nclient = [[]]", 2),
        ("[host.'https://m.test']\nclient = [['a', 'b', 'c']]", 2),
        ("[host.'https://m.test']\nskip_verify = 'no'", 2),
        ("[host.'https://m.test'.header]\n\nAuthorization = 'Basic hunter2'", 3),
        ("[host.'https://m.test'.header]\nCookie = ['hunter2']", 2),
        ("[host.'https://m.test'.header]\nx = \"a\\nb\"", 2),
    ] {
        let error = CertsDir::read(tree(&[("a.test/hosts.toml", text)]).path()).unwrap_err();
        assert_eq!(
            (error.kind(), error.line()),
            (HostFileErrorKind::Malformed, Some(line)),
            "{text}: {error}"
        );
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

#[test]
fn unknown_keys_are_left_alone() {
    let certs = read(&[(
        "a.test/hosts.toml",
        "future = 1\n[host.'https://m.test']\ndial_timeout = '1s'\n",
    )]);
    assert_eq!(config(&certs, "a.test").mirrors().len(), 1);
}

#[test]
fn registries_conf_takes_its_certificates_from_here() {
    let certs = read(&[("m.test/ca.crt", "ROOT")]);
    let conf = super::super::RegistriesConf::parse(
        "[[registry]]\nlocation='a.test'\n[[registry.mirror]]\nlocation='m.test'\ninsecure=true",
    )
    .unwrap()
    .with_certificates(certs);
    let config = conf.config(&"a.test".parse().unwrap(), None);
    let settings = config.mirrors()[0].transport();
    assert!(settings.roots().count() == 1 && settings.accepts_invalid_certificates());
    assert!(config.registry().transport().is_default());
}

/// Lines that mean something, in any order.
fn lines() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "server = '(https?://)?[a-z.:/@?2v]{0,14}'",
        "\\[host\\.'(https?://)?[a-z.:/@?2v]{0,14}'\\](\nheader\\.[a-z]{1,3} = 'x')?",
        "(override_path|skip_verify) = (true|false|1)",
        "capabilities = \\[('(pull|push|resolve|referrers|x)',){0,3}\\]",
        "\\PC{0,20}",
    ];
    prop::collection::vec(line, 0..8).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn any_text_is_read_or_refused_at_one_of_its_lines(text in lines()) {
        match CertsDir::read(tree(&[("a.test/hosts.toml", &text)]).path()) {
            Ok(certs) => {
                for endpoint in config(&certs, "a.test").endpoints() {
                    prop_assert!(endpoint.profile().base().path().ends_with('/'));
                }
            }
            Err(error) => {
                let line = error.line().unwrap();
                prop_assert!(line >= 1 && line <= text.split('\n').count(), "{}", error);
            }
        }
    }
}
