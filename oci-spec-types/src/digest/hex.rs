//! Hex by table, both ways, without heap memory.

use std::str;

/// The hash that `text` writes, or nothing unless it is exactly `2 * N` lower-case hex digits.
pub(super) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    let mut hash = [0; N];
    let mut seen = 0;
    for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
        let (high, low) = (value(*high), value(*low));
        seen |= high | low;
        *byte = high << 4 | low;
    }
    (seen < 16).then_some(hash)
}

/// Whether `byte` is a lower-case hex digit.
pub(super) const fn is_digit(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// A prefix and a hash as text.
pub(super) struct FixedText {
    buffer: [u8; CAPACITY],
    len: usize,
}

impl FixedText {
    /// `prefix` must be ASCII, and it and the hex of `hash` must fit in the capacity.
    pub(super) fn new(prefix: &'static str, hash: &[u8]) -> Self {
        let mut buffer = [0; CAPACITY];
        let (head, tail) = buffer.split_at_mut(prefix.len());
        head.copy_from_slice(prefix.as_bytes());
        for (pair, byte) in tail.as_chunks_mut::<2>().0.iter_mut().zip(hash) {
            *pair = digits(*byte);
        }
        let len = prefix.len() + 2 * hash.len();
        Self { buffer, len }
    }

    pub(super) fn as_str(&self) -> &str {
        str::from_utf8(self.buffer.split_at(self.len).0).expect("the prefix and hex digits are ASCII")
    }
}

#[expect(clippy::indexing_slicing, reason = "every u8 is an index of a table of 256")]
fn digits(byte: u8) -> [u8; 2] {
    DIGITS[usize::from(byte)]
}

/// The value of a lower-case hex digit, or [`NOT_HEX`].
#[expect(clippy::indexing_slicing, reason = "every u8 is an index of a table of 256")]
fn value(digit: u8) -> u8 {
    VALUES[usize::from(digit)]
}

/// `sha512:` and 64 bytes in hex: the longest text of a fixed length.
const CAPACITY: usize = 7 + 128;

#[expect(clippy::indexing_slicing, reason = "runs at compile time")]
static DIGITS: [[u8; 2]; 256] = {
    let hex = *b"0123456789abcdef";
    let mut table = [[0; 2]; 256];
    let mut byte = 0;
    while byte < table.len() {
        table[byte] = [hex[byte >> 4], hex[byte & 15]];
        byte += 1;
    }
    table
};

const NOT_HEX: u8 = 0xff;

#[expect(clippy::indexing_slicing, reason = "runs at compile time")]
static VALUES: [u8; 256] = {
    let hex = *b"0123456789abcdef";
    let mut table = [NOT_HEX; 256];
    let mut value = 0;
    while value < 16 {
        table[hex[value as usize] as usize] = value;
        value += 1;
    }
    table
};
