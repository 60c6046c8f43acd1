use serde_json::{Value, json};

use super::Extra;

fn read(text: &str) -> Extra {
    serde_json::from_str(text).unwrap()
}

#[test]
fn fields_come_in_the_order_of_their_names_and_each_once() {
    let mut extra = Extra::from_iter([("b", json!(1)), ("a", json!(2)), ("b", json!(3))]);
    assert_eq!(extra, read(r#"{"b": 0, "a": 2, "b": 3}"#));
    assert_eq!(extra.insert("c", 4), None);
    assert_eq!(extra.insert("a", "new"), Some(2.into()));
    assert_eq!(extra.remove("b"), Some(3.into()));
    assert_eq!(extra.remove("b"), None);
    assert_eq!((extra.len(), extra.is_empty()), (2, false));
    let fields: Vec<_> = extra.iter().collect();
    assert_eq!(fields, [("a", &json!("new")), ("c", &json!(4))]);
    assert_eq!(serde_json::to_string(&extra).unwrap(), r#"{"a":"new","c":4}"#);
    let owned: Vec<(String, Value)> = extra.into_iter().collect();
    assert_eq!(owned, [("a".to_owned(), json!("new")), ("c".to_owned(), json!(4))]);
}

#[test]
fn equal_values_are_equal_however_they_are_written() {
    let (left, right) = (read(r#"{"a":{"x":1,"y":[2]}}"#), read(r#"{"a": {"y": [2], "x": 1}}"#));
    assert_eq!(left, right);
    assert_ne!(left, read(r#"{"a":{"x":1,"y":[3]}}"#));
    assert_ne!(left, read(r#"{"b":{"x":1,"y":[2]}}"#));
    assert_eq!(format!("{left:?}"), r#"{"a": {"x":1,"y":[2]}}"#);
}

#[test]
fn a_value_that_is_deeper_than_documents_may_be_is_kept_too() {
    let deep = (0..200).fold(Value::Null, |inner, _| json!([inner]));
    let mut extra = Extra::new();
    extra.insert("deep", deep.clone());
    assert_eq!(extra.clone().get("deep"), Some(&deep));
    assert_eq!(serde_json::to_value(&extra).unwrap(), json!({ "deep": deep }));
}

#[test]
fn values_of_other_deserializers_are_read_as_values() {
    // Tagged and flattened types read from a tree of their own.
    #[derive(serde::Deserialize)]
    struct Outer {
        #[serde(flatten)]
        fields: Extra,
    }
    let outer: Outer = serde_json::from_str(r#"{"a":[1,-1,0.5,"x",null,true],"b":{"c":{}}}"#).unwrap();
    assert_eq!(outer.fields, read(r#"{"a":[1,-1,0.5,"x",null,true],"b":{"c":{}}}"#));
}
