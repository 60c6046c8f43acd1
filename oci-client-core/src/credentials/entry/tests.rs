use super::*;

fn password(name: &str, password: &str) -> Option<Credential> {
    Some(Credential::password(name, password.to_owned()))
}

fn identity(token: &str) -> Option<Credential> {
    Some(Credential::identity_token(token.to_owned()))
}

fn auth(pair: &str) -> String {
    format!(r#"{{"auth":"{}"}}"#, STANDARD.encode(pair))
}

#[test]
fn a9_a33_every_form_of_an_entry() {
    let both = r#"{"username":"other","password":"other","auth":"bWU6cHc="}"#;
    let all = r#"{"auth":"bWU6cHc=","identitytoken":"i","registrytoken":"r"}"#;
    for (text, expected) in [
        (auth("me:pw"), password("me", "pw")),
        (auth("me:p:w"), password("me", "p:w")),
        (auth("me:pw\0\0"), password("me", "pw")),
        (auth(":pw"), password("", "pw")),
        (auth("<token>:t"), identity("t")),
        (r#"{"auth":"bWU6cHc"}"#.to_owned(), password("me", "pw")),
        (r#"{"auth":" bWU6cHc=\n"}"#.to_owned(), password("me", "pw")),
        // What command line tools write that break lines after 76 characters.
        (r#"{"auth":"bWU6\ncHc=\n"}"#.to_owned(), password("me", "pw")),
        (r#"{"auth":"bWU6\r\ncHc="}"#.to_owned(), password("me", "pw")),
        // Bits that stand for nothing are not always zero.
        (r#"{"auth":"bWU6cHd="}"#.to_owned(), password("me", "pw")),
        (both.to_owned(), password("me", "pw")),
        (r#"{"username":"me","password":"pw"}"#.to_owned(), password("me", "pw")),
        (r#"{"username":"<token>","password":"t"}"#.to_owned(), identity("t")),
        (r#"{"auth":"bWU6","identitytoken":"t"}"#.to_owned(), identity("t")),
        (all.to_owned(), Some(Credential::registry_token("r".to_owned()))),
        (
            r#"{"registrytoken":null,"identitytoken":"","auth":"bWU6cHc=","email":7}"#.to_owned(),
            password("me", "pw"),
        ),
        ("{}".to_owned(), None),
        (r#"{"auth":""}"#.to_owned(), None),
        (r#"{"username":"me"}"#.to_owned(), None),
        (r#"{"email":"me@h.test"}"#.to_owned(), None),
    ] {
        assert_eq!(decode(&text), Ok(expected), "{text}");
    }
}

#[test]
fn a33_a_bad_entry_is_refused_without_its_content() {
    let no_utf8 = format!(r#"{{"auth":"{}"}}"#, STANDARD.encode(b"me:\xff"));
    for (text, expected) in [
        (r#"{"auth":"hunter2!"}"#, "`auth` is no Base64"),
        (&auth("hunter2"), "`auth` holds no colon between user name and password"),
        (&auth(""), ""),
        (&no_utf8, "`auth` is not UTF-8 inside"),
        (r#"{"auth":"bWU6 cHc="}"#, "`auth` is no Base64"),
        (r#"{"auth":["hunter2"]}"#, "`auth` is no string"),
        (r#"{"identitytoken":7}"#, "`identitytoken` is no string"),
        (r#"{"username":"me","password":{}}"#, "`password` is no string"),
        (r#"{"auth":"bWU6cHc=","auth":"bWU6cHc="}"#, "`auth` is there twice"),
        (r#""hunter2""#, "this is no JSON object (line 1, column 9)"),
        ("[]", "this is no JSON object (line 1, column 0)"),
    ] {
        let told = decode(text).err().map(|fault| fault.message().to_owned());
        assert_eq!(told.unwrap_or_default(), expected, "{text}");
    }
}

#[test]
fn what_is_written_is_read_as_the_same() {
    for credential in [
        password("me", "p\"w:\\"),
        identity("t\n"),
        Some(Credential::registry_token("r".to_owned())),
    ] {
        let text = encode(credential.as_ref().unwrap()).unwrap();
        assert_eq!(decode(&text).unwrap(), credential, "{}", *text);
    }
    assert!(encode(&Credential::password("m:e", "pw".to_owned())).is_err());
}
