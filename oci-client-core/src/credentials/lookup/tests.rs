use proptest::prelude::*;

use super::*;

fn query(host: &str, repository: &str) -> CredentialQuery {
    let repository = (!repository.is_empty()).then(|| repository.parse().unwrap());
    CredentialQuery::new(host.parse().unwrap(), repository)
}

/// The user for a query, `-` for none, or the message.
fn user(text: &str, host: &str, repository: &str) -> String {
    let found = find(text, &query(host, repository)).and_then(|found| found.credential());
    match found {
        Ok(Some(Credential::Password { username, .. })) => username,
        Ok(_) => "-".to_owned(),
        Err(fault) => fault.message().to_owned(),
    }
}

#[test]
fn a9_the_longest_part_of_the_name_counts() {
    let entry = |key: &str, user: &str| format!(r#""{key}":{{"username":"{user}","password":"p"}}"#);
    let entries = [
        entry("h.test/team", "team"),
        entry("h.test", "host"),
        entry("h.test/team/app", "app"),
        entry("https://index.docker.io/v1/", "hub"),
        entry("docker.io/library", "library"),
        entry("http://old.test/v1/", "old"),
        entry("new.test:5000", "new"),
    ];
    let text = format!("{{\"auths\":{{{}}}}}", entries.join(","));
    for (host, repository, expected) in [
        ("h.test", "team/app", "app"),
        ("h.test", "team/app/deep", "app"),
        ("h.test", "team/apple", "team"),
        ("h.test", "team", "team"),
        ("h.test", "teams/app", "host"),
        ("h.test", "", "host"),
        ("docker.io", "library/alpine", "library"),
        ("docker.io", "me/app", "hub"),
        ("old.test", "a", "old"),
        ("new.test:5000", "a", "new"),
        ("new.test", "a", "-"),
        ("ew.test:5000", "a", "-"),
    ] {
        assert_eq!(user(&text, host, repository), expected, "{host}/{repository}");
    }
}

#[test]
fn a33_the_usual_spelling_counts_before_others() {
    let text = r#"{"auths":{"https://h.test":{"username":"url","password":"p"},"h.test":{"username":"plain","password":"p"}}}"#;
    assert_eq!(user(text, "h.test", ""), "plain");
}

#[test]
fn a33_a_bad_entry_breaks_its_host_only() {
    let bad = [
        r#"7"#,
        r#"[]"#,
        r#"null"#,
        r#"{"auth":"!"}"#,
        r#"{"auth":"bWU="}"#,
        r#"{"auth":7}"#,
        r#"{"auth":"","auth":""}"#,
        r#"{},"bad.test":{}"#,
    ];
    for entry in bad {
        let text = format!(r#"{{"auths":{{"bad.test":{entry},"good.test":{{"auth":"bWU6cHc="}}}}}}"#);
        assert_eq!(user(&text, "good.test", ""), "me", "{entry}");
        assert_eq!(user(&text, "other.test", ""), "-", "{entry}");
        let told = user(&text, "bad.test", "");
        assert!(told.starts_with("the entry `bad.test`: "), "{entry}: {told}");
    }
}

#[test]
fn a33_a_bad_file_says_what_is_bad() {
    for (text, expected) in [
        ("[]", "this is no JSON object"),
        ("{", "this is no JSON"),
        (r#"{"auths":[]}"#, "`auths` is no JSON object"),
        (r#"{"auths":{},"auths":{}}"#, "`auths` is there twice"),
        (r#"{"credHelpers":"x"}"#, "`credHelpers` is no JSON object"),
        (
            r#"{"credHelpers":{"h.test":7}}"#,
            "the registry's entry in `credHelpers` is no string",
        ),
        (r#"{"credsStore":7}"#, "`credsStore` is no string"),
        (r#"{"credsStore":"a","credsStore":"b"}"#, "`credsStore` is there twice"),
    ] {
        let told = user(text, "h.test", "");
        assert!(told.starts_with(expected), "{text}: {told}");
    }
    for text in ["", "{}", r#"{"auths":null,"credHelpers":null,"credsStore":null}"#] {
        assert_eq!(user(text, "h.test", ""), "-", "{text}");
    }
}

#[test]
fn a9_the_helper_of_the_registry_counts_before_the_store() {
    let text =
        r#"{"credsStore":"store","credHelpers":{"own.test":"own","file.test":"","https://index.docker.io/v1/":"hub"}}"#;
    for (host, expected) in [
        ("own.test", Some((true, "own"))),
        ("docker.io", Some((true, "hub"))),
        ("other.test", Some((false, "store"))),
        ("file.test", None),
    ] {
        let helper = find(text, &query(host, "")).unwrap().helper;
        let expected = expected.map(|(is_own, name)| Helper {
            is_own,
            name: name.to_owned(),
        });
        assert_eq!(helper, expected, "{host}");
    }
}

/// JSON of the kinds that an entry may and may not be.
fn values() -> impl Strategy<Value = String> {
    let text = "[a-zA-Z0-9+/=:]{0,12}".prop_map(|text| format!("\"{text}\""));
    let leaf = prop_oneof![Just("null".to_owned()), Just("-1e9".to_owned()), text];
    let name = prop_oneof![
        Just("auth"),
        Just("identitytoken"),
        Just("username"),
        Just("password"),
        Just("other")
    ];
    leaf.prop_recursive(3, 8, 3, move |inner| {
        let members = proptest::collection::vec((name.clone(), inner.clone()), 0..3);
        let object = members.prop_map(|members| {
            let members: Vec<_> = members
                .iter()
                .map(|(name, value)| format!("\"{name}\":{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        });
        let array = proptest::collection::vec(inner, 0..3).prop_map(|values| format!("[{}]", values.join(",")));
        prop_oneof![object, array]
    })
}

proptest! {
    /// a33: whatever is written, an entry for one registry is found or refused by what it says itself.
    #[test]
    fn other_entries_do_not_matter(key in "[a-z:/.]{0,12}", value in values(), noise in ".{0,40}") {
        let _ = find(&noise, &query("h.test", "a/b"));
        prop_assume!(!Key::parse(&key).is_host(&"h.test".parse().unwrap()));
        let text = format!(r#"{{"auths":{{"{key}":{value},"h.test":{{"auth":"bWU6cHc="}}}}}}"#);
        prop_assert_eq!(user(&text, "h.test", ""), "me");
    }
}
