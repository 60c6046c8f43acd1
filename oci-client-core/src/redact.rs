//! How URLs are shown: without user information, and with the values of their queries left out.

use std::fmt::{self, Write as _};
use std::ops::Deref;

use url::Url;

/// `url` for a person: signed queries and passwords are secrets, the names of query parameters are not.
pub(crate) fn shown_url(url: &Url) -> String {
    let mut shown = url[..url::Position::BeforeUsername].to_owned();
    shown.push_str(&url[url::Position::BeforeHost..url::Position::AfterPath]);
    let mut separator = '?';
    for pair in url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| !pair.is_empty())
    {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = if PUBLIC.contains(&name) { value } else { ".." };
        // Writing to a string cannot fail.
        let _ = write!(shown, "{separator}{name}={value}");
        separator = '&';
    }
    shown
}

/// A URL that may be signed or hold a session's secret: its `Debug` is what [`shown_url`] shows of it.
#[derive(Clone)]
pub(crate) struct RedactedUrl(Url);

impl RedactedUrl {
    pub(crate) const fn new(url: Url) -> Self {
        Self(url)
    }

    pub(crate) fn into_url(self) -> Url {
        self.0
    }
}

impl fmt::Debug for RedactedUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&shown_url(&self.0))
    }
}

impl Deref for RedactedUrl {
    type Target = Url;

    fn deref(&self) -> &Url {
        &self.0
    }
}

impl From<Url> for RedactedUrl {
    fn from(url: Url) -> Self {
        Self(url)
    }
}

/// Query parameters of the distribution spec, whose values are no secrets.
const PUBLIC: [&str; 8] = ["artifactType", "digest", "from", "last", "mount", "n", "ns", "tag"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a13_signatures_and_passwords_are_left_out() {
        let url =
            Url::parse("https://user:hunter2@cdn.test:8443/a/b?X-Amz-Signature=hunter2&digest=sha256:00&flag").unwrap();
        assert_eq!(
            shown_url(&url),
            "https://cdn.test:8443/a/b?X-Amz-Signature=..&digest=sha256:00&flag=.."
        );
    }
}
