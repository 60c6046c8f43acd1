use serde_json::Value;

use super::{check, check_all, locate};
use crate::json::{Limits, ParseError, ParseErrorKind as Kind, Path, Rules, read};

fn scan(text: &str, limits: &Limits) -> Result<(), ParseError> {
    let rules = Rules { limits, manifest: true };
    let result = check(text, rules);
    // The reading that is tried first refuses the same texts.
    assert_eq!(read::<Value>(text, rules).is_ok(), result.is_ok(), "{text}");
    result
}

#[test]
fn c14_json_is_strict() {
    for (text, kind, offset) in [
        ("", Kind::Syntax, 0),
        ("  ", Kind::Syntax, 2),
        ("{", Kind::Syntax, 1),
        ("[1", Kind::Syntax, 2),
        ("{}x", Kind::TrailingData, 2),
        ("{} {}", Kind::TrailingData, 3),
        ("[1] // no", Kind::TrailingData, 4),
        ("// no\n{}", Kind::Syntax, 0),
        ("[1,]", Kind::Syntax, 3),
        ("[,1]", Kind::Syntax, 1),
        ("[1 2]", Kind::Syntax, 3),
        (r#"{"a":1,}"#, Kind::Syntax, 7),
        (r#"{,"a":1}"#, Kind::Syntax, 1),
        (r#"{"a" 1}"#, Kind::Syntax, 5),
        (r#"{"a":}"#, Kind::Syntax, 5),
        (r#"{"a":1 "b":2}"#, Kind::Syntax, 7),
        ("{'a':1}", Kind::Syntax, 1),
        ("{a:1}", Kind::Syntax, 1),
        ("[1}", Kind::Syntax, 2),
        (r#"{"a":1]"#, Kind::Syntax, 6),
        ("]", Kind::Syntax, 0),
        ("[NaN]", Kind::Syntax, 1),
        ("[Infinity]", Kind::Syntax, 1),
        ("[-Infinity]", Kind::Syntax, 2),
        ("[nul]", Kind::Syntax, 1),
        ("[truE]", Kind::Syntax, 1),
        ("[True]", Kind::Syntax, 1),
        ("[01]", Kind::Syntax, 2),
        ("[-]", Kind::Syntax, 2),
        ("[+1]", Kind::Syntax, 1),
        ("[.5]", Kind::Syntax, 1),
        ("[1.]", Kind::Syntax, 3),
        ("[1e]", Kind::Syntax, 3),
        ("[1e+]", Kind::Syntax, 4),
        ("[0x1]", Kind::Syntax, 2),
        ("[1e999]", Kind::NumberRange, 1),
        ("[\"a]", Kind::Syntax, 4),
        ("[\"\n\"]", Kind::Syntax, 2),
        ("[\"\u{0}\"]", Kind::Syntax, 2),
        (r#"["\x"]"#, Kind::Syntax, 3),
        (r#"["\u12"]"#, Kind::Syntax, 6),
        (r#"["\u12g4"]"#, Kind::Syntax, 6),
        (r#"["\ud800"]"#, Kind::LoneSurrogate, 2),
        (r#"["a\ud800b"]"#, Kind::LoneSurrogate, 3),
        (r#"["\udc00"]"#, Kind::LoneSurrogate, 2),
        (r#"["\ud800\ud800"]"#, Kind::LoneSurrogate, 2),
        (r#"["\ud800\n"]"#, Kind::LoneSurrogate, 2),
        ("\u{a0}{}", Kind::Syntax, 0),
    ] {
        let error = scan(text, &Limits::new()).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (kind, Some(offset)),
            "{text:?}: {error}"
        );
    }
}

#[test]
fn c14_strict_json_is_read() {
    for text in [
        " \t\r\n{ } ",
        "[]",
        "null",
        "0",
        "-0",
        "[-1.5e-3,1E5,0.0,1e308]",
        r#"["\"\\\/\b\f\n\r\t\u0000\ud83d\ude00"]"#,
        "\"\u{10ffff}\u{7f}\u{2028}\"",
        r#"{"a":{"a":[{"a":1},{"a":1}]}}"#,
        r#"{"":1}"#,
        &format!("[{}1]", "0.000000000000000001,".repeat(50)),
        &"9".repeat(308),
    ] {
        assert_eq!(scan(text, &Limits::new()), Ok(()), "{text:?}");
    }
    assert_eq!(
        scan(&"9".repeat(400), &Limits::new()).unwrap_err().kind(),
        Kind::NumberRange
    );
}

#[test]
fn c12_duplicate_names_at_any_level() {
    let many: String = (0..100).map(|index| format!(r#""name{index}":{index},"#)).collect();
    for (text, offset, path) in [
        (r#"{"a":1,"a":2}"#.to_owned(), 7, "$.a"),
        (r#"{"a":1,"\u0061":2}"#.to_owned(), 7, "$.a"),
        (r#"{"\/":1,"/":2}"#.to_owned(), 8, r#"$["/"]"#),
        (r#"{"\ud83d\ude00":1,"😀":2}"#.to_owned(), 18, r#"$["😀"]"#),
        (r#"{"x":[0,{"a":{"b":1,"c":2,"b":3}}]}"#.to_owned(), 26, "$.x[1].a.b"),
        (r#"{"a":1,"b":2,"b":3,"a":4}"#.to_owned(), 13, "$.b"),
        (r#"{"":1,"":1}"#.to_owned(), 6, r#"$[""]"#),
        (format!(r#"{{{many}"name7":0,"name3":0}}"#), many.len() + 1, "$.name7"),
        (format!(r#"{{{many}"n\u0061me99":0}}"#), many.len() + 1, "$.name99"),
    ] {
        let error = scan(&text, &Limits::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::DuplicateName, "{text}");
        assert_eq!((error.offset(), error.path()), (Some(offset), Some(path)), "{text}");
    }
    let distinct = format!(r#"{{{many}"Name1":0,"name1 ":0,"nаme1":0}}"#);
    assert_eq!(scan(&distinct, &Limits::new()), Ok(()));
}

#[test]
fn c10_a_document_is_a_manifest_or_an_index() {
    for (text, offset, path) in [
        (r#"{"layers":[],"manifests":[]}"#, 13, "$.manifests"),
        (r#"{"manifests":[],"layers":[]}"#, 16, "$.layers"),
        (r#"{"config":{},"x":{},"manifests":null}"#, 20, "$.manifests"),
        (r#"{"l\u0061yers":[],"manif\u0065sts":[]}"#, 18, "$.manifests"),
        // Readers without regard to case see these as well (C13).
        (r#"{"layers":[],"Manifests":[]}"#, 13, "$.Manifests"),
        (r#"{"manifests":[],"CONFIG":{}}"#, 16, "$.CONFIG"),
        (r#"{"layer\u017f":[],"MANIFEST\u0053":[]}"#, 18, "$.MANIFESTS"),
    ] {
        let error = scan(text, &Limits::new()).unwrap_err();
        assert_eq!(error.kind(), Kind::Ambiguous, "{text}");
        assert_eq!((error.offset(), error.path()), (Some(offset), Some(path)), "{text}");
    }
    for text in [
        r#"{"layers":[{"manifests":[]}],"config":{}}"#,
        r#"{"manifests":[],"x":{"layers":[],"config":1}}"#,
    ] {
        assert_eq!(scan(text, &Limits::new()), Ok(()));
    }
}

#[test]
fn c15_depth_is_limited() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(scan(&nested(64), &Limits::new()), Ok(()));
    let error = scan(&nested(65), &Limits::new()).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::TooDeep, Some(64)));
    assert_eq!(scan(&nested(200_000), &Limits::new()).unwrap_err().offset(), Some(64));
    assert_eq!(
        scan(&r#"{"a":"#.repeat(200_000), &Limits::new()).unwrap_err().kind(),
        Kind::TooDeep
    );
    let deepest = Limits::new().with_depth(usize::MAX);
    assert_eq!(scan(&nested(Limits::MAX_DEPTH), &deepest), Ok(()));
    assert_eq!(
        scan(&nested(Limits::MAX_DEPTH + 1), &deepest).unwrap_err().kind(),
        Kind::TooDeep
    );
}

#[test]
fn c18_entries_are_limited() {
    let limits = Limits::new().with_layers(3).with_index_entries(2);
    for (text, offset, path) in [
        (r#"{"layers":[1,2,3,4,5]}"#, 17, "$.layers"),
        (r#"{"manifests":[[],{},0]}"#, 20, "$.manifests"),
        (r#"{"Layers":[1,2,3,4,5]}"#, 17, "$.Layers"),
        (r#"{"manife\u017ft\u017f":[[],{},0]}"#, 30, r#"$["manifeſtſ"]"#),
    ] {
        let error = scan(text, &limits).unwrap_err();
        assert_eq!(error.kind(), Kind::TooManyEntries);
        assert_eq!((error.offset(), error.path()), (Some(offset), Some(path)));
    }
    for text in [
        r#"{"layers":[1,2,3]}"#,
        r#"{"x":{"layers":[1,2,3,4]},"y":[1,2,3,4],"layers":[[1,2,3,4]]}"#,
    ] {
        assert_eq!(scan(text, &limits), Ok(()));
    }
}

#[test]
fn c15_values_are_limited() {
    let limits = Limits::new().with_values(5);
    for (text, offset) in [
        (r#"{"a":[1,2],"b":3,"c":4}"#, 21),
        ("[[],{},null,true,0]", 17),
        (r#"{"a":{"a":{"a":{"a":{"a":0}}}}}"#, 25),
        (r#"["a","b","c","d","e"]"#, 17),
    ] {
        let error = scan(text, &limits).unwrap_err();
        assert_eq!(
            (error.kind(), error.offset()),
            (Kind::TooManyValues, Some(offset)),
            "{text}"
        );
    }
    for text in [r#"{"a":[1,2],"b":3}"#, "[[],{},null,true]", "[\"a\",[[[]]]]"] {
        assert_eq!(scan(text, &limits), Ok(()));
    }
    let list = |values: usize| format!("[{}0]", "0,".repeat(values - 2));
    assert_eq!(scan(&list(Limits::VALUES), &Limits::new()), Ok(()));
    let error = scan(&list(Limits::VALUES + 1), &Limits::new()).unwrap_err();
    assert_eq!(error.kind(), Kind::TooManyValues);
    assert_eq!(
        scan(&list(Limits::VALUES + 1), &Limits::new().with_values(usize::MAX)),
        Ok(())
    );
    assert_eq!(
        scan("0", &Limits::new().with_values(0)).unwrap_err().kind(),
        Kind::TooManyValues
    );
}

#[test]
fn all_faults_are_collected() {
    let text = r#"{"a":{"x":1,"x":2},"layers":[],"config":0,"manifests":[],"b":[{"y":0,"y":0}],"a":1}"#;
    let limits = Limits::new();
    let mut faults = Vec::new();
    let rules = Rules {
        limits: &limits,
        manifest: true,
    };
    assert_eq!(check_all(text, rules, &mut faults), Ok(()));
    let places: Vec<_> = faults
        .iter()
        .map(|fault| (fault.kind(), fault.path().unwrap_or_default()))
        .collect();
    assert_eq!(
        places,
        [
            (Kind::DuplicateName, "$.a.x"),
            (Kind::Ambiguous, "$.manifests"),
            (Kind::DuplicateName, "$.b[0].y"),
            (Kind::DuplicateName, "$.a"),
        ]
    );

    faults.clear();
    let error = check_all(r#"{"a":1,"a":2}x"#, rules, &mut faults).unwrap_err();
    assert_eq!((faults.len(), error.kind()), (1, Kind::TrailingData));

    faults.clear();
    let text = format!("[{}]", vec![r#"{"a":1,"a":2}"#; 1000].join(","));
    assert_eq!(check_all(&text, rules, &mut faults), Ok(()));
    assert_eq!(faults.len(), super::MAX_FAULTS);
}

#[test]
fn locate_finds_values() {
    let text = r#" {"x":{"a":0}, "a": [ {"b":1}, {"\u0062" : 2} ], "c": null}"#;
    let root = Path::Root;
    let a = root.name("a");
    let second = a.index(1);
    let x = root.name("x");
    for (path, rest) in [
        (&root, r#"{"x""#),
        (&a, "[ {"),
        (&second, r#"{"\u0062""#),
        (&second.name("b"), "2}"),
        (&x.name("a"), "0}"),
        (&root.name("c"), "null}"),
        // What is not there is located at what should have it.
        (&second.name("z"), r#"{"\u0062""#),
        (&a.index(9).name("b"), "[ {"),
        (&root.name("z"), r#"{"x""#),
    ] {
        let at = locate(text, path);
        assert!(text[at..].starts_with(rest), "{path}: {}", &text[at..]);
    }
}
