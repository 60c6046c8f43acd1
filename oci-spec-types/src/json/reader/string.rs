//! Strings: where they end, and whether their escapes are whole.

use super::{Reader, Result, StringToken};
use crate::json::{ParseError, ParseErrorKind};

impl Reader<'_> {
    /// Reads a string whose opening quote has been read.
    pub(in crate::json) fn string(&mut self) -> Result<StringToken> {
        let start = self.at;
        let mut has_escapes = false;
        loop {
            self.at += plain_run(self.rest());
            match self.next_byte() {
                Some(b'"') => break,
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                Some(control) => {
                    return Err(
                        self.unexpected(Some(control), "no control character in a string; it has to be escaped")
                    );
                }
                None => return Err(self.unexpected(None, "the closing `\"` of a string")),
            }
        }
        Ok(StringToken {
            start,
            end: self.at - 1,
            has_escapes,
        })
    }

    /// Reads the rest of an escape whose backslash has been read.
    fn escape(&mut self) -> Result<()> {
        let start = self.at - 1;
        match self.next_byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.unit()? {
                0xd800..=0xdbff => self.low_surrogate(start),
                0xdc00..=0xdfff => Err(lone_surrogate(start)),
                _ => Ok(()),
            },
            other => Err(self.unexpected(other, "one of `\"\\/bfnrtu` after a backslash")),
        }
    }

    fn low_surrogate(&mut self, start: usize) -> Result<()> {
        if !self.rest().starts_with(b"\\u") {
            return Err(lone_surrogate(start));
        }
        self.at += 2;
        match self.unit()? {
            0xdc00..=0xdfff => Ok(()),
            _ => Err(lone_surrogate(start)),
        }
    }

    /// The four digits of a `\u` escape.
    fn unit(&mut self) -> Result<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            let found = self.next_byte();
            let Some(digit) = found.and_then(|digit| char::from(digit).to_digit(16)) else {
                return Err(self.unexpected(found, "four hexadecimal digits after `\\u`"));
            };
            unit = unit << 4 | digit;
        }
        Ok(unit)
    }
}

fn lone_surrogate(start: usize) -> Box<ParseError> {
    let message = "the escape is half of a surrogate pair, which is not a character";
    ParseError::new(ParseErrorKind::LoneSurrogate, message)
        .at_offset(start)
        .into()
}

/// How many bytes come before the next quote, backslash or control character. Eight bytes are looked at in one step.
fn plain_run(bytes: &[u8]) -> usize {
    let (words, tail) = bytes.as_chunks();
    for (index, word) in words.iter().enumerate() {
        let hits = special(u64::from_le_bytes(*word));
        if hits != 0 {
            return index * 8 + hits.trailing_zeros() as usize / 8;
        }
    }
    let tail_start = bytes.len() - tail.len();
    let in_tail = tail.iter().position(|byte| matches!(byte, 0..0x20 | b'"' | b'\\'));
    tail_start + in_tail.unwrap_or(tail.len())
}

/// A word whose lowest set bit is in the first special byte of `word`, or zero if there is none.
///
/// `(x - ONES * n) & !x & HIGHS` has the high bit of each byte below `n`. A borrow can set bits only above the first such
/// byte, and the first one is what counts.
const fn special(word: u64) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    const HIGHS: u64 = u64::from_le_bytes([0x80; 8]);
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    let quote = word ^ (ONES * b'"' as u64);
    let quote = quote.wrapping_sub(ONES) & !quote;
    let backslash = word ^ (ONES * b'\\' as u64);
    let backslash = backslash.wrapping_sub(ONES) & !backslash;
    (control | quote | backslash) & HIGHS
}

#[cfg(test)]
mod tests {
    use super::plain_run;

    #[test]
    fn plain_run_finds_the_first_special_byte_wherever_it_stands() {
        for len in 0..40 {
            let plain: Vec<u8> = (0..len).map(|index| if index % 3 == 0 { 0xff } else { b'!' }).collect();
            assert_eq!(plain_run(&plain), len);
            for at in 0..len {
                for special in [b'"', b'\\', 0, 0x1f, b'\n'] {
                    let mut bytes = plain.clone();
                    bytes[at..].fill(special);
                    assert_eq!(plain_run(&bytes), at, "{special} at {at} of {len}");
                }
            }
        }
        for byte in 0x20..=0xff_u8 {
            if !matches!(byte, b'"' | b'\\') {
                assert_eq!(plain_run(&[byte; 16]), 16, "{byte}");
            }
        }
    }
}
