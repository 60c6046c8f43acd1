//! The ways in which tar writes numbers and times.

use super::entry::Timestamp;

/// A field of a header: octal text, or binary with the high bit set.
pub(super) fn numeric(field: &[u8]) -> Result<i64, &'static str> {
    match field.first() {
        Some(first) if first & 0x80 != 0 => binary(field),
        _ => octal(field),
    }
}

/// Octal text with blanks or NULs around it; nothing at all is 0.
pub(super) fn octal(field: &[u8]) -> Result<i64, &'static str> {
    let blank = |byte: &u8| matches!(byte, b' ' | 0);
    let Some(start) = field.iter().position(|byte| !blank(byte)) else {
        return Ok(0);
    };
    let end = field.iter().rposition(|byte| !blank(byte)).unwrap_or(start);
    let digits = field.get(start..=end).unwrap_or_default();
    let digits = digits.split(|byte| *byte == 0).next().unwrap_or_default();
    digits.iter().try_fold(0_i64, |number, digit| {
        let digit = match digit {
            b'0'..=b'7' => i64::from(digit - b'0'),
            _ => return Err("a number is not octal"),
        };
        number
            .checked_mul(8)
            .and_then(|number| number.checked_add(digit))
            .ok_or("a number is too large")
    })
}

/// A decimal number of an extended header, without a sign.
pub(super) fn decimal(text: &[u8]) -> Result<i64, &'static str> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return Err("a number of an extended header is not decimal");
    }
    let parsed = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
    parsed.ok_or("a number of an extended header is too large")
}

/// Seconds with a fraction, perhaps before 1970.
pub(super) fn time(text: &[u8]) -> Result<Timestamp, &'static str> {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let mut parts = text.splitn(2, |byte| *byte == b'.');
    let seconds = decimal(parts.next().unwrap_or_default())?;
    let fraction = parts.next().unwrap_or_default();
    if !fraction.iter().all(u8::is_ascii_digit) {
        return Err("a time of an extended header is malformed");
    }
    let digits = fraction.iter().copied().chain(std::iter::repeat(b'0')).take(9);
    let nanos = digits.fold(0_u32, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
    Ok(match (negative, nanos) {
        (false, nanos) => Timestamp { seconds, nanos },
        (true, 0) => Timestamp {
            seconds: -seconds,
            nanos,
        },
        (true, nanos) => Timestamp {
            seconds: -seconds - 1,
            nanos: 1_000_000_000 - nanos,
        },
    })
}

/// Binary, big-endian, in two's complement, after the bit that says so.
fn binary(field: &[u8]) -> Result<i64, &'static str> {
    let inverted = if field.first().is_some_and(|first| first & 0x40 != 0) {
        0xff
    } else {
        0
    };
    let mut number = 0_u64;
    for (at, byte) in field.iter().enumerate() {
        let mut byte = byte ^ inverted;
        if at == 0 {
            byte &= 0x7f;
        }
        if number >> 56 > 0 {
            return Err("a number is too large");
        }
        number = number << 8 | u64::from(byte);
    }
    let number = i64::try_from(number).map_err(|_| "a number is too large")?;
    Ok(if inverted == 0 { number } else { !number })
}
