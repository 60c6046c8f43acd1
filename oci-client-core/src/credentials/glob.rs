//! Patterns for one label of a host name.

/// Whether `text` is what `pattern` says: `*` any characters, `?` one, `[a-z]` one of these, `[^a-z]` one of the others, `\` the next one as it is. Brackets that are not
/// closed, are empty, or hold half a range are a pattern of nothing. Takes at most the product of both lengths in steps.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut pattern, mut text) = (pattern.as_slice(), text.as_slice());
    // Where the last `*` stood, and how much it has been given so far.
    let mut star: Option<(&[char], &[char])> = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (None, None) => return true,
            (Some(('*', rest)), _) => {
                pattern = rest;
                star = Some((rest, text));
                continue;
            }
            (Some(_), Some((character, rest))) => {
                if let Some(left) = one(pattern, *character) {
                    (pattern, text) = (left, rest);
                    continue;
                }
            }
            _ => {}
        }
        let Some((after, [_, rest @ ..])) = star else {
            return false;
        };
        (pattern, text, star) = (after, rest, Some((after, rest)));
    }
}

/// What is left of the pattern after its first element, if that is one for `character`.
fn one(pattern: &[char], character: char) -> Option<&[char]> {
    match pattern {
        ['?', rest @ ..] => Some(rest),
        ['[', '^', rest @ ..] => class(rest, character, false),
        ['[', rest @ ..] => class(rest, character, true),
        ['\\', literal, rest @ ..] | [literal, rest @ ..] => literal.eq_ignore_ascii_case(&character).then_some(rest),
        [] => None,
    }
}

fn class(mut pattern: &[char], character: char, wanted: bool) -> Option<&[char]> {
    let (mut first, mut found) = (true, false);
    loop {
        if let ([']', rest @ ..], false) = (pattern, first) {
            return (found == wanted).then_some(rest);
        }
        let (low, high);
        (low, pattern) = end_of_range(pattern)?;
        (high, pattern) = match pattern {
            ['-', rest @ ..] => end_of_range(rest)?,
            rest => (low, rest),
        };
        found |= (low..=high).contains(&character);
        first = false;
    }
}

/// A character within brackets that stands for itself.
fn end_of_range(pattern: &[char]) -> Option<(char, &[char])> {
    match pattern {
        ['-' | ']', ..] | [] => None,
        ['\\', character, rest @ ..] | [character, rest @ ..] => Some((*character, rest)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("a", "a", true),
            ("A", "a", true),
            ("a", "b", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "anything", true),
            ("a*", "b", false),
            ("*b", "aab", true),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("?", "a", true),
            ("?", "", false),
            ("[a-c]x", "bx", true),
            ("[a-c]x", "dx", false),
            ("[^a-c]x", "dx", true),
            ("[^a-c]x", "bx", false),
            ("[ab", "a", false),
            ("[a-]", "-", false),
            ("[-a]", "a", false),
            ("[]", "a", false),
            ("[^]", "a", false),
            ("[^]x", "ax", false),
            ("[]a]", "a", false),
            (r"[\]a]", "a", true),
            (r"[\-a]", "-", true),
            (r"[a\-c]", "b", false),
            ("[ac-e]", "d", true),
            ("[c-a]", "b", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_pattern_of_many_stars_takes_no_time() {
        assert!(!matches(&"*a".repeat(1_000), &"a".repeat(999)));
        assert!(!matches(&format!("{}b", "*a".repeat(500)), &"a".repeat(5_000)));
    }
}
