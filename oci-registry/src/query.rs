//! Percent-encoding in paths and queries.

use oci_spec_types::Digest;

use crate::error::ApiError;

/// The parameters of a request's query, decoded.
///
/// Only percent-encoding is undone. A `+` stays what it is: no parameter of the API holds a space, while media types
/// hold `+`, so a client that forgets to encode it is understood.
#[derive(Debug, Default)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    pub(crate) fn parse(query: Option<&str>) -> Result<Self, ApiError> {
        let pairs = query.unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
        let parameters = pairs
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((decode(name)?, decode(value)?))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| ApiError::bad_request("the query is not valid percent-encoded UTF-8"))?;
        Ok(Self { parameters })
    }

    /// The first value of `name`.
    pub(crate) fn first(&self, name: &'static str) -> Option<&str> {
        self.all(name).next()
    }

    /// Every value of `name`, in order.
    pub(crate) fn all(&self, name: &'static str) -> impl Iterator<Item = &str> {
        self.parameters
            .iter()
            .filter(move |(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The digest in the parameter `name`.
    pub(crate) fn digest(&self, name: &'static str) -> Result<Option<Digest>, ApiError> {
        let Some(text) = self.first(name) else {
            return Ok(None);
        };
        let digest = text
            .parse()
            .map_err(|error| ApiError::digest_invalid(format!("the parameter `{name}` is not a digest: {error}")))?;
        Ok(Some(digest))
    }
}

/// Undoes percent-encoding; `None` where it is malformed or the result is not UTF-8.
pub(crate) fn decode(text: &str) -> Option<String> {
    if !text.contains('%') {
        return Some(text.to_owned());
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = hex_value(bytes.next()?)?;
            let low = hex_value(bytes.next()?)?;
            decoded.push(high << 4 | low);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

/// Percent-encodes everything but the unreserved characters of RFC 3986, section 2.3.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => encoded.push(char::from(byte)),
            _ => {
                encoded.push('%');
                let digits = [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16));
                encoded.extend(digits.into_iter().flatten().map(|digit| digit.to_ascii_uppercase()));
            }
        }
    }
    encoded
}

fn hex_value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests;
