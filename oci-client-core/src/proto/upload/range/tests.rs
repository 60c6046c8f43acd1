use http::HeaderValue;

use super::*;

fn kept(text: &str) -> Option<Kept> {
    let mut headers = HeaderMap::new();
    headers.insert(RANGE, HeaderValue::from_bytes(text.as_bytes()).unwrap());
    Kept::of(&headers)
}

#[test]
fn cb15_p04_a_range_is_read_or_says_nothing() {
    for (text, bytes) in [
        ("0-9", 10),
        ("0--1", 0),
        (" 0-4 ", 5),
        ("bytes=0-4", 5),
        ("0-18446744073709551614", u64::MAX),
    ] {
        assert_eq!(kept(text), Some(Kept::Bytes(bytes)), "{text}");
    }
    for text in [
        "",
        "0-",
        "5",
        "1-4",
        "0-+4",
        "0--2",
        "0-4/9",
        "0-4,6-8",
        "bytes 0-4",
        "0-x",
        "0-18446744073709551615",
        "0-99999999999999999999",
        "\u{e9}",
    ] {
        assert_eq!(kept(text), None, "{text}");
    }
    assert_eq!(Kept::of(&HeaderMap::new()), None);
}

#[test]
fn cb16_zero_to_zero_is_one_byte_only_where_there_can_be_no_more() {
    let trap = kept("0-0").unwrap();
    assert_eq!(trap, Kept::OneOrNone);
    for (known, most, bytes) in [(0, 0, 0), (0, 1, 1), (1, 9, 1), (0, 9, 0), (5, 9, 0)] {
        assert_eq!(trap.among(known, most), bytes, "{known} known, {most} at most");
    }
    assert_eq!(Kept::Bytes(7).among(0, 5), 7);
}
