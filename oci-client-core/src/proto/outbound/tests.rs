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

/// What a redirect of a GET from the registry may lead to.
fn redirected(profile: &HostProfile, to: &str) -> Result<(), String> {
    judge_redirect(profile, profile.base(), &Url::parse(to).unwrap(), false)
}

fn profile(host: &str) -> HostProfile {
    HostProfile::new(host.parse().unwrap())
}

#[test]
fn a8_a05_a06_a14_realms_of_a_registry_that_speaks_https() {
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

#[test]
fn a05_a_trusted_realm_may_be_bound_to_a_port() {
    let profile = profile("r.test")
        .with_trusted_realm("any.test".parse().unwrap())
        .with_trusted_realm("one.test:8443".parse().unwrap())
        .with_trusted_realm("[::1]:8443".parse().unwrap())
        .with_trusted_realm("default.test:443".parse().unwrap());
    for (realm, verdict) in [
        ("https://any.test/token", Anything),
        ("https://any.test:1/token", Anything),
        ("https://one.test:8443/token", Anything),
        ("https://one.test/token", Anonymous),
        ("https://[::1]:8443/token", Anything),
        ("https://[::1]/token", Nothing),
        ("https://default.test/token", Anything),
        ("https://default.test:444/token", Anonymous),
    ] {
        assert_eq!(judged(&profile, &Url::parse(realm).unwrap()), verdict, "{realm}");
    }
}

/// Whether the realm of a registry on a sibling host gets a password, with and without the list of public suffixes.
#[test]
fn a05_realms_below_the_same_registered_domain() {
    let sibling = if cfg!(feature = "public-suffix") {
        Anything
    } else {
        Anonymous
    };
    for (host, realm, verdict) in [
        ("registry.example.com", "https://auth.example.com/token", sibling),
        ("registry.example.com", "https://example.com:443/token", sibling),
        ("registry.example.com", "https://a.b.example.com/token", sibling),
        ("registry.example.co.uk", "https://auth.example.co.uk/token", sibling),
        ("registry.example.co.uk", "https://auth.evil.co.uk/token", Anonymous),
        ("registry.example.com", "https://example.org/token", Anonymous),
        ("registry.example.com", "https://evilexample.com/token", Anonymous),
        ("me.github.io", "https://you.github.io/token", Anonymous),
        (
            "mine.s3.amazonaws.com",
            "https://yours.s3.amazonaws.com/token",
            Anonymous,
        ),
        // A suffix that nobody has listed may be anybody's.
        ("registry.corp.unlisted", "https://auth.corp.unlisted/token", Anonymous),
        ("localhost:5000", "https://auth.localhost/token", Anonymous),
        ("10.0.0.1:5000", "https://10.0.0.2/token", Anonymous),
        ("1.2.3.4", "https://2.2.3.4/token", Anonymous),
    ] {
        assert_eq!(
            judged(&profile(host), &Url::parse(realm).unwrap()),
            verdict,
            "{host} {realm}"
        );
    }
}

#[test]
fn a07_addresses_that_are_not_public_are_refused_however_they_are_written() {
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
        "017700000001",
        "0.0.0.0",
        "0",
        "10.1.2.3",
        "100.64.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.0.1",
        "198.18.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::10.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fec0::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[ff02::1]",
        "[2001:db8::1]",
        "[2001::1]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "registry.localhost",
    ] {
        let (profile, url) = (profile("r.test"), format!("https://{host}/x"));
        let error = redirected(&profile, &url).unwrap_err();
        assert!(
            error.contains("not a public address") && error.contains("with_private_addresses"),
            "{error}"
        );
        assert_eq!(judged(&profile, &Url::parse(&url).unwrap()), Nothing, "{url}");
        let inside = profile.with_outbound(OutboundPolicy::new().with_private_addresses());
        assert_eq!(redirected(&inside, &url), Ok(()), "{url}");
        assert_eq!(judged(&inside, &Url::parse(&url).unwrap()), Anonymous, "{url}");
    }
}

#[test]
fn a07_public_addresses_are_not_refused() {
    for host in [
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "169.253.0.1",
        "172.15.255.255",
        "172.32.0.0",
        "192.167.0.1",
        "223.255.255.255",
        "[2606:4700::1111]",
        "[2a00:1450::1]",
        "[::ffff:1.1.1.1]",
        "[64:ff9b::1.1.1.1]",
        "notlocalhost",
        "localhost.test",
    ] {
        assert_eq!(
            redirected(&profile("r.test"), &format!("https://{host}/x")),
            Ok(()),
            "{host}"
        );
    }
}

#[test]
fn a07_a_registry_may_lead_to_its_own_host_and_a_local_one_to_its_neighbours() {
    for (host, to, allowed) in [
        ("10.0.0.1:5000", "http://10.0.0.1:9000/x", true),
        ("10.0.0.1:5000", "http://10.0.0.2:9000/x", true),
        ("127.0.0.1:5000", "http://127.0.0.1:9000/x", true),
        ("localhost:5000", "http://127.0.0.1:9000/x", true),
        ("127.0.0.1:5000", "http://169.254.169.254/x", false),
        ("10.0.0.1:5000", "http://[fe80::1]/x", false),
        ("10.0.0.1:5000", "http://[::ffff:169.254.169.254]/x", false),
        ("10.0.0.1:5000", "http://[fd00:ec2::254]/x", false),
        ("169.254.1.1", "http://169.254.1.1/y", true),
    ] {
        let verdict = redirected(&profile(host).with_plain_http(), to);
        assert_eq!(verdict.is_ok(), allowed, "{host} {to}: {verdict:?}");
    }
}

#[test]
fn a07_requests_to_hosts_that_a_server_has_named_are_marked() {
    for (host, url, marked) in [
        ("r.test", "https://r.test/x", false),
        ("r.test", "https://r.test:444/x", false),
        ("r.test", "https://cdn.test/x", true),
        ("r.test", "https://sub.r.test/x", true),
        ("r.test", "https://trusted.test/x", false),
        ("127.0.0.1:5000", "http://cdn.test/x", false),
    ] {
        let profile = profile(host).with_trusted_realm("trusted.test".parse().unwrap());
        let url = Url::parse(url).unwrap();
        let is_marked = |profile: &HostProfile| {
            let mut request = Request::new(Payload::Empty);
            mark(profile, &url, &mut request);
            ServerSupplied::marks(&request)
        };
        assert_eq!(is_marked(&profile), marked, "{host} {url}");
        let inside = profile.with_outbound(OutboundPolicy::new().with_private_addresses());
        assert!(!is_marked(&inside), "{host} {url}");
    }
}

#[test]
fn a07_the_address_that_a_server_has_named_is_judged_before_a_name_is_resolved() {
    for (uri, allowed) in [
        ("https://127.0.0.1/x", false),
        ("https://[::1]:8443/x", false),
        ("https://[::ffff:10.0.0.1]/x", false),
        ("http://169.254.169.254/latest", false),
        ("http://me:secret@192.168.0.1:5000/", false),
        ("https://1.1.1.1/x", true),
        ("https://[2606:4700::1111]/x", true),
        ("https://cdn.test/x", true),
        ("/relative", true),
    ] {
        assert_eq!(check_address(&uri.parse().unwrap()).is_ok(), allowed, "{uri}");
    }
}

#[test]
fn a07_of_what_a_name_resolves_to_only_public_addresses_remain() {
    let judged = |found: &[&str]| {
        let found = found.iter().map(|address| address.parse().unwrap());
        let public = public_addresses(found).ok()?;
        Some(public.iter().map(ToString::to_string).collect::<Vec<_>>())
    };
    for private in [
        "127.0.0.1:1",
        "10.0.0.1:1",
        "169.254.169.254:1",
        "[::1]:1",
        "[fd00:ec2::254]:1",
        "[::ffff:192.168.0.1]:1",
    ] {
        assert_eq!(judged(&[private]), None, "{private}");
        assert_eq!(judged(&[private, "1.1.1.1:1"]).unwrap(), ["1.1.1.1:1"], "{private}");
    }
    assert_eq!(judged(&[]), None);
}
