use super::*;

/// What may be sent to a realm.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Anything,
    Anonymous,
    Nothing,
}
use Verdict::{Anonymous, Anything, Nothing};

fn judged(profile: &HostProfile, realm: &Url) -> Verdict {
    match (judge_realm(profile, realm, true), judge_realm(profile, realm, false)) {
        (Ok(()), Ok(())) => Anything,
        (Err(error), Ok(())) => {
            assert!(error.to_string().contains(realm.host_str().unwrap()), "{error}");
            Anonymous
        }
        (Err(_), Err(error)) => {
            assert_eq!(error.kind(), ErrorKind::UnsafeUrl);
            Nothing
        }
        (Ok(()), Err(error)) => panic!("{error}"),
    }
}

fn profile(host: &str) -> HostProfile {
    HostProfile::new(host.parse().unwrap())
}

#[test]
fn a05_a06_a14_realms_of_a_registry_that_speaks_https() {
    let profile = profile("r.test").with_trusted_realm("TRUSTED.test".parse().unwrap());
    for (realm, verdict) in [
        ("https://r.test/token", Anything),
        ("https://R.TEST:443/token?a=b#c", Anything),
        ("https://r.test:8443/token", Anything),
        ("https://trusted.test/token", Anything),
        ("https://trusted.test:444/token", Anything),
        ("https://evil.test/token", Anonymous),
        ("https://r.test.evil.test/token", Anonymous),
        ("https://evilr.test/token", Anonymous),
        ("https://r.test./token", Anonymous),
        ("https://sub.trusted.test/token", Anonymous),
        ("https://1.1.1.1/token", Anonymous),
        ("https://127.0.0.1/token", Nothing),
        ("https://gitlab.com/token", Anonymous),
        ("http://r.test/token", Nothing),
        ("http://evil.test/token", Nothing),
        ("https://u:p@r.test/token", Nothing),
        ("https://u@r.test/token", Nothing),
        ("https://:p@r.test/token", Nothing),
        ("file:///etc/passwd", Nothing),
        ("data:text/plain,x", Nothing),
        ("ftp://r.test/token", Nothing),
        ("unix:/run/x.sock", Nothing),
        ("javascript:alert(1)", Nothing),
    ] {
        let realm = Url::parse(realm).unwrap();
        assert_eq!(judged(&profile, &realm), verdict, "{realm}");
    }
}

#[test]
fn a06_realms_of_a_registry_that_is_plain_http_by_configuration() {
    for profile in [
        profile("r.test").with_plain_http(),
        profile("r.test:80").with_plain_http(),
    ] {
        for (realm, verdict) in [
            ("http://r.test/token", Anything),
            ("https://r.test/token", Anything),
            ("http://r.test:5001/token", Anything),
            ("http://evil.test/token", Anonymous),
            ("http://u:p@r.test/token", Nothing),
        ] {
            let realm = Url::parse(realm).unwrap();
            assert_eq!(judged(&profile, &realm), verdict, "{realm}");
        }
    }
}

#[test]
fn a05_known_pairs_hold_in_one_direction_and_for_no_other_registry() {
    for (host, realm, verdict) in [
        ("docker.io", "https://auth.docker.io/token", Anything),
        ("nvcr.io", "https://authn.nvidia.com/token", Anything),
        ("lscr.io", "https://ghcr.io/token", Anything),
        ("registry.gitlab.com", "https://gitlab.com/jwt/auth", Anything),
        ("ghcr.io", "https://lscr.io/token", Anonymous),
        ("r.test", "https://auth.docker.io/token", Anonymous),
        ("docker.io", "http://auth.docker.io/token", Nothing),
    ] {
        assert_eq!(
            judged(&profile(host), &Url::parse(realm).unwrap()),
            verdict,
            "{host} {realm}"
        );
    }
}
