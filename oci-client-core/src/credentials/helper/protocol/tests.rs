use super::*;

fn read(text: &str) -> Result<Option<Credential>, String> {
    credential(text.as_bytes(), "h.test").map_err(|fault| fault.message().to_owned())
}

#[test]
fn a30_answers() {
    let me = Some(Credential::password("me", "pw".to_owned()));
    for text in [
        r#"{"ServerURL":"h.test","Username":"me","Secret":"pw"}"#,
        r#"{"ServerURL":"https://h.test/v1/","Username":"me","Secret":"pw","Extra":[1]}"#,
        r#"{"Username":"me","Secret":"pw"}"#,
        "\n{\"ServerURL\":\"\",\"Username\":\"me\",\"Secret\":\"pw\"}\n",
    ] {
        assert_eq!(read(text), Ok(me.clone()), "{text}");
    }
    let token = Some(Credential::identity_token("t".to_owned()));
    assert_eq!(read(r#"{"Username":"<token>","Secret":"t"}"#), Ok(token));
    assert_eq!(read(r#"{"ServerURL":"","Username":"","Secret":""}"#), Ok(None));
}

#[test]
fn a30_garbage_is_refused_and_not_repeated() {
    for text in [
        "",
        "boom secret=hunter2",
        "[]",
        r#"{"Username":"hunter2"}"#,
        r#"{"Username":"me","Secret":7}"#,
        r#"{"Username":"me","Secret":"a","Secret":"hunter2"}"#,
        NOT_FOUND,
    ] {
        assert_eq!(read(text), Err("its answer is no credential".to_owned()), "{text}");
    }
    assert!(credential(b"{\"Username\":\"\xff\"}", "h.test").is_err());
    for server in [
        "other.test",
        "h.test:5000",
        "h.test.evil",
        "https://index.docker.io/v1/",
    ] {
        let text = format!(r#"{{"ServerURL":"{server}","Username":"me","Secret":"pw"}}"#);
        assert_eq!(
            read(&text),
            Err("its answer is for another registry".to_owned()),
            "{server}"
        );
    }
}

#[test]
fn a30_not_found_is_these_words_and_no_others() {
    assert!(says_not_found(b"credentials not found in native keychain\n"));
    for other in [
        "Credentials not found in native keychain",
        "error: credentials not found in native keychain",
        "",
    ] {
        assert!(!says_not_found(other.as_bytes()), "{other}");
    }
}

#[test]
fn a31_what_a_helper_is_told_is_one_line() {
    let written = entry("h.test", &Credential::password("m\"e", "p\\w".to_owned())).unwrap();
    assert_eq!(*written, r#"{"ServerURL":"h.test","Username":"m\"e","Secret":"p\\w"}"#);
    for (username, password) in [("a\nb", "p"), ("a", "p\r"), ("a\0", "p")] {
        let fault = entry("h.test", &Credential::password(username, password.to_owned())).unwrap_err();
        assert!(fault.message().contains("control characters"));
    }
    assert!(entry("h.test", &Credential::registry_token("r".to_owned())).is_err());
}
