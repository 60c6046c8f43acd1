use http::HeaderMap;
use http::header::RANGE;

/// How much of a blob an upload session has, by the `Range` of its reply: `0-<last byte>` ([spec, "Pushing a blob in chunks"]).
///
/// [spec, "Pushing a blob in chunks"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-a-blob-in-chunks
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kept {
    /// So many bytes.
    Bytes(u64),
    /// One byte, or none: `0-0` says both.
    OneOrNone,
}

impl Kept {
    /// What the reply says; `None` if that is nothing, or nothing that makes sense.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(RANGE)?.to_str().ok()?.trim();
        let text = text.strip_prefix("bytes=").unwrap_or(text);
        match text.strip_prefix("0-")? {
            "-1" => Some(Self::Bytes(0)),
            "0" => Some(Self::OneOrNone),
            last if last.bytes().all(|byte| byte.is_ascii_digit()) => {
                last.parse::<u64>().ok()?.checked_add(1).map(Self::Bytes)
            }
            _ => None,
        }
    }

    /// The number of bytes, where `known` are known to be there and `most` can be.
    pub(super) const fn among(self, known: u64, most: u64) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::OneOrNone if known == 1 || most == 1 => 1,
            Self::OneOrNone => 0,
        }
    }
}

#[cfg(test)]
mod tests;
