//! Keeping and forgetting credentials in a configuration file.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
use std::thread;

use oci_client_core::credentials::{ConfigFile, CredentialPlace};
use oci_client_core::proto::Credential;
use oci_client_core::runtime::block_on;
use oci_client_core::{Error, ErrorKind};
use test_support::Canary;

use crate::support::{Home, KEEPER, asked, password};

fn store(config: &ConfigFile, host: &str, credential: &Credential) -> Result<CredentialPlace, Error> {
    block_on(config.store(&host.parse().unwrap(), credential))
}

fn erase(config: &ConfigFile, host: &str) -> Result<bool, Error> {
    block_on(config.erase(&host.parse().unwrap()))
}

#[test]
fn a_login_is_kept_in_a_private_file_and_leaves_the_rest_alone() {
    let odd = "{\n  \"HttpHeaders\": {\"b\": 1, \"a\": [ 2 ]},\n  \"auths\": {\n    \"a.test\": { \"auth\": \"bWU6cHc=\" }\n  },\n  \"z\": null\n}\n";
    let home = Home::with_config(odd);
    fs::set_permissions(home.path("config.json"), fs::Permissions::from_mode(0o644)).unwrap();
    let place = store(&home.config(), "h.test", &password("me", "new")).unwrap();
    assert_eq!(place, CredentialPlace::File(home.path("config.json")));
    let added = "{ \"auth\": \"bWU6cHc=\" },\n    \"h.test\": {\"auth\": \"bWU6bmV3\"}\n";
    assert_eq!(
        home.text("config.json"),
        odd.replace("{ \"auth\": \"bWU6cHc=\" }\n", added)
    );
    let mode = fs::metadata(home.path("config.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mode = fs::metadata(home.path("config.json.lock"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "whoever can open it can keep writers waiting");
    assert_eq!(asked(&home.config(), "h.test").unwrap(), Some(password("me", "new")));
    assert!(erase(&home.config(), "h.test").unwrap());
    assert_eq!(home.text("config.json"), odd);
    assert!(!erase(&home.config(), "h.test").unwrap());
}

#[test]
fn a_file_that_root_changes_stays_its_owners() {
    let home = Home::with_config("{}");
    // Nobody but root may give a file away; for everybody else it is their own.
    let given = chown(home.path("config.json"), Some(4_711), Some(4_712));
    let metadata = fs::metadata(home.path("config.json")).unwrap();
    let before = (metadata.uid(), metadata.gid());
    assert_eq!(before == (4_711, 4_712), given.is_ok());
    store(&home.config(), "h.test", &password("me", "pw")).unwrap();
    let metadata = fs::metadata(home.path("config.json")).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), before);
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_login_creates_what_is_missing_and_a_logout_does_not() {
    let home = Home::new();
    let config = ConfigFile::at(home.path("new/folder/config.json"));
    assert!(!erase(&config, "h.test").unwrap());
    assert!(!home.path("new").exists());
    for credential in [
        password("me", "pw"),
        Credential::identity_token("i".to_owned()),
        Credential::registry_token("r".to_owned()),
    ] {
        store(&config, "docker.io", &credential).unwrap();
        assert_eq!(asked(&config, "docker.io").unwrap(), Some(credential));
        assert!(
            home.text("new/folder/config.json")
                .contains("\"https://index.docker.io/v1/\"")
        );
    }
    let mode = fs::metadata(home.path("new/folder")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a33_a_symbolic_link_stays_one() {
    let home = Home::new();
    fs::create_dir(home.path("dotfiles")).unwrap();
    fs::write(home.path("dotfiles/real"), "{}").unwrap();
    symlink("dotfiles/real", home.path("config.json")).unwrap();
    store(&home.config(), "h.test", &password("me", "pw")).unwrap();
    assert!(home.path("config.json").is_symlink());
    assert!(home.text("dotfiles/real").contains("h.test"));
    fs::remove_file(home.path("dotfiles/real")).unwrap();
    let error = store(&home.config(), "h.test", &password("me", "pw")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(home.path("config.json").is_symlink());
}

#[test]
fn a_failure_leaves_the_old_file() {
    let canary = Canary::new();
    for old in ["{\"auths\":{}}", "{\"auths\":[]}", "[]", "{\"auths\":{},\"auths\":{}}"] {
        let home = Home::with_config(old);
        // Nobody can write a file of this name, whatever rights they have.
        fs::create_dir(home.path("config.json.lock")).unwrap();
        let error = store(&home.config(), "h.test", &password("me", canary.text())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store, "{error}");
        assert!(error.to_string().contains("it is as it was"), "{error}");
        fs::remove_dir(home.path("config.json.lock")).unwrap();
        if !old.ends_with("{}}") || old.matches("auths").count() > 1 {
            let error = store(&home.config(), "h.test", &password("me", canary.text())).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
            canary.assert_absent_from_error(&error);
            assert!(erase(&home.config(), "h.test").is_err());
        }
        assert_eq!(home.text("config.json"), old);
        let mut names: Vec<_> = fs::read_dir(home.path(""))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names.retain(|name| name != "config.json.lock");
        assert_eq!(names, ["bin", "config.json"]);
    }
    let home = Home::with_config("");
    let below_a_file = ConfigFile::at(home.path("config.json/config.json"));
    assert_eq!(
        store(&below_a_file, "h.test", &password("me", "pw"))
            .unwrap_err()
            .kind(),
        ErrorKind::Store
    );
    let error = store(&home.config(), "h.test", &password("m:e", "pw")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(home.text("config.json"), "");
}

#[test]
fn logins_at_the_same_time_all_last() {
    let home = Home::new();
    let threads: Vec<_> = (0..16)
        .map(|number| {
            let config = home.config();
            thread::spawn(move || store(&config, &format!("h{number}.test"), &password("me", "pw")).unwrap())
        })
        .collect();
    threads.into_iter().for_each(|thread| drop(thread.join().unwrap()));
    for number in 0..16 {
        assert!(asked(&home.config(), &format!("h{number}.test")).unwrap().is_some());
    }
}

#[test]
fn a9_a_login_goes_to_the_helper_that_is_configured() {
    let canary = Canary::new();
    for fields in [
        r#""credsStore":"keeper""#,
        r#""credHelpers":{"h.test":"keeper"},"credsStore":"missing""#,
    ] {
        let home = Home::with_config(format!("{{{fields}}}"));
        home.plant("keeper", KEEPER);
        let credential = password("me", canary.text());
        let place = store(&home.config(), "h.test", &credential).unwrap();
        assert_eq!(place, CredentialPlace::Helper("keeper".to_owned()));
        canary.assert_absent_from("the file", [home.text("config.json").as_bytes()]);
        assert!(home.text("config.json").contains("\"h.test\": {}"));
        assert_eq!(asked(&home.config(), "h.test").unwrap(), Some(credential));
        assert!(erase(&home.config(), "h.test").unwrap());
        assert!(!home.path("kept-h.test").exists());
        assert!(!home.text("config.json").contains("\"h.test\": {}"));
        assert!(!erase(&home.config(), "h.test").unwrap());
    }
}

#[test]
fn a32_a_login_never_falls_back_to_the_file() {
    let canary = Canary::new();
    for (script, kind) in [("exit 1", ErrorKind::Store), ("sleep 60", ErrorKind::Timeout)] {
        let home = Home::with_config(r#"{"credsStore":"x"}"#);
        home.plant("x", script);
        let config = home.config().with_helpers(home.hasty_helpers());
        let error = store(&config, "h.test", &password("me", canary.text())).unwrap_err();
        // On a machine that is busy the limit may come first.
        assert!([kind, ErrorKind::Timeout].contains(&error.kind()), "{error}");
        canary.assert_absent_from_error(&error);
        assert_eq!(home.text("config.json"), r#"{"credsStore":"x"}"#);
    }
    let home = Home::with_config(r#"{"credsStore":"missing"}"#);
    assert_eq!(
        store(&home.config(), "h.test", &password("me", "pw"))
            .unwrap_err()
            .kind(),
        ErrorKind::Store
    );
    // What was kept in the file before there was a helper can still be removed.
    let home = Home::with_config(r#"{"auths":{"h.test":{"auth":"bWU6cHc="}},"credsStore":"missing"}"#);
    assert!(erase(&home.config(), "h.test").unwrap());
    assert_eq!(home.text("config.json"), r#"{"auths":{},"credsStore":"missing"}"#);
}
