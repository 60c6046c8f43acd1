//! Rules of the header of an image layout.

use serde_json::{Value, json};

use super::{
    Edit::{Keep, Raw, Remove, Set},
    Row, error,
};

pub(super) fn valid() -> Value {
    json!({"imageLayoutVersion": "1.0.0"})
}

pub(super) fn rows() -> Vec<Row> {
    let version = |version: Value| Set("/imageLayoutVersion", version);
    vec![
        (
            "the version is required",
            Keep,
            Remove("/imageLayoutVersion"),
            error("$.imageLayoutVersion"),
        ),
        (
            "the version is 1.0.0",
            Keep,
            version(json!("1.0.1")),
            error("$.imageLayoutVersion"),
        ),
        (
            "the version is a string",
            Keep,
            version(json!(1)),
            error("$.imageLayoutVersion"),
        ),
        (
            "there may be other fields",
            Set("/x", json!(null)),
            version(Value::Null),
            error("$.imageLayoutVersion"),
        ),
        (
            "names are unique",
            Keep,
            Raw(r#"{"imageLayoutVersion":"1.0.0","imageLayoutVersion":"1.0.0"}"#.to_owned()),
            error("$.imageLayoutVersion"),
        ),
    ]
}
