//! The tokens of a JSON text, strictly by RFC 8259.

mod string;
mod string_token;

pub(super) use self::string_token::StringToken;
use super::{ParseError, ParseErrorKind};

/// The result of reading a token. Faults are boxed, so that the result of reading fits a register.
pub(super) type Result<T> = std::result::Result<T, Box<ParseError>>;

/// Reads a text token by token.
pub(super) struct Reader<'a> {
    at: usize,
    text: &'a str,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self { at: 0, text }
    }

    pub(super) const fn text(&self) -> &'a str {
        self.text
    }

    /// How many bytes have been read.
    pub(super) const fn at(&self) -> usize {
        self.at
    }

    /// The next byte that is not space. It is read.
    pub(super) fn token(&mut self) -> Result<u8> {
        self.skip_space();
        match self.next_byte() {
            Some(byte) => Ok(byte),
            None => Err(self.unexpected(None, "more")),
        }
    }

    /// Checks that nothing but space follows.
    pub(super) fn end(&mut self) -> Result<()> {
        self.skip_space();
        if self.rest().is_empty() {
            return Ok(());
        }
        let message = "more follows after the end of the document";
        Err(ParseError::new(ParseErrorKind::TrailingData, message)
            .at_offset(self.at)
            .into())
    }

    pub(super) fn expect(&self, found: u8, wanted: u8, what: &str) -> Result<()> {
        if found == wanted {
            Ok(())
        } else {
            Err(self.unexpected(Some(found), what))
        }
    }

    /// Reads what is left of `true`, `false` or `null` after its first byte.
    pub(super) fn literal(&mut self, first: u8, rest: &[u8]) -> Result<()> {
        if !self.rest().starts_with(rest) {
            return Err(self.unexpected(Some(first), "a value"));
        }
        self.at += rest.len();
        Ok(())
    }

    /// Reads what is left of a number whose first byte is `first`.
    pub(super) fn number(&mut self, first: u8) -> Result<NumberToken<'a>> {
        let start = self.at - 1;
        let first_digit = if first == b'-' { self.next_byte() } else { Some(first) };
        match first_digit {
            Some(b'0') => {}
            Some(b'1'..=b'9') => self.skip_digits(),
            other => return Err(self.unexpected(other, "a digit")),
        }
        let integer_end = self.at;
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.check_range(start)?;
        Ok(NumberToken {
            is_integer: integer_end == self.at,
            text: self.text.get(start..self.at).unwrap_or_default(),
        })
    }

    pub(super) fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn rest(&self) -> &[u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The fault that `found`, the last byte read or the end of the text, stands where `wanted` should.
    pub(super) fn unexpected(&self, found: Option<u8>, wanted: &str) -> Box<ParseError> {
        let (offset, found) = match found {
            Some(byte) => (self.at - 1, shown(byte)),
            None => (self.at, "the end".to_owned()),
        };
        let message = format!("not JSON: expected {wanted}, found {found}");
        ParseError::new(ParseErrorKind::Syntax, message)
            .at_offset(offset)
            .into()
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn skip_digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn digits(&mut self) -> Result<()> {
        match self.next_byte() {
            Some(b'0'..=b'9') => {
                self.skip_digits();
                Ok(())
            }
            other => Err(self.unexpected(other, "a digit")),
        }
    }

    /// A double ends at about 1.8e308: only a number of as many characters, or with an exponent, can be larger.
    fn check_range(&self, start: usize) -> Result<()> {
        let number = self.text.get(start..self.at).unwrap_or_default();
        let may_be_large = number.len() > 300 || number.contains(['e', 'E']);
        if may_be_large && number.parse::<f64>().is_ok_and(f64::is_infinite) {
            let message = "the number is too large for a double";
            return Err(ParseError::new(ParseErrorKind::NumberRange, message)
                .at_offset(start)
                .into());
        }
        Ok(())
    }
}

/// A number as it is written.
pub(super) struct NumberToken<'a> {
    /// Whether it has neither fraction nor exponent.
    pub(super) is_integer: bool,
    pub(super) text: &'a str,
}

fn shown(byte: u8) -> String {
    match byte {
        b'!'..=b'~' => format!("`{}`", char::from(byte)),
        0..0x80 => format!("byte {byte:#04x}"),
        _ => "a character outside ASCII".to_owned(),
    }
}
