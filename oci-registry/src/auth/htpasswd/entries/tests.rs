use super::*;

const READER: &str = "$2y$04$abcdefghijklmnopqrstuuZ3kUjObJppm1CHqD9aO5AyeXBtoWCt6";
const WRITER: &str = "$2b$04$abcdefghijklmnopqrstuudc/UMLyDQ70j9dQBELT5gaRoJF7eFnO";
const ADMIN: &str = "$2a$05$abcdefghijklmnopqrstuu1ry6ChA3exWWe6kBsr2nQKlVlBBZKpe";
const LONG: &str = "$2y$04$abcdefghijklmnopqrstuuKiIlCeXB6chNXkLyAo8C7XcLPzh6zUe";

#[test]
fn all_three_marks_of_bcrypt_are_read() {
    let text = format!("# users\nreader:{READER}\r\n\n  \nwriter:{WRITER} \nadmin@host name:{ADMIN}");
    let entries = Entries::parse(&text).unwrap();
    for (name, password) in [
        ("reader", "reader's"),
        ("writer", "writer's"),
        ("admin@host name", "admin's"),
    ] {
        let hash = entries.hash(name).unwrap().expose();
        assert!(bcrypt::verify(password, hash).unwrap(), "{name}");
        assert!(!bcrypt::verify("nobody's", hash).unwrap(), "{name}");
    }
    assert!(entries.hash("# users").is_none());
    // Two passwords of 80 bytes that are the same in the first 72.
    assert!(bcrypt::verify("é".repeat(40), LONG).unwrap());
    assert!(bcrypt::verify("é".repeat(39) + "!!", LONG).unwrap());
}

#[test]
fn the_decoy_is_as_costly_as_the_costliest_and_nobodys() {
    for (text, cost) in [(String::new(), 4), (format!("a:{READER}\nb:{ADMIN}\nc:{WRITER}"), 5)] {
        let entries = Entries::parse(&text).unwrap();
        let decoy = entries.decoy().expose();
        assert_eq!(decoy.parse::<HashParts>().unwrap().get_cost(), cost);
        // It is compared with in earnest, not refused beforehand.
        assert!(!bcrypt::verify("reader's", decoy).unwrap());
    }
}

#[test]
fn what_cannot_be_used_is_refused_with_its_line() {
    let algorithm = InvalidHtpasswdKind::Algorithm;
    for (line, kind) in [
        ("nobody", InvalidHtpasswdKind::NoColon),
        (":hash", InvalidHtpasswdKind::Name),
        ("a\tb:hash", InvalidHtpasswdKind::Name),
        (&format!("reader:{WRITER}"), InvalidHtpasswdKind::Again),
        ("x:", algorithm("plain text or a hash of an unknown kind")),
        ("x:hunter2", algorithm("plain text or a hash of an unknown kind")),
        ("x:rqXexS6ZhobKA", algorithm("DES (crypt) or plain text")),
        ("x:{SHA}y/2sYAj5yrQIN4TL0YdPdmGNKpc=", algorithm("SHA-1")),
        ("x:{SSHA}hunter2", algorithm("salted SHA-1")),
        ("x:$apr1$TqI9WECO$LHZB2DqRlk9nObiB6vJG9.", algorithm("MD5 (apr1)")),
        ("x:$1$hunter2", algorithm("MD5 (crypt)")),
        ("x:$5$hunter2", algorithm("SHA-256 (crypt)")),
        ("x:$6$hunter2", algorithm("SHA-512 (crypt)")),
        ("x:$argon2id$hunter2", algorithm("Argon2")),
        ("x:$y$hunter2", algorithm("yescrypt")),
        (
            &READER.replace("$2y$", "x:$2x$"),
            algorithm("a faulty form of bcrypt ($2x$)"),
        ),
        (&READER.replace("$2y$04$", "x:$2y$15$"), InvalidHtpasswdKind::Cost(15)),
        (&READER.replace("$2y$04$", "x:$2y$31$"), InvalidHtpasswdKind::Cost(31)),
        (&READER.replace("$2y$04$", "x:$2y$99$"), InvalidHtpasswdKind::Cost(99)),
        (&READER.replace("$2y$04$", "x:$2y$03$"), InvalidHtpasswdKind::Cost(3)),
        (&READER.replace("$2y$04$", "x:$2y$4x$"), InvalidHtpasswdKind::Hash),
        ("x:$2y$", InvalidHtpasswdKind::Hash),
        (&format!("x:{READER}:more"), InvalidHtpasswdKind::Hash),
        (&READER.replace("$2y$04$ab", "x:$2y$04$é"), InvalidHtpasswdKind::Hash),
    ] {
        let text = format!("reader:{READER}\n\n{line}\n");
        let error = Entries::parse(&text).err().unwrap();
        assert_eq!((error.line(), error.kind()), (3, kind), "{line}");
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2") && !shown.contains("ZhobKA"), "{shown}");
        assert!(!shown.contains("stuuZ3kUj"), "{shown}");
    }
}

#[test]
fn a_refusal_says_what_to_do() {
    let error = Entries::parse("bob:{SHA}y/2sYAj5yrQIN4TL0YdPdmGNKpc=").err().unwrap();
    assert_eq!(
        error.to_string(),
        "line 1: the password is kept as SHA-1, and only bcrypt is taken; set the password of bob anew with `htpasswd -B -C 10 FILE bob`"
    );
    assert_eq!(error.name(), Some("bob"));
}
