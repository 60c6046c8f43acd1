use std::str::FromStr;

/// A `Content-Range` field of a 206 response: `bytes first-last/total` ([RFC 9110, section 14.4]).
///
/// ```
/// use oci_client_core::proto::headers::ContentRange;
///
/// let range: ContentRange = "bytes 100-199/500".parse()?;
/// assert_eq!((range.first(), range.last(), range.total()), (100, 199, Some(500)));
/// assert!("bytes 100-99/500".parse::<ContentRange>().is_err());
/// # Ok::<(), oci_client_core::proto::headers::InvalidContentRange>(())
/// ```
///
/// [RFC 9110, section 14.4]: https://www.rfc-editor.org/rfc/rfc9110#section-14.4
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ContentRange {
    first: u64,
    last: u64,
    total: Option<u64>,
}

impl ContentRange {
    /// Offset of the first byte.
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// Offset of the last byte, which is part of the range.
    pub const fn last(&self) -> u64 {
        self.last
    }

    /// Length of the whole content; `None` where the server does not know it (`*`).
    pub const fn total(&self) -> Option<u64> {
        self.total
    }
}

impl FromStr for ContentRange {
    type Err = InvalidContentRange;

    fn from_str(text: &str) -> Result<Self, InvalidContentRange> {
        parse(text).ok_or(InvalidContentRange)
    }
}

/// A text that is not a satisfied byte range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a Content-Range of the form `bytes FIRST-LAST/TOTAL`")]
#[non_exhaustive]
pub struct InvalidContentRange;

fn parse(text: &str) -> Option<ContentRange> {
    let (unit, range) = text.trim().split_once(' ')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    let (span, total) = range.trim().split_once('/')?;
    let (first, last) = span.split_once('-')?;
    let (first, last) = (number(first)?, number(last)?);
    let total = if total == "*" { None } else { Some(number(total)?) };
    let plausible = first <= last && total.is_none_or(|total| last < total);
    plausible.then_some(ContentRange { first, last, total })
}

/// Digits only: `u64`'s own parser takes a sign.
fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p12_only_whole_and_plausible_ranges_are_read() {
        let good = [
            ("bytes 0-0/1", (0, 0, Some(1))),
            ("Bytes 5-9/*", (5, 9, None)),
            (" bytes 1-2/3 ", (1, 2, Some(3))),
        ];
        for (text, (first, last, total)) in good {
            assert_eq!(text.parse(), Ok(ContentRange { first, last, total }), "{text}");
        }
        let bad = [
            "",
            "bytes",
            "bytes 0-9",
            "bytes */9",
            "bytes 9-0/10",
            "bytes 0-9/9",
            "bytes -1-9/10",
            "bytes +1-9/10",
            "items 0-9/10",
            "bytes 0-9/10, 20-30/40",
            "bytes 0-99999999999999999999/*",
            "bytes=0-9/10",
        ];
        for text in bad {
            assert_eq!(text.parse::<ContentRange>(), Err(InvalidContentRange), "{text}");
        }
    }
}
