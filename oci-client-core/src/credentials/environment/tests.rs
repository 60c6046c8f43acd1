use std::ffi::OsString;

use super::*;

fn host() -> RegistryHost {
    "h.test".parse().unwrap()
}

fn variables(name: &str) -> Result<String, VarError> {
    match name {
        "USER_A" => Ok("me".to_owned()),
        "SECRET" => Ok("pw".to_owned()),
        "EMPTY" => Ok(String::new()),
        "BROKEN" => Err(VarError::NotUnicode(OsString::from("hunter2"))),
        _ => Err(VarError::NotPresent),
    }
}

#[test]
fn a9_variables_are_there_whole_or_not_at_all() {
    let me = Credential::password("me", "pw".to_owned());
    for (username, password, expected) in [
        ("USER_A", "SECRET", Ok(Some(me))),
        ("NONE", "NONE", Ok(None)),
        ("EMPTY", "EMPTY", Ok(None)),
        (
            "USER_A",
            "EMPTY",
            Err("the environment variable USER_A is set and EMPTY is not: set both or neither"),
        ),
        (
            "NONE",
            "SECRET",
            Err("the environment variable SECRET is set and NONE is not: set both or neither"),
        ),
        ("USER_A", "BROKEN", Err("the environment variable BROKEN is not UTF-8")),
    ] {
        let found = EnvironmentCredentials::password(host(), username, password).read(variables);
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{username} {password}");
    }
}

#[test]
fn a9_a_token_has_one_variable() {
    let identity = |name: &str| EnvironmentCredentials::identity_token(host(), name).read(variables);
    let registry = |name: &str| EnvironmentCredentials::registry_token(host(), name).read(variables);
    assert_eq!(
        identity("SECRET").unwrap(),
        Some(Credential::identity_token("pw".to_owned()))
    );
    assert_eq!(
        registry("SECRET").unwrap(),
        Some(Credential::registry_token("pw".to_owned()))
    );
    assert_eq!(registry("NONE").unwrap(), None);
}

#[test]
fn a34_another_registry_gets_nothing() {
    // A variable that every process has.
    let source = EnvironmentCredentials::registry_token(host(), "PATH");
    let ask = |host: &str| {
        let query = CredentialQuery::new(host.parse().unwrap(), None);
        futures_executor::block_on(source.credential(&query)).unwrap()
    };
    assert!(ask("h.test").is_some());
    assert_eq!(ask("other.test"), None);
}
