use proptest::prelude::*;

use super::*;

#[test]
fn a33_what_is_no_object_is_told_apart_and_never_quoted() {
    for (text, expected) in [
        ("[]", "this is no JSON object (line 1, column 0)"),
        ("\"hunter2\"", "this is no JSON object"),
        ("{\"a\": hunter2}", "this is no JSON (line 1"),
        ("{\"a\": 1", "this is no JSON (line 1"),
        ("{} {}", "this is no JSON (line 1"),
    ] {
        let fault = members(text).err().unwrap();
        assert!(fault.message().starts_with(expected), "{text}: {fault:?}");
        assert!(!fault.message().contains("hunter2"));
    }
    for text in ["", " \n", "{}", " { } "] {
        assert!(members(text).unwrap().is_empty(), "{text:?}");
    }
}

#[test]
fn a_member_that_is_there_twice_is_refused() {
    let twice = members(r#"{"a":1,"b":null,"\u0061":2}"#).unwrap();
    assert!(member(&twice, "a").is_err());
    assert_eq!(member(&twice, "b").unwrap(), None);
    assert_eq!(member(&twice, "c").unwrap(), None);
}

#[test]
fn edits_leave_everything_else_as_it_is() {
    let text = "{\n  \"z\": [1,  2],\n  \"a\" : {\"x\":1} ,\n  \"m\":null\n}\n";
    for (name, expected) in [
        ("z", "{\n  \"a\" : {\"x\":1} ,\n  \"m\":null\n}\n"),
        ("a", "{\n  \"z\": [1,  2] ,\n  \"m\":null\n}\n"),
        ("m", "{\n  \"z\": [1,  2],\n  \"a\" : {\"x\":1}\n}\n"),
        ("none", text),
    ] {
        assert_eq!(*without_members(text, |known| known == name).unwrap(), expected);
    }
    assert_eq!(without_members("{\"a\":1}", |_| true).unwrap().as_str(), "{}");
    for (object, expected) in [
        ("", "{\n\t\"k\": 7\n}"),
        (" {} ", "{\n\t\"k\": 7\n}"),
        ("{\"a\":1}", "{\"a\":1,\"k\": 7}"),
        ("{\n  \"a\":1\n}\n", "{\n  \"a\":1,\n  \"k\": 7\n}\n"),
        ("{\"k\" : [\"old\"], \"a\":1}", "{\"k\" : 7, \"a\":1}"),
        ("{\"\\u006b\":0}", "{\"\\u006b\":7}"),
    ] {
        assert_eq!(*with_member(object, "k", "7", 0).unwrap(), expected);
    }
}

/// A JSON object of members that may repeat, with space where JSON allows it.
fn objects() -> impl Strategy<Value = String> {
    let space = "[ \t\n]{0,2}";
    let value = prop_oneof![
        Just("null".to_owned()),
        Just("-1.5e3".to_owned()),
        Just("\"}, {\\\"\"".to_owned()),
        Just("[{ \"a\" : [] }, 2]".to_owned()),
    ];
    let one = (space, "[abc]", space, space, value, space)
        .prop_map(|(s1, name, s2, s3, value, s4)| format!("{s1}\"{name}\"{s2}:{s3}{value}{s4}"));
    (proptest::collection::vec(one, 0..5), space)
        .prop_map(|(all, space)| format!("{space}{{{}}}{space}", all.join(",")))
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let members = members(text).unwrap();
    members
        .into_iter()
        .map(|member| (member.name, member.value.to_owned()))
        .collect()
}

proptest! {
    #[test]
    fn an_edit_changes_the_one_member_and_no_other(object in objects()) {
        let before = pairs(&object);
        let removed = without_members(&object, |name| name == "a").unwrap();
        let expected: Vec<_> = before.iter().filter(|(name, _)| name != "a").cloned().collect();
        prop_assert_eq!(pairs(&removed), expected.clone());
        let set = with_member(&removed, "a", "\"new\"", 0).unwrap();
        let added = ("a".to_owned(), "\"new\"".to_owned());
        prop_assert_eq!(pairs(&set), expected.into_iter().chain([added]).collect::<Vec<_>>());
    }
}
