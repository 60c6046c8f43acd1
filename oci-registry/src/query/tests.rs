use super::*;

#[test]
fn decoding() {
    let cases = [
        ("plain", Some("plain")),
        ("", Some("")),
        ("sha256%3Aabc", Some("sha256:abc")),
        ("a%2fb%2Fc", Some("a/b/c")),
        ("a+b%2Bc", Some("a+b+c")),
        ("%", None),
        ("%4", None),
        ("%zz", None),
        ("%ff", None),
        ("%+1", None),
    ];
    for (text, expected) in cases {
        assert_eq!(decode(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn encoding_is_undone_by_decoding() {
    let text = "sha256:a/b?c&d=e+f ä";
    assert_eq!(encode(text), "sha256%3Aa%2Fb%3Fc%26d%3De%2Bf%20%C3%A4");
    assert_eq!(decode(&encode(text)).as_deref(), Some(text));
}

#[test]
fn parameters() {
    let query = Query::parse(Some("tag=a&tag=b&digest=&x&&y=%20")).unwrap();
    assert_eq!(query.all("tag").collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(query.first("digest"), Some(""));
    assert_eq!(query.first("x"), Some(""));
    assert_eq!(query.first("y"), Some(" "));
    assert_eq!(query.first("z"), None);
    assert!(Query::parse(Some("a=%zz")).is_err());
}
