use super::*;

#[test]
fn s16_ranges_of_a_blob_of_ten_bytes() {
    use Requested::{Part, Unsatisfiable, Whole};
    let cases = [
        (None, Whole),
        (Some("bytes=0-0"), Part(0..1)),
        (Some("bytes=2-5"), Part(2..6)),
        (Some("bytes=2-"), Part(2..10)),
        (Some("bytes=-3"), Part(7..10)),
        (Some("bytes=-30"), Part(0..10)),
        (Some("bytes=9-99999999999999999999999"), Part(9..10)),
        (Some("Bytes = 1-2"), Part(1..3)),
        (Some("bytes=10-"), Unsatisfiable),
        (Some("bytes=10-20"), Unsatisfiable),
        (Some("bytes=5-2"), Unsatisfiable),
        (Some("bytes=-0"), Unsatisfiable),
        (Some("bytes=99999999999999999999999-"), Unsatisfiable),
        (Some("bytes=0-1,3-4"), Whole),
        (Some("bytes=-"), Whole),
        (Some("bytes=a-b"), Whole),
        (Some("bytes=+1-2"), Whole),
        (Some("bytes 0-1"), Whole),
        (Some("items=0-1"), Whole),
        (Some(""), Whole),
    ];
    for (header, expected) in cases {
        assert_eq!(Requested::parse(header, 10), expected, "{header:?}");
    }
}

#[test]
fn s16_an_empty_blob_has_no_satisfiable_range() {
    for header in ["bytes=0-0", "bytes=0-", "bytes=-1"] {
        assert_eq!(Requested::parse(Some(header), 0), Requested::Unsatisfiable, "{header}");
    }
}

#[test]
fn s04_cb10_chunks() {
    let cases = [
        ("0-0", Some(0..1)),
        ("5-9", Some(5..10)),
        ("9-5", None),
        ("bytes 0-1", None),
        ("bytes=0-1", None),
        ("0-1/2", None),
        ("-1", None),
        ("1-", None),
        ("", None),
        ("+1-2", None),
        ("0-18446744073709551615", None),
        ("0-99999999999999999999999", None),
    ];
    for (header, expected) in cases {
        assert_eq!(chunk(header), expected, "{header}");
    }
}
