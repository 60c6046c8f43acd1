use super::{InvalidTagPattern, TagPattern, matches};

#[test]
fn patterns_stand_for_whole_tags() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("*", "v1", true),
        ("v1", "v1", true),
        ("v1", "v10", false),
        ("v1", "xv1", false),
        ("v?", "v1", true),
        ("v?", "v", false),
        ("v1*", "v1", true),
        ("*1", "v1.1", true),
        ("*1", "v1.2", false),
        ("*.*.*", "1.2.3", true),
        ("*.*.*", "1.2", false),
        ("a*b*c", "aXbXbYc", true),
        ("a*b*c", "aXbXbY", false),
        ("**", "", true),
        ("a**", "a", true),
        ("?*?", "a", false),
        ("?*?", "ab", true),
        ("", "", true),
        ("", "a", false),
    ] {
        assert_eq!(
            matches(pattern.as_bytes(), text.as_bytes()),
            expected,
            "{pattern} {text}"
        );
    }
}

/// A pattern that backtracks over each star would not come to an end here.
#[test]
fn many_stars_take_no_longer_than_one() {
    let pattern = "a*".repeat(100) + "b";
    assert!(!matches(pattern.as_bytes(), "a".repeat(128).as_bytes()));
}

#[test]
fn what_no_tag_can_match_is_no_pattern() {
    for text in ["", "a/b", "a b", "ä", "[a]", &"a".repeat(257)] {
        assert_eq!(text.parse::<TagPattern>(), Err(InvalidTagPattern(())), "{text}");
    }
    for text in ["*", "?", "-*", ".x", &"a".repeat(256)] {
        assert_eq!(text.parse::<TagPattern>().unwrap().to_string(), text);
    }
    assert_eq!(TagPattern::prefix("v1.").unwrap().to_string(), "v1.*");
    for prefix in ["v*", "v?", "v/"] {
        assert_eq!(TagPattern::prefix(prefix), Err(InvalidTagPattern(())), "{prefix}");
    }
}
