use super::*;

/// S01, S02.
#[test]
fn ids_are_strict_and_differ() {
    let id = UploadId::random().unwrap();
    assert_eq!(id.to_string().parse(), Ok(id));
    assert_ne!(id, UploadId::random().unwrap());
    let long = "0".repeat(33);
    let upper = "A".repeat(32);
    let sign = format!("+{}", "0".repeat(31));
    for text in ["", "1", "..", &long, &upper, &sign] {
        assert_eq!(text.parse::<UploadId>(), Err(InvalidUploadId), "{text}");
    }
}
