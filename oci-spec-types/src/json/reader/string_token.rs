//! Strings, as places in the text.

use std::{borrow::Cow, cmp::Ordering, str::Chars};

use crate::json::fold::equal_folded;

/// A string between its quotes, as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(in crate::json) struct StringToken {
    pub(in crate::json) start: usize,
    pub(in crate::json) end: usize,
    pub(in crate::json) has_escapes: bool,
}

impl StringToken {
    /// The byte of its opening quote.
    pub(in crate::json) const fn quote(self) -> usize {
        self.start.saturating_sub(1)
    }

    /// Whether it is `expected` once its escapes are read.
    pub(in crate::json) fn is(self, expected: &str, text: &str) -> bool {
        if self.has_escapes {
            self.chars(text).eq(expected.chars())
        } else {
            self.raw(text) == expected
        }
    }

    /// Whether a reader without regard to case takes it for `expected`.
    pub(in crate::json) fn is_folded(self, expected: &str, text: &str) -> bool {
        equal_folded(&self.unescaped(text), expected)
    }

    /// The string with its escapes read.
    pub(in crate::json) fn unescaped(self, text: &str) -> Cow<'_, str> {
        if self.has_escapes {
            self.chars(text).collect()
        } else {
            self.raw(text).into()
        }
    }

    pub(in crate::json) fn raw(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    fn chars(self, text: &str) -> Unescaped<'_> {
        Unescaped(self.raw(text).chars())
    }

    pub(in crate::json) fn equals(self, other: Self, text: &str) -> bool {
        if self.has_escapes || other.has_escapes {
            self.chars(text).eq(other.chars(text))
        } else {
            self.end - self.start == other.end - other.start && self.raw(text) == other.raw(text)
        }
    }

    pub(in crate::json) fn compare(self, other: Self, text: &str) -> Ordering {
        // UTF-8 sorts by bytes as it does by characters, so that the two orders are one.
        if self.has_escapes || other.has_escapes {
            self.chars(text).cmp(other.chars(text))
        } else {
            self.raw(text).cmp(other.raw(text))
        }
    }
}

/// The characters of a checked string with its escapes read.
struct Unescaped<'a>(Chars<'a>);

impl Unescaped<'_> {
    /// The code unit of a `\u` escape whose `\u` has been read.
    fn unit(&mut self) -> u32 {
        (0..4).fold(0, |unit, _| {
            let digit = self.0.next().and_then(|digit| digit.to_digit(16));
            unit << 4 | digit.unwrap_or_default()
        })
    }

    fn code_point(&mut self) -> char {
        let unit = self.unit();
        let code = if (0xd800..0xdc00).contains(&unit) {
            self.0.next();
            self.0.next();
            0x1_0000 + ((unit - 0xd800) << 10 | self.unit().wrapping_sub(0xdc00) & 0x3ff)
        } else {
            unit
        };
        char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Iterator for Unescaped<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let first = self.0.next()?;
        if first != '\\' {
            return Some(first);
        }
        Some(match self.0.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.code_point(),
            itself => itself,
        })
    }
}
