use http::StatusCode;
use http::header::{CONTENT_RANGE, HeaderMap};
use oci_spec_types::Mismatch;

use super::{IfWhole, PullBlob};
use crate::Error;
use crate::proto::headers::ContentRange;
use crate::proto::reply::{check_uncoded, content_digest, content_length};

/// What the head of a response says of its body.
pub(super) struct Begun {
    /// The offset in the blob of the body's first byte.
    pub(super) at: u64,
    /// Whether it goes on past what was asked for.
    pub(super) surplus: bool,
}

impl PullBlob {
    /// Where the response's body begins.
    pub(super) fn begins(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<Begun, Error> {
        check_uncoded(headers)?;
        self.check_claim(headers)?;
        let begun = match status {
            StatusCode::PARTIAL_CONTENT if self.is_ranged() => {
                self.check_range(headers)?;
                Begun {
                    at: self.at,
                    surplus: false,
                }
            }
            StatusCode::OK => self.whole()?,
            _ => {
                return Err(Error::protocol(format!(
                    "{status} makes no sense as an answer to a blob request"
                )));
            }
        };
        self.check_length(&begun, headers)?;
        Ok(begun)
    }

    /// The body is the whole blob, whatever was asked for.
    fn whole(&mut self) -> Result<Begun, Error> {
        match self.if_whole {
            IfWhole::Skip { most } if self.at <= most => Ok(Begun {
                at: 0,
                surplus: self.end < self.size,
            }),
            IfWhole::Skip { .. } => Err(Error::protocol(
                "the registry sends the whole blob when asked for a part of it",
            )),
            IfWhole::Take if self.rewound => Err(Error::protocol(
                "the registry sends the whole blob each time that only its rest is asked for",
            )),
            IfWhole::Take => {
                self.rewound = self.at > 0;
                self.end = self.size;
                let surplus = false;
                Ok(Begun { at: 0, surplus })
            }
        }
    }

    fn check_length(&self, begun: &Begun, headers: &HeaderMap) -> Result<(), Error> {
        let end = if begun.surplus { self.size } else { self.end };
        let expected = end.saturating_sub(begun.at);
        match content_length(headers) {
            Some(found) if found > expected && end < self.size => Err(Error::protocol(
                "the registry announces more than the part that was asked for",
            )),
            Some(found) if found > expected => Err(self.too_long(begun.at.saturating_add(found)).into()),
            Some(found) if found < expected => Err(self.too_short(begun.at.saturating_add(found)).into()),
            _ => Ok(()),
        }
    }

    /// A `Docker-Content-Digest` by the same algorithm must name the same content.
    fn check_claim(&self, headers: &HeaderMap) -> Result<(), Error> {
        match content_digest(headers)? {
            Some(found) if found.algorithm() == self.digest.algorithm() && found != self.digest => {
                Err(Mismatch::Digest {
                    expected: Box::new(self.digest.clone()),
                    found: Box::new(found),
                }
                .into())
            }
            _ => Ok(()),
        }
    }

    /// Exactly the bytes that were asked for, or nothing: parts are never spliced on trust.
    fn check_range(&self, headers: &HeaderMap) -> Result<(), Error> {
        let mut values = headers.get_all(CONTENT_RANGE).iter();
        let only = values.next().filter(|_| values.next().is_none());
        let text = only.and_then(|value| value.to_str().ok());
        let range: Option<ContentRange> = text.and_then(|text| text.parse().ok());
        let right = range.is_some_and(|range| {
            let total = range.total().is_none_or(|total| total == self.size);
            range.first() == self.at && range.last().checked_add(1) == Some(self.end) && total
        });
        if right {
            return Ok(());
        }
        let (at, end, size) = (self.at, self.end, self.size);
        Err(Error::protocol(format!(
            "asked for the bytes {at}..{end} of {size}, the registry sent another range"
        )))
    }

    pub(super) fn too_long(&self, at_least: u64) -> Mismatch {
        Mismatch::TooLong {
            at_least,
            digest: Box::new(self.digest.clone()),
            expected: self.size,
        }
    }

    pub(super) fn too_short(&self, found: u64) -> Mismatch {
        Mismatch::TooShort {
            digest: Box::new(self.digest.clone()),
            expected: self.size,
            found,
        }
    }
}
