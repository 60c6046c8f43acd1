//! The answer of a token server.

use std::{fmt, time::Duration};

use serde_json::{Map, Value};
use zeroize::{Zeroize as _, Zeroizing};

use super::lenient;
use crate::{ParseError, ParseErrorKind};

/// The answer of a token server: a bearer token for a while, and perhaps a refresh token.
///
/// `Debug` shows neither token, there is no `Display`, and it cannot be serialised. Both are wiped from memory when it is dropped, and with them every other text of the
/// answer; the bytes that it was read from are the caller's.
///
/// ```
/// use oci_spec_types::distribution::TokenResponse;
///
/// let response = TokenResponse::parse(br#"{"token":"s3cret","expires_in":300}"#)?;
/// assert_eq!(response.token(), "s3cret");
/// assert_eq!(response.expires_in().as_secs(), 300);
/// assert!(!format!("{response:?}").contains("s3cret"));
/// # Ok::<(), oci_spec_types::ParseError>(())
/// ```
#[derive(Clone, Debug)]
pub struct TokenResponse {
    expires_in: Duration,
    issued_at: Option<String>,
    refresh_token: Option<Secret>,
    token: Secret,
}

impl TokenResponse {
    /// How long a token lasts if the server does not say so, and at least: 60 seconds.
    pub const MIN_LIFETIME: Duration = Duration::from_secs(60);
    /// How long a token lasts at most, whatever the server says: one day.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

    /// Reads an answer. The token is that of `token`, or where there is none, of `access_token`.
    ///
    /// # Errors
    ///
    /// If it is not a JSON object, if it has more JSON values than [`Limits::VALUES`](crate::Limits::VALUES), if there is no
    /// token, or if the token has characters that no header can carry. The error quotes nothing of the answer.
    pub fn parse(bytes: &[u8]) -> Result<Self, ParseError> {
        let mut object = Wiped(lenient::object(bytes)?);
        let object = &mut object.0;
        let expires_in = lifetime(object.get("expires_in"));
        let issued_at = lenient::text(object, "issued_at");
        let refresh_token = secret(object, "refresh_token")?;
        let token = match secret(object, "token")? {
            Some(token) => token,
            None => secret(object, "access_token")?.ok_or_else(missing)?,
        };
        Ok(Self {
            expires_in,
            issued_at,
            refresh_token,
            token,
        })
    }

    /// How long the token lasts from when it was issued: [`MIN_LIFETIME`](Self::MIN_LIFETIME) to
    /// [`MAX_LIFETIME`](Self::MAX_LIFETIME).
    #[must_use]
    pub const fn expires_in(&self) -> Duration {
        self.expires_in
    }

    /// When the token was issued by the clock of the server, as it was written. To count from the receipt of the answer needs
    /// no clock that agrees with the server's.
    #[must_use]
    pub fn issued_at(&self) -> Option<&str> {
        self.issued_at.as_deref()
    }

    /// A token to get more tokens with. To be sent to the token server only.
    #[must_use]
    pub fn refresh_token(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(Secret::expose)
    }

    /// The token, of visible ASCII characters.
    #[must_use]
    pub fn token(&self) -> &str {
        self.token.expose()
    }
}

/// A string that `Debug` does not show. It has no other way out than [`Secret::expose`].
#[derive(Clone)]
struct Secret(Zeroizing<String>);

impl Secret {
    fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

/// A secret that is there and not empty.
fn secret(object: &mut Map<String, Value>, name: &str) -> Result<Option<Secret>, ParseError> {
    match lenient::text(object, name).map(Zeroizing::new) {
        Some(text) if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            let message = "the token has characters that no header can carry";
            Err(ParseError::new(ParseErrorKind::InvalidToken, message).at_path_text(format!("$.{name}")))
        }
        text => Ok(text.map(Secret)),
    }
}

/// What nobody has taken of an answer: an `access_token` next to a `token`, say.
struct Wiped(Map<String, Value>);

impl Drop for Wiped {
    fn drop(&mut self) {
        wipe(self.0.values_mut());
    }
}

fn wipe<'a>(values: impl Iterator<Item = &'a mut Value>) {
    let mut left: Vec<_> = values.collect();
    while let Some(value) = left.pop() {
        match value {
            Value::Array(values) => left.extend(values),
            Value::Object(object) => left.extend(object.values_mut()),
            Value::String(text) => text.zeroize(),
            Value::Bool(_) | Value::Null | Value::Number(_) => {}
        }
    }
}

fn missing() -> ParseError {
    ParseError::new(
        ParseErrorKind::InvalidToken,
        "the answer of the token server has no token",
    )
}

/// The lifetime that a server states as a number, or as a number in a string.
fn lifetime(stated: Option<&Value>) -> Duration {
    let seconds = match stated {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let seconds = seconds.filter(|seconds: &f64| !seconds.is_nan()).unwrap_or_default();
    let bounded = seconds.clamp(
        TokenResponse::MIN_LIFETIME.as_secs_f64(),
        TokenResponse::MAX_LIFETIME.as_secs_f64(),
    );
    Duration::from_secs_f64(bounded.trunc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a13_every_text_that_is_left_of_an_answer_is_wiped() {
        let mut left = json!({"a": "canary", "b": [1, ["canary", {"c": "canary"}]], "d": {"e": "canary"}, "f": null});
        wipe(std::iter::once(&mut left));
        assert_eq!(
            left,
            json!({"a": "", "b": [1, ["", {"c": ""}]], "d": {"e": ""}, "f": null})
        );
    }
}
