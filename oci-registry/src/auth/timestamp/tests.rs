use super::*;

#[test]
fn dates_around_what_is_odd_in_the_calendar() {
    for (unix, expected) in [
        (0, "1970-01-01T00:00:00Z"),
        (68_169_599, "1972-02-28T23:59:59Z"),
        (68_169_600, "1972-02-29T00:00:00Z"),
        (951_782_400, "2000-02-29T00:00:00Z"),
        (951_868_800, "2000-03-01T00:00:00Z"),
        (1_704_067_199, "2023-12-31T23:59:59Z"),
        (1_800_000_000, "2027-01-15T08:00:00Z"),
        (4_107_542_399, "2100-02-28T23:59:59Z"),
        (4_107_542_400, "2100-03-01T00:00:00Z"),
    ] {
        assert_eq!(rfc3339(Duration::from_secs(unix)), expected);
    }
}

#[test]
fn no_time_is_too_late() {
    assert!(rfc3339(Duration::MAX).ends_with('Z'));
}
