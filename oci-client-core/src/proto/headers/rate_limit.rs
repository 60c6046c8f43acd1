use std::time::Duration;

use http::HeaderMap;

/// How many requests a server allows, by its rate limit fields. What it does not say is `None`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// The most requests in one window.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// After how long there will be more.
    pub reset: Option<Duration>,
    /// The length of the window.
    pub window: Option<Duration>,
}

/// The rate limit that a response states, or `None`.
///
/// Three forms are in use: `ratelimit-limit: 100;w=21600` with `ratelimit-remaining` and `ratelimit-reset` in seconds, which Docker Hub and early [drafts]
/// have; `RateLimit: limit=100, remaining=50, reset=5`; and `RateLimit: "name";r=50;t=5` with `RateLimit-Policy: "name";q=100;w=60`. Of a list, the first
/// counts.
///
/// ```
/// use std::time::Duration;
///
/// use http::header::{HeaderMap, HeaderValue};
/// use oci_client_core::proto::headers::rate_limit;
///
/// let mut headers = HeaderMap::new();
/// headers.insert("ratelimit-limit", HeaderValue::from_static("100;w=21600"));
/// headers.insert("ratelimit-remaining", HeaderValue::from_static("98;w=21600"));
/// let found = rate_limit(&headers).unwrap();
/// assert_eq!((found.limit, found.remaining), (Some(100), Some(98)));
/// assert_eq!(found.window, Some(Duration::from_secs(6 * 3600)));
/// ```
///
/// [drafts]: https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
pub fn rate_limit(headers: &HeaderMap) -> Option<RateLimit> {
    let field = |name: &str| headers.get(name)?.to_str().ok();
    let mut found = RateLimit::default();
    for (name, number) in parameters(field("ratelimit-policy")) {
        found.set(name, number);
    }
    for (name, number) in parameters(field("ratelimit")) {
        found.set(name, number);
    }
    if let Some((number, parameters)) = item(field("ratelimit-limit")) {
        found.limit = Some(number);
        for (name, number) in self::parameters(Some(parameters)) {
            found.set(name, number);
        }
    }
    found.remaining = item(field("ratelimit-remaining")).map_or(found.remaining, |(number, _)| Some(number));
    let reset = item(field("ratelimit-reset")).map(|(number, _)| Duration::from_secs(number));
    found.reset = reset.or(found.reset);
    (found != RateLimit::default()).then_some(found)
}

impl RateLimit {
    /// Takes a parameter, unless one of that meaning came before.
    fn set(&mut self, name: &str, number: u64) {
        match name {
            "limit" | "q" => self.limit = self.limit.or(Some(number)),
            "r" | "remaining" => self.remaining = self.remaining.or(Some(number)),
            "reset" | "t" => self.reset = self.reset.or(Some(Duration::from_secs(number))),
            "w" => self.window = self.window.or(Some(Duration::from_secs(number))),
            _ => {}
        }
    }
}

/// The number that a field begins with, and the parameters of this first item of the list.
fn item(field: Option<&str>) -> Option<(u64, &str)> {
    let field = field?;
    let (first, _) = field.split_once(',').unwrap_or((field, ""));
    let (number, parameters) = first.split_once(';').unwrap_or((first, ""));
    Some((number.trim().parse().ok()?, parameters))
}

/// Every `NAME=NUMBER` of a field.
fn parameters(field: Option<&str>) -> impl Iterator<Item = (&str, u64)> {
    let pairs = field.unwrap_or_default().split([',', ';']);
    pairs.filter_map(|pair| {
        let (name, number) = pair.split_once('=')?;
        Some((name.trim(), number.trim().parse().ok()?))
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn read(fields: &[(&'static str, &str)]) -> Option<[Option<u64>; 4]> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        let seconds = |duration: Option<Duration>| duration.map(|duration| duration.as_secs());
        rate_limit(&headers).map(|found| {
            [
                found.limit,
                found.remaining,
                seconds(found.reset),
                seconds(found.window),
            ]
        })
    }

    #[test]
    fn every_form_of_a_rate_limit_is_read() {
        let hub = [
            ("ratelimit-limit", "100;w=21600"),
            ("ratelimit-remaining", "76;w=21600"),
        ];
        assert_eq!(read(&hub), Some([Some(100), Some(76), None, Some(21_600)]));
        let early = [
            ("ratelimit-limit", "10, 10;w=1, 50;w=60"),
            ("ratelimit-remaining", "4"),
            ("ratelimit-reset", "7"),
        ];
        assert_eq!(read(&early), Some([Some(10), Some(4), Some(7), None]));
        let combined = [("ratelimit", "limit=100, remaining=50, reset=5")];
        assert_eq!(read(&combined), Some([Some(100), Some(50), Some(5), None]));
        let structured = [
            ("ratelimit", "\"default\";r=50;t=30"),
            ("ratelimit-policy", "\"default\";q=100;w=60, \"daily\";q=9;w=86400"),
        ];
        assert_eq!(read(&structured), Some([Some(100), Some(50), Some(30), Some(60)]));
        assert_eq!(read(&[("ratelimit-remaining", "0")]), Some([None, Some(0), None, None]));
    }

    #[test]
    fn nonsense_is_no_rate_limit() {
        for value in [
            "",
            "many",
            "-1",
            "1.5",
            "99999999999999999999",
            ";w",
            "w=x",
            ",,,;;;===",
        ] {
            let fields = [
                "ratelimit",
                "ratelimit-limit",
                "ratelimit-policy",
                "ratelimit-remaining",
            ];
            assert_eq!(read(&fields.map(|name| (name, value))), None, "{value}");
        }
        assert_eq!(read(&[]), None);
    }
}
