use super::*;

fn stored(text: &str, host: &str) -> String {
    with_entry(text, &host.parse().unwrap(), "{}").unwrap().to_string()
}

#[test]
fn a9_a_login_takes_the_place_of_every_spelling() {
    for (text, host, expected) in [
        ("", "h.test", "{\n\t\"auths\": {\n\t\t\"h.test\": {}\n\t}\n}"),
        ("{\"auths\":null}", "h.test", "{\"auths\":{\n\t\t\"h.test\": {}\n\t}}"),
        (
            r#"{"z":1,"auths":{"https://h.test/v1/":{"auth":"x"},"a.test":{}},"HttpHeaders":{"b":2,"a":1}}"#,
            "h.test",
            r#"{"z":1,"auths":{"a.test":{},"h.test": {}},"HttpHeaders":{"b":2,"a":1}}"#,
        ),
        (
            r#"{"auths":{"h.test":{"auth":"x"},"a.test":{},"http://h.test":{}}}"#,
            "h.test",
            r#"{"auths":{"h.test":{},"a.test":{}}}"#,
        ),
        (
            r#"{"auths":{"h.test":{"auth":"x"},"a.test":{},"h.test":{}}}"#,
            "h.test",
            r#"{"auths":{"a.test":{},"h.test": {}}}"#,
        ),
        (
            r#"{"auths":{"docker.io":{"auth":"x"},"h.test/team":{}}}"#,
            "docker.io",
            r#"{"auths":{"h.test/team":{},"https://index.docker.io/v1/": {}}}"#,
        ),
    ] {
        assert_eq!(stored(text, host), expected, "{text}");
    }
}

#[test]
fn a9_a_logout_leaves_namespaces_and_all_else() {
    let text = r#"{"auths": {"http://h.test": {}, "h.test/team": {}, "h.test": {}}, "psFormat": "x"}"#;
    let left = without_entries(text, &"h.test".parse().unwrap()).unwrap().unwrap();
    assert_eq!(*left, r#"{"auths": { "h.test/team": {}}, "psFormat": "x"}"#);
    for text in ["", "{}", r#"{"auths":{}}"#, &left] {
        assert_eq!(
            without_entries(text, &"h.test".parse().unwrap()).unwrap(),
            None,
            "{text}"
        );
    }
}
