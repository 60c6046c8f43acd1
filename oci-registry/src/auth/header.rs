//! The `Authorization` field of requests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use oci_client_core::Secret;

/// What a request says of who sends it.
pub(super) enum Authorization {
    Absent,
    Basic { name: String, password: Secret },
    Bearer(Secret),
    Unknown,
}

impl Authorization {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            // Several values contradict each other.
            return if headers.contains_key(AUTHORIZATION) {
                Self::Unknown
            } else {
                Self::Absent
            };
        };
        let pair = value.to_str().ok().and_then(|value| value.split_once(' '));
        match pair {
            Some((scheme, value)) if scheme.eq_ignore_ascii_case("basic") => {
                basic(value.trim()).unwrap_or(Self::Unknown)
            }
            Some((scheme, value)) if scheme.eq_ignore_ascii_case("bearer") => Self::Bearer(Secret::new(value.trim())),
            _ => Self::Unknown,
        }
    }
}

fn basic(value: &str) -> Option<Authorization> {
    let text = String::from_utf8(STANDARD.decode(value).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    if name.is_empty() && password.is_empty() {
        // Some clients that have no password send an empty one once they have been asked.
        return Some(Authorization::Absent);
    }
    Some(Authorization::Basic {
        name: name.to_owned(),
        password: Secret::new(password),
    })
}
