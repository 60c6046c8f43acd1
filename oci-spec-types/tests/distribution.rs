//! What registries answer besides content, in all the forms in which they do.

use oci_spec_types::{
    Limits, ParseErrorKind as Kind, RepositoryName, Sanitized, Tag,
    distribution::{Catalog, ErrorCode, ErrorList, MAX_LIST_ENTRIES, RegistryError, TagList, TokenResponse},
};
use serde_json::json;

#[test]
fn cd1_tag_lists() {
    for (answer, tags, others) in [
        (
            r#"{"name":"a/b","tags":["v1","latest"]}"#,
            &["v1", "latest"][..],
            &[][..],
        ),
        (r#"{"name":"a/b","tags":[]}"#, &[], &[]),
        (r#"{"name":"a/b","tags":null}"#, &[], &[]),
        (r#"{"name":"a/b"}"#, &[], &[]),
        (r#"{"name":"a/b","errors":[]}"#, &[], &[]),
        (r#"{"tags":["v1",null,7,{},"v2"]}"#, &["v1", "v2"], &[]),
        (
            r#"{"tags":["v1","sha256:00","","a b","\u001b[2J"]}"#,
            &["v1"],
            &["sha256:00", "", "a b", "\u{1b}[2J"],
        ),
        (
            r#"{"name":"Not A Name","tags":["v1"],"manifest":{},"child":[]}"#,
            &["v1"],
            &[],
        ),
        (r#"{"tags":"v1"}"#, &[], &[]),
    ] {
        let list = TagList::parse(answer.as_bytes()).unwrap();
        assert_eq!(
            list.tags().iter().map(Tag::as_str).collect::<Vec<_>>(),
            tags,
            "{answer}"
        );
        assert_eq!(list.others(), others, "{answer}");
        assert_eq!(list.name().is_some(), answer.contains("a/b"));
    }
    for (answer, kind) in [
        ("", Kind::Syntax),
        ("<html>", Kind::Syntax),
        ("[]", Kind::WrongType),
        ("null", Kind::WrongType),
    ] {
        assert_eq!(TagList::parse(answer.as_bytes()).unwrap_err().kind(), kind, "{answer}");
    }
    let list = TagList::new("a/b".parse().unwrap(), vec!["v1".parse().unwrap()]);
    assert_eq!(serde_json::to_string(&list).unwrap(), r#"{"name":"a/b","tags":["v1"]}"#);
    assert_eq!(
        TagList::parse(serde_json::to_string(&list).unwrap().as_bytes()).unwrap(),
        list
    );
}

#[test]
fn long_lists_are_read_and_endless_ones_refused() {
    let list = |field: &str, element: &str, entries: usize| {
        let more = format!("{element},").repeat(entries - 1);
        format!(r#"{{"name":"a/b","{field}":[{more}{element}]}}"#)
    };
    let page = list("tags", r#""v1.2.3-build5678""#, 800_000);
    assert!(page.len() < 16 << 20);
    assert_eq!(TagList::parse(page.as_bytes()).unwrap().tags().len(), 800_000);

    for element in [r#""a""#, r#""!""#, "0", r#"{"":0}"#, "[0]"] {
        let error = TagList::parse(list("tags", element, MAX_LIST_ENTRIES + 1).as_bytes()).unwrap_err();
        assert_eq!(
            (error.kind(), error.path()),
            (Kind::TooManyEntries, Some("$.tags")),
            "{element}"
        );
    }
    let error = Catalog::parse(list("repositories", r#""a""#, MAX_LIST_ENTRIES + 1).as_bytes()).unwrap_err();
    assert_eq!(
        (error.kind(), error.path()),
        (Kind::TooManyEntries, Some("$.repositories"))
    );
}

#[test]
fn answers_with_too_many_values_are_refused() {
    let zeros = "0,".repeat(Limits::VALUES) + "0";
    let error = ErrorList::parse(format!(r#"{{"errors":[],"x":[{zeros}]}}"#).as_bytes()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooManyValues);
    let error = TokenResponse::parse(format!(r#"{{"token":"t","x":[{zeros}]}}"#).as_bytes()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooManyValues);
    // Nothing but the tags is kept of a list.
    assert!(TagList::parse(format!(r#"{{"tags":["a"],"x":[{zeros}]}}"#).as_bytes()).is_ok());
}

#[test]
fn catalogs() {
    let catalog = Catalog::parse(br#"{"repositories":["a","b/c",null,"D"]}"#).unwrap();
    assert_eq!(
        catalog
            .repositories()
            .iter()
            .map(RepositoryName::as_str)
            .collect::<Vec<_>>(),
        ["a", "b/c"]
    );
    assert_eq!(catalog.others(), ["D"]);
    assert_eq!(Catalog::parse(br#"{"repositories":null}"#).unwrap().repositories(), []);
    let json = serde_json::to_string(&Catalog::new(vec!["a".parse().unwrap()])).unwrap();
    assert_eq!(json, r#"{"repositories":["a"]}"#);
}

#[test]
fn e1_error_lists() {
    let list = ErrorList::parse(
        br#"{"errors":[{"code":"BLOB_UNKNOWN","message":"gone","detail":{"digest":"x"}},{"code":"DENIED"}],"more":1}"#,
    )
    .unwrap();
    let [first, second] = list.errors() else {
        panic!("{list}")
    };
    assert_eq!((first.code(), first.message()), (&ErrorCode::BLOB_UNKNOWN, "gone"));
    assert_eq!(first.detail(), Some(&json!({"digest": "x"})));
    assert_eq!(
        (second.code(), second.message(), second.detail()),
        (&ErrorCode::DENIED, "", None)
    );
    assert_eq!(list.to_string(), "BLOB_UNKNOWN: gone; DENIED");
}

#[test]
fn e3_unknown_codes_and_odd_lists() {
    for (answer, shown) in [
        (r#"{"errors":[{"code":"RANGE_INVALID"}]}"#, "RANGE_INVALID"),
        (r#"{"errors":[{"code":"lower case","message":"m"}]}"#, "lower case: m"),
        (r#"{"errors":[{"message":"m"}]}"#, "UNKNOWN: m"),
        (r#"{"errors":[{"code":null,"message":null,"detail":null}]}"#, "UNKNOWN"),
        (r#"{"errors":[{"code":7,"message":[]}]}"#, "UNKNOWN"),
        (r#"{"errors":[null,"x",7,{"code":"DENIED"}]}"#, "DENIED"),
        (r#"{"errors":[{"code":"DENIED","code":"DENIED"}]}"#, "DENIED"),
        (r#"{"errors":[]}"#, ""),
        (r#"{"errors":null}"#, ""),
        (r#"{"errors":{}}"#, ""),
    ] {
        let list = ErrorList::parse(answer.as_bytes()).unwrap();
        assert_eq!(list.to_string(), shown, "{answer}");
        assert_eq!(list.is_empty(), shown.is_empty());
    }
    for (answer, kind) in [
        ("", Kind::Syntax),
        ("<!DOCTYPE html>", Kind::Syntax),
        ("[]", Kind::WrongType),
        ("\"errors\"", Kind::WrongType),
        (r#"{"details":"x"}"#, Kind::MissingField),
        (&"[".repeat(100_000), Kind::Syntax),
        ("{\"errors\":[", Kind::Syntax),
    ] {
        assert_eq!(
            ErrorList::parse(answer.as_bytes()).unwrap_err().kind(),
            kind,
            "{answer:.20}"
        );
    }
    assert_eq!(ErrorList::parse(b"\xff\xfe").unwrap_err().kind(), Kind::NotUtf8);
}

#[test]
fn c23_errors_act_on_no_terminal() {
    let hostile = json!({"errors": [{"code": "\u{1b}[31m", "message": "a\r\nb\u{202e}c\u{9b}2J"}]});
    let shown = ErrorList::parse(hostile.to_string().as_bytes()).unwrap().to_string();
    assert_eq!(shown, r"\u{1b}[31m: a\r\nb\u{202e}c\u{9b}2J");
    let long = RegistryError::new("C".repeat(5000).as_str().into(), "m".repeat(5000)).to_string();
    assert!(long.len() <= Sanitized::MAX_LEN && long.ends_with('…'));
    let many = ErrorList::new(vec![RegistryError::new(ErrorCode::DENIED, ""); 1000]);
    assert!(many.to_string().ends_with("DENIED; and 992 more"));
}

#[test]
fn e1_errors_are_written_as_they_are_read() {
    let list = ErrorList::new(vec![
        RegistryError::new(ErrorCode::TOO_MANY_REQUESTS, "slow down").with_detail(json!({"limit": 5})),
        RegistryError::new(ErrorCode::UNSUPPORTED, ""),
    ]);
    let json = serde_json::to_string(&list).unwrap();
    assert_eq!(
        json,
        r#"{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down","detail":{"limit":5}},{"code":"UNSUPPORTED"}]}"#
    );
    assert_eq!(ErrorList::parse(json.as_bytes()).unwrap(), list);
    assert_eq!(ErrorCode::KNOWN.len(), 15, "fourteen of the spec, and UNKNOWN");
}

#[test]
fn a3_token_responses() {
    for (answer, token, seconds) in [
        (
            r#"{"token":"a","access_token":"a","expires_in":300,"issued_at":"x"}"#,
            "a",
            300,
        ),
        (r#"{"token":"a","access_token":"b"}"#, "a", 60),
        (r#"{"access_token":"b","expires_in":3600}"#, "b", 3600),
        (r#"{"token":"","access_token":"b"}"#, "b", 60),
        (r#"{"token":null,"access_token":"b"}"#, "b", 60),
        (r#"{"token":"a","expires_in":null}"#, "a", 60),
        (r#"{"token":"a","expires_in":0}"#, "a", 60),
        (r#"{"token":"a","expires_in":-5}"#, "a", 60),
        (r#"{"token":"a","expires_in":59.9}"#, "a", 60),
        (r#"{"token":"a","expires_in":90.9}"#, "a", 90),
        (r#"{"token":"a","expires_in":"120"}"#, "a", 120),
        (r#"{"token":"a","expires_in":"soon"}"#, "a", 60),
        (r#"{"token":"a","expires_in":"NaN"}"#, "a", 60),
        (r#"{"token":"a","expires_in":"inf"}"#, "a", 86_400),
        (r#"{"token":"a","expires_in":99999999999999999999999}"#, "a", 86_400),
        (r#"{"token":"a","expires_in":[]}"#, "a", 60),
        (r#"{"token":"a","scope":"x","token_type":"Bearer","more":{}}"#, "a", 60),
    ] {
        let response = TokenResponse::parse(answer.as_bytes()).unwrap();
        assert_eq!(
            (response.token(), response.expires_in().as_secs()),
            (token, seconds),
            "{answer}"
        );
        assert_eq!(response.refresh_token(), None);
    }
    let response =
        TokenResponse::parse(br#"{"token":"a","refresh_token":"r","issued_at":"2026-01-01T00:00:00Z"}"#).unwrap();
    assert_eq!(
        (response.refresh_token(), response.issued_at()),
        (Some("r"), Some("2026-01-01T00:00:00Z"))
    );
}

#[test]
fn a3_answers_without_a_usable_token() {
    for (answer, kind) in [
        ("{}", Kind::InvalidToken),
        (r#"{"token":""}"#, Kind::InvalidToken),
        (r#"{"token":"","access_token":""}"#, Kind::InvalidToken),
        (r#"{"token":7}"#, Kind::InvalidToken),
        (r#"{"token":"s3cret\r\nX-Evil: 1"}"#, Kind::InvalidToken),
        (r#"{"token":"s3cret two"}"#, Kind::InvalidToken),
        (r#"{"token":"s3crét"}"#, Kind::InvalidToken),
        (r#"{"token":"a","refresh_token":"s3cret\n"}"#, Kind::InvalidToken),
        (r#"["s3cret"]"#, Kind::WrongType),
        (r#""s3cret""#, Kind::WrongType),
        ("s3cret", Kind::Syntax),
        ("", Kind::Syntax),
    ] {
        let error = TokenResponse::parse(answer.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), kind, "{answer}");
        assert!(!format!("{error} {error:?}").contains("s3cr"), "{error:?}");
    }
}

#[test]
fn a3_no_token_is_shown() {
    let response =
        TokenResponse::parse(br#"{"token":"s3cret-1","refresh_token":"s3cret-2","expires_in":100}"#).unwrap();
    for shown in [
        format!("{response:?}"),
        format!("{response:#?}"),
        format!("{:?}", Some(response.clone())),
    ] {
        assert!(!shown.contains("s3cret"), "{shown}");
        assert!(shown.contains("<redacted>") && shown.contains("100s"), "{shown}");
    }
}
