//! Rules of image configurations.

use oci_spec_types::{Digest, validate::Severity};
use serde_json::{Value, json};

use super::{
    Edit::{Keep, Remove, Set},
    Row, error, warning,
};

pub(super) fn valid() -> Value {
    json!({
        "created": "2015-10-31T22:22:56.015925234Z",
        "author": "Alyssa P. Hacker",
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": "alice",
            "ExposedPorts": {"8080/tcp": {}},
            "Env": ["PATH=/bin", "EMPTY="],
            "Entrypoint": ["/bin/app"],
            "Cmd": ["--foreground"],
            "Volumes": {"/var/data": {}},
            "WorkingDir": "/home/alice",
            "Labels": {"com.example.label": "value"},
            "StopSignal": "SIGTERM",
        },
        "rootfs": {
            "diff_ids": [Digest::sha256(b"base").to_string(), Digest::sha256(b"top").to_string()],
            "type": "layers",
        },
        "history": [
            {"created": "2015-10-31T22:22:54.690851953Z", "created_by": "ADD file in /"},
            {"created": "2015-10-31T22:22:55Z", "created_by": "CMD sh", "empty_layer": true},
            {"created": "2015-10-31T22:22:56Z", "author": "a", "comment": "c"},
        ],
    })
}

pub(super) fn rows() -> Vec<Row> {
    [required(), nulls(), times(), execution(), rootfs()]
        .into_iter()
        .flatten()
        .collect()
}

fn required() -> Vec<Row> {
    vec![
        (
            "architecture is required",
            Keep,
            Remove("/architecture"),
            error("$.architecture"),
        ),
        (
            "architecture is a string",
            Keep,
            Set("/architecture", json!(386)),
            error("$.architecture"),
        ),
        (
            "architecture is not null",
            Keep,
            Set("/architecture", Value::Null),
            error("$.architecture"),
        ),
        (
            "architecture is not empty",
            Keep,
            Set("/architecture", json!("")),
            error("$.architecture"),
        ),
        ("os is required", Keep, Remove("/os"), error("$.os")),
        (
            "os is one of Go",
            Set("/os", json!("windows")),
            Set("/os", json!("Windows")),
            warning("$.os"),
        ),
        (
            "rootfs is required",
            Remove("/history"),
            Remove("/rootfs"),
            error("$.rootfs"),
        ),
        (
            "config is optional",
            Remove("/config"),
            Set("/config", json!([])),
            error("$.config"),
        ),
        (
            "unknown fields are no error",
            Set("/docker_version", json!("1.0")),
            Set("/author", json!(1)),
            error("$.author"),
        ),
        (
            "variant is one of the architecture",
            Set("/variant", json!("v3")),
            Set("/variant", json!("x86-64-v3")),
            warning("$.variant"),
        ),
        (
            "names are not in other case",
            Set("/containerConfig", json!({})),
            Set("/Config", json!({})),
            error("$.Config"),
        ),
    ]
}

/// "Any optional field may also be set to null, which is equivalent to being absent."
fn nulls() -> Vec<Row> {
    let null = |pointer| Set(pointer, Value::Null);
    vec![
        (
            "created may be null",
            null("/created"),
            Set("/created", json!(0)),
            error("$.created"),
        ),
        (
            "author may be null",
            null("/author"),
            Set("/author", json!({})),
            error("$.author"),
        ),
        (
            "config may be null",
            null("/config"),
            Set("/config", json!("")),
            error("$.config"),
        ),
        (
            "history may be null",
            null("/history"),
            Set("/history", json!({})),
            error("$.history"),
        ),
        (
            "os.features may be null",
            null("/os.features"),
            Set("/os.features", json!("x")),
            error(r#"$["os.features"]"#),
        ),
        (
            "User may be null",
            null("/config/User"),
            Set("/config/User", json!(1000)),
            error("$.config.User"),
        ),
        (
            "ExposedPorts may be null",
            null("/config/ExposedPorts"),
            Set("/config/ExposedPorts", json!([])),
            error("$.config.ExposedPorts"),
        ),
        (
            "Env may be null",
            null("/config/Env"),
            Set("/config/Env", json!({"A": "b"})),
            error("$.config.Env"),
        ),
        (
            "Entrypoint may be null",
            null("/config/Entrypoint"),
            Set("/config/Entrypoint", json!("sh")),
            error("$.config.Entrypoint"),
        ),
        (
            "Cmd may be null",
            null("/config/Cmd"),
            Set("/config/Cmd", json!("sh")),
            error("$.config.Cmd"),
        ),
        (
            "Volumes may be null",
            null("/config/Volumes"),
            Set("/config/Volumes", json!(["/data"])),
            error("$.config.Volumes"),
        ),
        (
            "Labels may be null",
            null("/config/Labels"),
            Set("/config/Labels", json!({"a": null})),
            error("$.config.Labels.a"),
        ),
        (
            "created of history may be null",
            null("/history/0/created"),
            Set("/history/0", Value::Null),
            error("$.history[0]"),
        ),
        (
            "empty_layer is a boolean",
            null("/history/0/empty_layer"),
            Set("/history/0/empty_layer", json!("false")),
            error("$.history[0].empty_layer"),
        ),
        (
            "rootfs is not null",
            null("/variant"),
            null("/rootfs"),
            error("$.rootfs"),
        ),
        (
            "rootfs.type is not null",
            null("/os.version"),
            null("/rootfs/type"),
            error("$.rootfs.type"),
        ),
    ]
}

fn times() -> Vec<Row> {
    let created = |text: &str| Set("/created", json!(text));
    vec![
        (
            "created has a time",
            created("2026-02-28T00:00:00Z"),
            created("2026-02-28"),
            error("$.created"),
        ),
        (
            "created has an offset",
            created("2026-02-28T00:00:00+05:30"),
            created("2026-02-28T00:00:00"),
            error("$.created"),
        ),
        (
            "created is a day that there is",
            created("2024-02-29T00:00:00Z"),
            created("2023-02-29T00:00:00Z"),
            error("$.created"),
        ),
        (
            "created has a T",
            created("2024-02-29T00:00:00.5Z"),
            created("2024-02-29 00:00:00Z"),
            error("$.created"),
        ),
        (
            "created of history is a time",
            Set("/history/1/created", json!("0001-01-01T00:00:00Z")),
            Set("/history/1/created", json!("then")),
            error("$.history[1].created"),
        ),
    ]
}

fn execution() -> Vec<Row> {
    let port = |port: &str| Set("/config/ExposedPorts", json!({ port: {} }));
    let env = |variable: &str| Set("/config/Env", json!([variable]));
    let user = |user: &str| Set("/config/User", json!(user));
    vec![
        (
            "a port may have no protocol",
            port("80"),
            port("http"),
            error("$.config.ExposedPorts.http"),
        ),
        (
            "a port is a number",
            port("80/tcp"),
            port("port-bad/tcp"),
            error(r#"$.config.ExposedPorts["port-bad/tcp"]"#),
        ),
        (
            "a port is in range",
            port("65535/udp"),
            port("65536/udp"),
            error(r#"$.config.ExposedPorts["65536/udp"]"#),
        ),
        (
            "a protocol is tcp or udp",
            port("53/udp"),
            port("53/icmp"),
            error(r#"$.config.ExposedPorts["53/icmp"]"#),
        ),
        (
            "sctp is Docker's",
            port("53/tcp"),
            port("53/sctp"),
            warning(r#"$.config.ExposedPorts["53/sctp"]"#),
        ),
        (
            "a port has an object",
            Set("/config/ExposedPorts", json!({"80": {"x": 1}})),
            Set("/config/ExposedPorts", json!({"80": null})),
            error(r#"$.config.ExposedPorts["80"]"#),
        ),
        ("a variable has a value", env("A=b"), env("A"), error("$.config.Env[0]")),
        (
            "a variable has a name",
            env("A=b=c"),
            env("=b"),
            error("$.config.Env[0]"),
        ),
        (
            "a value may have line breaks",
            env("A=b\nc"),
            Set("/config/Env", json!([1])),
            error("$.config.Env[0]"),
        ),
        (
            "a user may have a group",
            user("1000:staff"),
            user("1000:"),
            warning("$.config.User"),
        ),
        (
            "a user number is bounded",
            user("2147483647"),
            user("4294967296"),
            warning("$.config.User"),
        ),
        (
            "a signal has a name",
            Set("/config/StopSignal", json!("SIGRTMIN+3")),
            Set("/config/StopSignal", json!("TERM")),
            warning("$.config.StopSignal"),
        ),
        (
            "ArgsEscaped is deprecated",
            Set("/config/ArgsEscaped", json!(false)),
            Set("/config/ArgsEscaped", json!(true)),
            warning("$.config.ArgsEscaped"),
        ),
        (
            "reserved fields are no error",
            Set("/config/Memory", json!(2048)),
            Set("/config/WorkingDir", json!(null)),
            vec![],
        ),
        (
            "labels are under the rules of annotations",
            Set("/config/Labels", json!({"maintainer": "x"})),
            Set("/config/Labels", json!({"org.opencontainers.image.created": "x"})),
            error(r#"$.config.Labels["org.opencontainers.image.created"]"#),
        ),
        (
            "names are not in other case",
            Set("/config/Users", json!("a")),
            Set("/config/user", json!("root")),
            error("$.config.user"),
        ),
    ]
}

fn rootfs() -> Vec<Row> {
    vec![
        (
            "type is `layers`",
            Keep,
            Set("/rootfs/type", json!("rootfs")),
            error("$.rootfs.type"),
        ),
        ("type is required", Keep, Remove("/rootfs/type"), error("$.rootfs.type")),
        (
            "diff_ids are required",
            Keep,
            Remove("/rootfs/diff_ids"),
            error("$.rootfs.diff_ids"),
        ),
        (
            "diff_ids are not null",
            Keep,
            Set("/rootfs/diff_ids", Value::Null),
            error("$.rootfs.diff_ids"),
        ),
        (
            "diff_ids are a list",
            Keep,
            Set("/rootfs/diff_ids", json!("x")),
            error("$.rootfs.diff_ids"),
        ),
        (
            "diff_ids are digests",
            Set("/rootfs/diff_ids/1", json!(Digest::sha512(b"top").to_string())),
            Set("/rootfs/diff_ids/1", json!("nope")),
            error("$.rootfs.diff_ids[1]"),
        ),
        (
            "diff_ids are whole",
            Keep,
            Set("/rootfs/diff_ids/0", json!("sha256:00")),
            error("$.rootfs.diff_ids[0]"),
        ),
        (
            "the history tells of as many layers",
            Remove("/history"),
            Set("/history/1/empty_layer", json!(false)),
            warning("$.rootfs.diff_ids"),
        ),
        (
            "several faults are several findings",
            Keep,
            Set("/rootfs", json!({"type": "x", "diff_ids": ["a", "b"]})),
            vec![
                (Severity::Error, "$.rootfs.diff_ids[0]"),
                (Severity::Error, "$.rootfs.diff_ids[1]"),
                (Severity::Error, "$.rootfs.type"),
            ],
        ),
    ]
}
