use http::HeaderMap;
use http::header::WARNING;
use oci_spec_types::Sanitized;

/// The texts of the `Warning` fields of a response, cleaned for showing ([spec, "Warnings"]).
///
/// All lines and all warnings in a line are read, quoted commas and escapes included. Only code 299 counts. What comes after the first 4 KiB of all lines
/// together is left out, as is what has no form.
///
/// ```
/// use http::header::{HeaderMap, HeaderValue, WARNING};
/// use oci_client_core::proto::headers::warnings;
///
/// let mut headers = HeaderMap::new();
/// headers.insert(WARNING, HeaderValue::from_static(r#"299 - "deprecated, use \"v2\"", 299 - "read-only""#));
/// assert_eq!(warnings(&headers), [r#"deprecated, use "v2""#, "read-only"]);
/// ```
///
/// [spec, "Warnings"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#warnings
pub fn warnings(headers: &HeaderMap) -> Vec<String> {
    let mut room = MAX_LEN;
    let mut texts = Vec::new();
    for value in headers.get_all(WARNING) {
        let line = value.as_bytes();
        let line = line.get(..room.min(line.len())).unwrap_or_default();
        room = room.saturating_sub(value.len());
        texts.extend(read_line(&String::from_utf8_lossy(line)));
    }
    texts
}

fn read_line(line: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut rest = line;
    while let Some((before, quoted)) = rest.split_once('"') {
        let Some((text, after)) = unquote(quoted) else {
            break;
        };
        // What is before the text: a comma, the date of the one before, code and agent.
        let head = before.rsplit(',').next().unwrap_or_default();
        let mut words = head.split_ascii_whitespace();
        if words.next() == Some("299") && words.next().is_some() && words.next().is_none() && !text.is_empty() {
            texts.push(Sanitized::new(&text).to_string());
        }
        rest = after;
    }
    texts
}

/// The text up to the closing quotation mark, and what comes after it; `None` if nothing closes it.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut text = String::new();
    let mut characters = quoted.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return Some((text, quoted.get(position.saturating_add(1)..).unwrap_or_default())),
            '\\' => text.push(characters.next()?.1),
            _ => text.push(character),
        }
    }
    None
}

/// How much is read of the warnings of one response, in bytes: no more is allowed by the spec.
const MAX_LEN: usize = 4096;

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn read(lines: &[&[u8]]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(WARNING, HeaderValue::from_bytes(line).unwrap());
        }
        warnings(&headers)
    }

    #[test]
    fn w1_w2_every_form_is_read() {
        let table: [(&[&[u8]], &[&str]); 9] = [
            (&[br#"299 - "one""#], &["one"]),
            (&[br#"299 - "one", 299 - "two""#], &["one", "two"]),
            (&[br#"299 - "one""#, br#"299 - "two""#], &["one", "two"]),
            (&[br#"299 - "a, \"b\" \\ c", 299 - "two""#], &[r#"a, "b" \ c"#, "two"]),
            (&[br#"299 registry.test "agent""#], &["agent"]),
            (&[br#"299 - "dated" "Sun, 06 Nov 1994 08:49:37 GMT""#], &["dated"]),
            (
                &[br#"299 - "dated" "Sun, 06 Nov 1994 08:49:37 GMT", 299 - "two""#],
                &["dated", "two"],
            ),
            (&[br#"110 - "stale", 299 - "two""#], &["two"]),
            (&["299 - \"\u{fc}ber\"".as_bytes()], &["\u{fc}ber"]),
        ];
        for (lines, expected) in table {
            assert_eq!(read(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn w1_what_has_no_form_is_left_out() {
        for line in [
            "",
            "299",
            "299 -",
            "299 - text",
            "299 - \"open",
            "299 - \"\"",
            "299 - \"open\\",
            "- \"x\"",
            "2990 - \"x\"",
            "299 \"x\"",
        ] {
            assert_eq!(read(&[line.as_bytes()]), [""; 0], "{line}");
        }
    }

    #[test]
    fn p18_no_more_than_4_kib_of_a_response_is_read_and_none_of_it_moves_the_cursor() {
        let line = br#"299 - "0123456789""#;
        let lines = vec![&line[..]; 3_000];
        assert_eq!(read(&lines).len(), 4096 / line.len());
        let long = format!("299 - \"{}\"", "x".repeat(5_000));
        assert_eq!(read(&[long.as_bytes()]), [""; 0], "nothing closes what was cut off");
        let shown = read(&["299 - \"a\t\u{202e}b\u{ff}\"".as_bytes(), b"299 - \"\xff\""]);
        assert!(shown.iter().all(|text| !text.contains(['\t', '\u{202e}'])), "{shown:?}");
        assert_eq!(shown.len(), 2);
    }
}
