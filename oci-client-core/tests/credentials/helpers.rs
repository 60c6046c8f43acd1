//! What helpers may be called, what they are told, and what they may answer (A28 to A31).

use std::fs;

use oci_client_core::ErrorKind;
use oci_client_core::credentials::{CredentialHelper, HelperPrograms};
use oci_client_core::proto::Credential;
use oci_client_core::runtime::block_on;
use test_support::Canary;

use crate::support::{Home, KEEPER, answer, asked, password};

#[test]
fn a28_a_name_that_could_be_a_path_or_an_option_is_refused_and_nothing_runs() {
    let home = Home::new();
    let script = "touch \"$home/ran\"";
    fs::create_dir_all(home.path("bin/docker-credential-x")).unwrap();
    fs::create_dir(home.path("evil")).unwrap();
    home.plant_at(&home.path("evil"), "h", script);
    for name in [
        "",
        "../evil/h",
        "x/../../evil/h",
        "/evil/h",
        "-x",
        ".x",
        "_x",
        "x y",
        "x\ny",
        "x\0",
        "x;y",
        "é",
        "x\\y",
        "$(touch ran)",
    ] {
        let error = CredentialHelper::new(name, home.helpers()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{name:?}");
        assert!(!error.to_string().chars().any(char::is_control), "{error}");
        let quoted = serde_json::Value::from(name).to_string();
        for text in [
            format!(r#"{{"credHelpers":{{"h.test":{quoted}}}}}"#),
            format!(r#"{{"auths":{{"h.test":{{}}}},"credsStore":{quoted}}}"#),
        ] {
            fs::write(home.path("config.json"), &text).unwrap();
            // An empty name in a file stands for the file itself.
            let expected = if name.is_empty() {
                None
            } else {
                Some(ErrorKind::Invalid)
            };
            assert_eq!(
                asked(&home.config(), "h.test").err().map(|error| error.kind()),
                expected,
                "{text}"
            );
        }
    }
    assert!(!home.path("ran").exists());
    for name in ["x", "ecr-login", "a.b_c-1", "0"] {
        assert!(CredentialHelper::new(name, home.helpers()).is_ok(), "{name}");
    }
}

#[test]
fn a28_only_absolute_folders_of_path_are_looked_into() {
    let home = Home::new();
    home.plant("x", &answer("me", "pw"));
    let this = std::env::current_dir().unwrap();
    let up: String = this.components().skip(1).map(|_| "../").collect();
    let relative = format!("{up}{}", home.path("bin").strip_prefix("/").unwrap().display());
    assert!(fs::exists(&relative).unwrap());
    for path in [relative.as_str(), "", ".", ":", "bin"] {
        let helper = CredentialHelper::new("x", HelperPrograms::in_path(path)).unwrap();
        let error = asked(&helper, "h.test").unwrap_err();
        assert!(error.to_string().contains("is in no folder of PATH"), "{path}: {error}");
    }
    let path = format!(":{relative}:/nonexistent:{}", home.path("bin").display());
    let helper = CredentialHelper::new("x", HelperPrograms::in_path(path)).unwrap();
    assert_eq!(asked(&helper, "h.test").unwrap(), Some(password("me", "pw")));
}

#[test]
fn a28_what_is_no_program_is_passed_over() {
    let home = Home::new();
    fs::write(home.path("bin/docker-credential-text"), "x").unwrap();
    fs::create_dir(home.path("bin/docker-credential-folder")).unwrap();
    for name in ["text", "folder", "missing"] {
        let error = asked(&home.helper(name), "h.test").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.to_string().contains("is in no folder of PATH"), "{error}");
    }
}

#[test]
fn a30_every_answer_is_a_credential_none_or_an_error() {
    let canary = Canary::new();
    let secret = canary.text();
    let kept = format!(r#"{{"ServerURL":"h.test","Username":"me","Secret":"{secret}","More":{{}}}}"#);
    let other = kept.replace("h.test", "other.test");
    let me = password("me", secret);
    let token = Credential::identity_token(secret.to_owned());
    let not_found = "credentials not found in native keychain";
    for (script, expected) in [
        (format!("echo '{kept}'"), Ok(Some(&me))),
        (format!("cat >/dev/null; echo '{kept}'"), Ok(Some(&me))),
        (format!("echo '{kept}'; echo noise {secret} >&2"), Ok(Some(&me))),
        (answer("<token>", secret), Ok(Some(&token))),
        (answer("", ""), Ok(None)),
        (format!("echo '{not_found}'; exit 1"), Ok(None)),
        (format!("printf '{not_found}'; exit 7"), Ok(None)),
        (format!("echo '{not_found}'"), Err(ErrorKind::Invalid)),
        (format!("echo '{not_found}' >&2; exit 1"), Err(ErrorKind::Store)),
        (format!("echo 'boom secret={secret}'; exit 1"), Err(ErrorKind::Store)),
        (format!("echo 'boom secret={secret}'"), Err(ErrorKind::Invalid)),
        (format!("echo '{other}'"), Err(ErrorKind::Invalid)),
        (format!("echo '{kept}'; exit 1"), Err(ErrorKind::Store)),
        (format!("echo '[\"{secret}\"]'"), Err(ErrorKind::Invalid)),
        (format!("printf '\\377{secret}'"), Err(ErrorKind::Invalid)),
        ("exit 0".to_owned(), Err(ErrorKind::Invalid)),
        ("exit 3".to_owned(), Err(ErrorKind::Store)),
        ("kill -9 $$".to_owned(), Err(ErrorKind::Store)),
    ] {
        let home = Home::new();
        home.plant("x", &script);
        let (found, trace) = test_support::traced(|| asked(&home.helper("x"), "h.test"));
        assert!(trace.contains("credential helper"), "{trace}");
        canary.assert_absent_from("the trace", [trace.as_bytes()]);
        canary.assert_absent_from("the answer", [format!("{found:?}").as_bytes()]);
        match (found, expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found.as_ref(), expected, "{script}"),
            (Err(error), Err(kind)) => {
                assert_eq!(error.kind(), kind, "{script}: {error}");
                assert!(error.to_string().contains("the credential helper x"), "{error}");
                canary.assert_absent_from_error(&error);
            }
            (found, expected) => panic!("{script}: {found:?} in place of {expected:?}"),
        }
    }
}

#[test]
fn a31_a_helper_is_told_the_host_and_the_end() {
    let home = Home::new();
    home.plant(
        "x",
        &format!(
            "cat > \"$home/told\"; echo \"$@\" > \"$home/verb\"; {}",
            answer("me", "pw")
        ),
    );
    for (host, told) in [
        ("h.test", "h.test"),
        ("h.test:5000", "h.test:5000"),
        ("docker.io", "https://index.docker.io/v1/"),
    ] {
        asked(&home.helper("x"), host).unwrap();
        assert_eq!(home.text("told"), told);
        assert_eq!(home.text("verb"), "get\n");
    }
    for host in ["h.test\nevil", "h.test\r", "h.test\0", "h.test\n", " h.test"] {
        assert!(host.parse::<oci_spec_types::RegistryHost>().is_err(), "{host:?}");
    }
}

#[test]
fn a31_a_helper_keeps_and_forgets() {
    let home = Home::new();
    home.plant("keeper", KEEPER);
    let (helper, host) = (home.helper("keeper"), "h.test".parse().unwrap());
    for credential in [password("me", "p\"w"), Credential::identity_token("t".to_owned())] {
        assert_eq!(asked(&helper, "h.test").unwrap(), None);
        assert!(!block_on(helper.erase(&host)).unwrap());
        block_on(helper.store(&host, &credential)).unwrap();
        assert_eq!(asked(&helper, "h.test").unwrap(), Some(credential));
        assert!(block_on(helper.erase(&host)).unwrap());
    }
    let error = block_on(helper.store(&host, &password("a\nb", "pw"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(!home.path("kept-h.test").exists());
}
