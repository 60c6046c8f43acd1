use super::*;

fn secret(keys: &[&str]) -> String {
    let entry = |key: &&str| format!(r#""{key}":{{"username":"{key}","password":"p"}}"#);
    format!("{{{}}}", keys.iter().map(entry).collect::<Vec<_>>().join(","))
}

fn user(secrets: &PullSecrets, host: &str, repository: &str) -> String {
    let repository = (!repository.is_empty()).then(|| repository.parse().unwrap());
    let query = CredentialQuery::new(host.parse().unwrap(), repository);
    match futures_executor::block_on(secrets.credential(&query)) {
        Ok(Some(Credential::Password { username, .. })) => username,
        Ok(_) => "-".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn a9_keys_match_as_the_kubelet_matches() {
    for (key, host, repository, expected) in [
        ("r.test", "r.test", "a/b", true),
        ("r.test", "r.test", "", true),
        ("r.test:5000", "r.test:5000", "a", true),
        ("r.test:5000", "r.test", "a", false),
        ("r.test", "r.test:5000", "a", false),
        ("*.test", "r.test", "a", true),
        ("*.test", "a.r.test", "a", false),
        ("*.r.test", "a.r.test", "a", true),
        ("*", "r.test", "a", false),
        ("*.*", "r.test", "a", true),
        ("r*.test", "r1.test", "a", true),
        ("r?.test", "r1.test", "a", true),
        ("*.test:5000", "r.test:5000", "a", true),
        ("r.test/a", "r.test", "a/b", true),
        ("r.test/a", "r.test", "ab", true),
        ("r.test/a/", "r.test", "ab", false),
        ("r.test/a/b", "r.test", "a", false),
        ("https://r.test", "r.test", "a", true),
        ("http://r.test/v1/", "r.test", "a", true),
        ("https://r.test/v2/a", "r.test", "a/b", true),
        ("r.test/", "r.test", "a", true),
        ("https://index.docker.io/v1/", "docker.io", "library/alpine", true),
        ("index.docker.io", "registry-1.docker.io", "library/alpine", true),
        ("docker.io", "docker.io", "library/alpine", true),
        ("https://index.docker.io/v1/", "r.test", "library/alpine", false),
        ("[::1]", "[::1]", "a", true),
        ("[::1]:5000", "[::1]", "a", false),
        ("é.test", "r.test", "a", false),
    ] {
        let secrets = PullSecrets::new().with_dockercfg(secret(&[key]).as_bytes()).unwrap();
        assert_eq!(
            user(&secrets, host, repository) == key,
            expected,
            "{key} {host}/{repository}"
        );
    }
}

#[test]
fn a9_the_most_specific_key_counts_whatever_secret_it_is_in() {
    let first = format!(r#"{{"auths":{}}}"#, secret(&["*.test", "r.test/a"]));
    let second = secret(&["r.test", "r.test/a/b"]);
    let secrets = PullSecrets::new();
    let secrets = secrets.with_docker_config_json(first.as_bytes()).unwrap();
    let secrets = secrets.with_dockercfg(second.as_bytes()).unwrap();
    for (host, repository, expected) in [
        ("r.test", "a/b", "r.test/a/b"),
        ("r.test", "a/c", "r.test/a"),
        ("r.test", "x", "r.test"),
        ("s.test", "x", "*.test"),
        ("s.other", "x", "-"),
    ] {
        assert_eq!(user(&secrets, host, repository), expected, "{host}/{repository}");
    }
}

#[test]
fn a33_a_bad_entry_breaks_its_host_only() {
    let text = "\u{feff}{\"auths\":{\"bad.test\":{\"auth\":\"!\"},\"good.test\":{\"auth\":\"bWU6cHc=\"}}}";
    let secrets = PullSecrets::new().with_docker_config_json(text.as_bytes()).unwrap();
    assert_eq!(user(&secrets, "good.test", ""), "me");
    assert!(user(&secrets, "bad.test", "").contains("`bad.test`: `auth` is no Base64"));
    assert_eq!(format!("{secrets:?}"), r#"{"good.test", "bad.test"}"#);
    for data in [&b"[]"[..], b"\xff", b"{\"auths\":7}", b"{"] {
        assert!(PullSecrets::new().with_docker_config_json(data).is_err());
    }
    assert!(PullSecrets::new().with_dockercfg(b"[]").is_err());
}
