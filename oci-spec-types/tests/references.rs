//! References: every input of one golden table, `data/references.tsv`, in the strict and the
//! familiar form.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::time::{Duration, Instant};

use oci_spec_types::{InvalidReference, Reference, RegistryHost, RepositoryName, Tag};

#[test]
fn a14_g1_g2_g3_g5_g6_golden_table() {
    let mut failures = Vec::new();
    for row in rows() {
        let strict = verdict(row.input.parse());
        let familiar = verdict(Reference::familiar(&row.input));
        if (&strict, &familiar) != (&row.strict, &row.familiar) {
            failures.push(format!("{}\t{:?}\t{strict}\t{familiar}", row.id, row.input));
        }
    }
    assert!(failures.is_empty(), "found instead:\n{}", failures.join("\n"));
}

/// The table covers each threat to references, and is not shortened by accident.
#[test]
fn golden_table_is_complete() {
    let rows = rows();
    assert!(rows.len() >= 150, "{} rows", rows.len());
    for id in 1..=14 {
        let id = format!("R{id:02}");
        assert!(rows.iter().any(|row| row.id == id), "{id}");
    }
    assert!(rows.iter().any(|row| row.id == "C09"));
}

/// R02: where the strict and the familiar form both accept a text, they mean the same registry.
#[test]
fn r02_both_forms_agree_on_the_host() {
    for row in rows() {
        let strict: Result<Reference, _> = row.input.parse();
        let (Ok(strict), Ok(familiar)) = (strict, Reference::familiar(&row.input)) else {
            continue;
        };
        let hub = familiar.host().as_str() == "docker.io";
        assert!(strict.host() == familiar.host() || hub, "{:?}", row.input);
        assert_eq!(strict.target(), familiar.target());
    }
}

/// A14: what looks like a password is refused, and not repeated.
#[test]
fn a14_user_information_is_refused_and_not_shown() {
    for text in [
        "user:hunter2@registry.test/app",
        "user:hunter2@registry.test/app:v1",
        "user:hunter2@registry.test:5000/app",
        "user:hunter2@localhost/app",
        ":hunter2@registry.test/app",
        "hunter2@registry.test/app",
        "https://user:hunter2@registry.test/app",
        "user:hunter2@127.0.0.1/app",
        "user:hunter2@[::1]/app",
        "user:hunter2@registry.test",
    ] {
        for error in [text.parse::<Reference>(), Reference::familiar(text)] {
            let error = error.unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
        let host = text.rsplit_once('/').map_or(text, |(host, _)| host);
        let error = host.parse::<RegistryHost>().unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
}

/// R12: what counts as this machine, and so may be spoken to over plain http by default.
#[test]
fn r12_loopback() {
    let loopback = [
        "localhost",
        "LOCALHOST",
        "localhost:5000",
        "127.0.0.1",
        "127.255.255.254:80",
        "[::1]",
        "[::1]:5000",
        "[0:0:0:0:0:0:0:1]:443",
    ];
    let remote = [
        "localhost.example:5000",
        "registry.localhost",
        "10.0.0.1",
        "192.168.1.1:5000",
        "172.16.0.1",
        "128.0.0.1",
        "0.0.0.0:5000",
        "[::]:5000",
        "[::ffff:127.0.0.1]",
        "[::2]",
        "[fe80::1]",
        "127.0.0.1.example",
        "docker.io",
    ];
    for (hosts, expected) in [(&loopback[..], true), (&remote[..], false)] {
        for host in hosts {
            let parsed: RegistryHost = host.parse().unwrap();
            assert_eq!(parsed.is_loopback(), expected, "{host}");
        }
    }
}

/// R14: a megabyte is judged about as fast as it can be read.
#[test]
fn r14_linear_time() {
    let pieces = ["a", "a/", "-", "_", ".", ":", "@", "[:", "1.", "é", "://"];
    let heads = ["", "h.io/", "h.io/r:", "h.io/r@x:", "["];
    let start = Instant::now();
    for head in heads {
        for piece in pieces {
            let text = format!("{head}{}", piece.repeat((1 << 20) / piece.len()));
            if let Ok(reference) = text.parse::<Reference>() {
                assert!(head.ends_with("x:") && reference.to_string() == text, "{head}{piece}");
            }
            let _: Result<Reference, InvalidReference> = Reference::familiar(&text);
        }
    }
    // 55 megabytes, twice. Anything quadratic would take hours.
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
}

/// R15: no way around the parser, and none around the limit on the length.
#[test]
fn r15_every_way_in_is_checked() {
    for bad in [
        "\"ubuntu\"",
        "\"https://a.io/b\"",
        "\"a.io/B\"",
        "\"\"",
        "7",
        "null",
        "{}",
    ] {
        serde_json::from_str::<Reference>(bad).unwrap_err();
        serde_json::from_str::<RegistryHost>(bad).unwrap_err();
    }
    serde_json::from_str::<Tag>("\"a b\"").unwrap_err();
    serde_json::from_str::<RepositoryName>("\"a:b\"").unwrap_err();
    Reference::try_from("a.io/b c").unwrap_err();
    Reference::try_from(String::from("a.io/b c")).unwrap_err();

    let host: RegistryHost = "a.example:5000".parse().unwrap();
    let repository: RepositoryName = "b".repeat(241).parse().unwrap();
    let error = Reference::new(host, repository).unwrap_err();
    assert_eq!(error.position(), Reference::MAX_NAME_LEN);
}

/// A message says where and what to do, without a character that could disturb a terminal, and
/// without the input, which can hold a password.
#[test]
fn messages_are_safe_to_print() {
    for row in rows() {
        for error in [
            row.input.parse::<Reference>().err(),
            Reference::familiar(&row.input).err(),
        ] {
            let Some(error) = error else { continue };
            let message = error.to_string();
            assert!(message.contains(&format!("at byte {}", error.position())), "{message}");
            assert!(
                !message.contains(char::is_control) && !message.contains("hunter2"),
                "{message}"
            );
            assert!(message.chars().all(|char| char.is_ascii() || char == '…'), "{message}");
        }
    }
    let message = "ubuntu".parse::<Reference>().unwrap_err().to_string();
    assert!(message.contains("Reference::familiar"), "{message}");
    let message = "https://foo.com/x".parse::<Reference>().unwrap_err().to_string();
    assert!(message.contains("scheme"), "{message}");
}

struct Row {
    id: String,
    input: String,
    strict: String,
    familiar: String,
}

fn rows() -> Vec<Row> {
    let lines = include_str!("data/references.tsv").lines();
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(row)
        .collect()
}

fn row(line: &str) -> Row {
    let columns: Vec<String> = line.split('\t').map(expand).collect();
    let [id, input, strict, familiar] = <[String; 4]>::try_from(columns).unwrap();
    let familiar = if familiar == "=" { strict.clone() } else { familiar };
    Row {
        id,
        input: unescape(&input),
        strict,
        familiar,
    }
}

/// The parts of an accepted text, or the kind and position of the error, in ASCII.
fn verdict(result: Result<Reference, InvalidReference>) -> String {
    let reference = match result {
        Ok(reference) => reference,
        Err(error) => return escape(&format!("{:?} @{}", error.kind(), error.position())),
    };
    let mut parts = format!("ok {} {}", reference.host(), reference.repository());
    if let Some(tag) = reference.tag() {
        parts += &format!(" tag {tag}");
    }
    if let Some(digest) = reference.digest() {
        parts += &format!(" digest {digest}");
    }
    parts
}

/// Repeats the text of each `<text*count>`.
fn expand(column: &str) -> String {
    let mut pieces = column.split('<');
    let head = pieces.next().unwrap().to_owned();
    pieces.fold(head, |expanded, piece| {
        let (repeat, tail) = piece.split_once('>').unwrap();
        let (text, count) = repeat.rsplit_once('*').unwrap();
        expanded + &text.repeat(count.parse().unwrap()) + tail
    })
}

/// Writes what is not ASCII as `\u{…}`.
fn escape(text: &str) -> String {
    let escaped = |char: char| {
        if char.is_ascii() {
            char.to_string()
        } else {
            char.escape_unicode().to_string()
        }
    };
    text.chars().map(escaped).collect()
}

/// Turns each `\u{…}` into its character.
fn unescape(text: &str) -> String {
    let mut pieces = text.split("\\u{");
    let head = pieces.next().unwrap().to_owned();
    pieces.fold(head, |unescaped, piece| {
        let (code, tail) = piece.split_once('}').unwrap();
        let char = char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap();
        format!("{unescaped}{char}{tail}")
    })
}
