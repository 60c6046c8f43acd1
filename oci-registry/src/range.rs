//! The range headers: `Range` of a blob read, `Content-Range` of an uploaded chunk.

use std::ops::Range;

/// What a `Range` header asks of content with a known size.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Requested {
    /// The bytes of this non-empty range.
    Part(Range<u64>),
    /// Nothing that exists: 416.
    Unsatisfiable,
    /// Everything: there is no header, or one that RFC 9110 has a server ignore.
    Whole,
}

impl Requested {
    /// Reads a `Range` header for content of `size` bytes.
    ///
    /// Several ranges at once, units other than bytes and anything malformed are ignored, as RFC 9110, section 14.2
    /// allows, except an inverted range: whoever asks for one wants a part, and has the bounds wrong.
    pub(crate) fn parse(header: Option<&str>, size: u64) -> Self {
        let Some((unit, range)) = header.and_then(|header| header.trim().split_once('=')) else {
            return Self::Whole;
        };
        let Some((first, last)) = range.trim().split_once('-') else {
            return Self::Whole;
        };
        if !unit.trim_end().eq_ignore_ascii_case("bytes") {
            return Self::Whole;
        }
        match (number(first), number(last)) {
            (Some(first), Some(last)) => Self::part(first, last.saturating_add(1), size),
            (Some(first), None) if last.is_empty() => Self::part(first, size, size),
            (None, Some(suffix)) if first.is_empty() => Self::part(size.saturating_sub(suffix), size, size),
            _ => Self::Whole,
        }
    }

    fn part(start: u64, end: u64, size: u64) -> Self {
        let end = end.min(size);
        if start < end {
            Self::Part(start..end)
        } else {
            Self::Unsatisfiable
        }
    }
}

/// Reads the `Content-Range` of a chunk: `<start>-<end>`, both inclusive, without unit or total.
///
/// Spec: distribution-spec, Pushing a blob in chunks.
pub(crate) fn chunk(header: &str) -> Option<Range<u64>> {
    let (start, end) = header.split_once('-')?;
    let start = exact_number(start)?;
    let end = exact_number(end)?.checked_add(1)?;
    (start < end).then_some(start..end)
}

/// A number of any length; one too large to represent is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    let well_formed = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    well_formed.then(|| digits.parse().unwrap_or(u64::MAX))
}

fn exact_number(digits: &str) -> Option<u64> {
    number(digits)?;
    digits.parse().ok()
}

#[cfg(test)]
mod tests;
