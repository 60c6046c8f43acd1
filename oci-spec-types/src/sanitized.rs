//! Showing text that came from somewhere else.

use std::fmt::{self, Display, Write};

/// Shows text that a registry, a document or a user sent, on one line and without power over the terminal.
///
/// Control characters, line breaks, characters that reorder text (bidirectional controls) and invisible ones are shown as
/// escapes such as `\u{1b}`. What is longer than [`Sanitized::MAX_LEN`] bytes is cut and ends in `…`.
///
/// ```
/// use oci_spec_types::Sanitized;
///
/// assert_eq!(Sanitized::new("denied\r\n\u{1b}[2J").to_string(), r"denied\r\n\u{1b}[2J");
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sanitized<'a> {
    max_len: usize,
    text: &'a str,
}

impl<'a> Sanitized<'a> {
    /// The most bytes that are shown, the closing `…` included: 1 KiB.
    pub const MAX_LEN: usize = 1024;

    /// Wraps text that is to be shown.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            max_len: Self::MAX_LEN,
            text,
        }
    }

    /// Shows at most `max_len` bytes, where less than [`Sanitized::MAX_LEN`] is wanted.
    #[must_use]
    pub const fn with_max_len(self, max_len: usize) -> Self {
        Self { max_len, ..self }
    }
}

impl Display for Sanitized<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut total = 0_usize;
        let fits = self.text.chars().all(|character| {
            total += width(character);
            total <= self.max_len
        });
        if fits {
            return self.text.chars().try_for_each(|character| write(character, f));
        }
        let mut room = self.max_len.saturating_sub(ELLIPSIS.len_utf8());
        for character in self.text.chars() {
            let Some(left) = room.checked_sub(width(character)) else {
                break;
            };
            room = left;
            write(character, f)?;
        }
        f.write_char(ELLIPSIS)
    }
}

/// How many bytes [`write`] writes.
fn width(character: char) -> usize {
    if is_hazard(character) {
        character.escape_default().len()
    } else {
        character.len_utf8()
    }
}

fn write(character: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if is_hazard(character) {
        write!(f, "{}", character.escape_default())
    } else {
        f.write_char(character)
    }
}

/// Whether a character moves the cursor, breaks the line, reorders the text or cannot be seen.
fn is_hazard(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

const ELLIPSIS: char = '…';

#[cfg(test)]
mod tests {
    use super::Sanitized;

    fn shown(text: &str) -> String {
        Sanitized::new(text).to_string()
    }

    #[test]
    fn c23_escapes_what_acts_on_a_terminal() {
        for (text, expected) in [
            ("plain text, ünï, 日本", "plain text, ünï, 日本"),
            ("\u{1b}]0;title\u{7}", r"\u{1b}]0;title\u{7}"),
            ("a\r\nb\tc", r"a\r\nb\tc"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("user\u{202e}gpj.exe", r"user\u{202e}gpj.exe"),
            ("\u{2066}a\u{2069}", r"\u{2066}a\u{2069}"),
            ("zero\u{200b}width\u{feff}", r"zero\u{200b}width\u{feff}"),
            ("\u{0}\u{7f}", r"\u{0}\u{7f}"),
            ("", ""),
        ] {
            assert_eq!(shown(text), expected);
        }
    }

    #[test]
    fn c23_cuts_at_the_limit() {
        let exact = "x".repeat(Sanitized::MAX_LEN);
        assert_eq!(shown(&exact), exact);
        let cut = shown(&"x".repeat(Sanitized::MAX_LEN + 1));
        assert_eq!(cut, format!("{}…", "x".repeat(Sanitized::MAX_LEN - 3)));
        for text in ["\u{1b}", "ü", "日"] {
            let cut = shown(&text.repeat(5000));
            assert!(cut.len() <= Sanitized::MAX_LEN && cut.ends_with('…'), "{text:?}");
        }
        assert_eq!(Sanitized::new("abcdef").with_max_len(4).to_string(), "a…");
        assert_eq!(Sanitized::new("abcdef").with_max_len(0).to_string(), "…");
        assert_eq!(Sanitized::new("").with_max_len(0).to_string(), "");
    }
}
