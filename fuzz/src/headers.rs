//! The header fields that the protocol reads.

use http::header::{HeaderMap, HeaderName, HeaderValue, LINK, WWW_AUTHENTICATE};
use oci_client_core::proto::auth::{Challenge, Scopes};
use oci_client_core::proto::headers::next_link;

/// Each challenge is written so that it is read as the same, alone and in a row with others; counts are bounded.
pub fn www_authenticate(data: &[u8]) {
    let from_lines = Challenge::parse_all(&lines(WWW_AUTHENTICATE, data));
    assert!(from_lines.len() <= Challenge::MAX_CHALLENGES);
    let text = String::from_utf8_lossy(data);
    let challenges = Challenge::parse_line(&text);
    assert!(challenges.len() <= Challenge::MAX_CHALLENGES);
    for challenge in challenges.iter().chain(&from_lines) {
        assert_eq!(
            Challenge::parse_line(&challenge.to_string()),
            std::slice::from_ref(challenge)
        );
        let mut scopes = Scopes::none();
        scopes.add_list(challenge.parameter("scope").unwrap_or_default());
        scope_law(&scopes);
    }
    let row: Vec<_> = challenges.iter().map(ToString::to_string).collect();
    assert_eq!(Challenge::parse_line(&row.join(", ")), challenges);
}

/// The link found is one of those in the lines, and found again when it is alone.
pub fn link_header(data: &[u8]) {
    let headers = lines(LINK, data);
    let Some(target) = next_link(&headers) else {
        return;
    };
    let sent = |value: &HeaderValue| value.to_str().is_ok_and(|line| line.contains(&format!("<{target}>")));
    assert!(headers.get_all(LINK).iter().any(sent));
    let mut alone = HeaderMap::new();
    let line = format!("<{target}>; rel=\"next\"");
    alone.insert(
        LINK,
        HeaderValue::from_str(&line).expect("it came out of a header field"),
    );
    assert_eq!(next_link(&alone), Some(target));
}

/// A set covers itself and what it is written as, and does not grow without bound.
fn scope_law(scopes: &Scopes) {
    assert!(scopes.iter().count() <= Scopes::MAX_RESOURCES);
    let mut again = Scopes::none();
    again.add_list(&scopes.to_string());
    assert!(again == *scopes && again.covers(scopes), "{scopes}");
}

/// One field value per line of `data`, as far as HTTP can carry it.
fn lines(name: HeaderName, data: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in data.split(|&byte| byte == b'\n').take(64) {
        if let Ok(value) = HeaderValue::from_bytes(line) {
            headers.append(name.clone(), value);
        }
    }
    headers
}
