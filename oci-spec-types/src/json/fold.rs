//! Names that differ from a known one only in case.
//!
//! Some readers match names without regard to case, so that `LAYERS` beside `layers` gives two readers two images under one
//! digest. A name that such a reader takes for a known one is refused.

/// The name of `known` that `name` becomes when letters of either case are taken as equal.
///
/// Two characters outside ASCII fold to ASCII letters: `ſ` (U+017F) to `s` and the Kelvin sign (U+212A) to `k`.
pub(crate) fn folded_name(name: &str, known: &[&'static str]) -> Option<&'static str> {
    known
        .iter()
        .copied()
        .find(|candidate| name != *candidate && equal_folded(name, candidate))
}

/// Whether two names are equal when letters of either case are taken as equal.
pub(super) fn equal_folded(name: &str, known: &str) -> bool {
    // Each character folds to one byte of ASCII, from at most three bytes of UTF-8.
    (known.len()..=3 * known.len()).contains(&name.len()) && name.chars().map(fold).eq(known.chars().map(fold))
}

fn fold(character: char) -> char {
    match character {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::folded_name;

    const KNOWN: &[&str] = &["layers", "mediaType", "Token"];

    #[test]
    fn c13_names_that_a_reader_without_regard_to_case_takes_for_known_ones() {
        for (name, expected) in [
            ("LAYERS", Some("layers")),
            ("layerS", Some("layers")),
            ("layer\u{17f}", Some("layers")),
            ("to\u{212a}en", Some("Token")),
            ("mediatype", Some("mediaType")),
            ("layers", None),
            ("layer", None),
            ("layers ", None),
            ("läyers", None),
            ("", None),
        ] {
            assert_eq!(folded_name(name, KNOWN), expected, "{name}");
        }
    }
}
