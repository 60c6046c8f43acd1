//! The `n` and `last` parameters and the `Link` header of lists.

use http::{HeaderValue, StatusCode};
use oci_spec_types::distribution::ErrorCode;

use crate::error::ApiError;
use crate::query::{Query, encode};
use crate::response::ascii;

/// Which part of a list a client asks for.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Paging<'q> {
    /// The most entries to return: `n`, at most the limit of the list.
    pub(crate) size: usize,
    /// The entry after which to start: `last`.
    pub(crate) last: Option<&'q str>,
}

impl<'q> Paging<'q> {
    /// Reads `n` and `last`; without `n` a page has `limit` entries.
    ///
    /// A number of any length is understood, and never makes the page larger than `limit`.
    pub(crate) fn parse(query: &'q Query, limit: usize) -> Result<Self, ApiError> {
        let size = match query.first("n") {
            None => limit,
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().unwrap_or(usize::MAX).min(limit)
            }
            Some(_) => {
                let message = "`n` must be a number of entries, 0 or more";
                return Err(ApiError::new(
                    StatusCode::BAD_REQUEST,
                    ErrorCode::from("PAGINATION_NUMBER_INVALID"),
                    message,
                ));
            }
        };
        Ok(Self {
            size,
            last: query.first("last").filter(|last| !last.is_empty()),
        })
    }
}

/// A `Link` to the page after the entry `last`, in the form of RFC 8288; `parameters` go with it.
pub(crate) fn next_link(path: &str, size: usize, last: &str, parameters: &[(&str, &str)]) -> HeaderValue {
    let mut target = format!("{path}?n={size}&last={}", encode(last));
    for (name, value) in parameters {
        target.push_str(&format!("&{name}={}", encode(value)));
    }
    ascii(format_args!("<{target}>; rel=\"next\""))
}

#[cfg(test)]
mod tests;
