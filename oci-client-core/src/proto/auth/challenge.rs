use std::fmt;

use http::HeaderMap;
use http::header::WWW_AUTHENTICATE;
use url::Url;

/// One challenge of a `WWW-Authenticate` field ([RFC 9110, section 11.6.1]).
///
/// ```
/// use oci_client_core::proto::auth::Challenge;
///
/// let line = r#"Basic realm="a, b", Bearer realm="https://auth.test/token",service=registry,scope="repository:a:pull""#;
/// let challenges = Challenge::parse_line(line);
/// assert_eq!(challenges.len(), 2);
/// assert_eq!(challenges[1].parameter("Service"), Some("registry"));
/// ```
///
/// [RFC 9110, section 11.6.1]: https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Challenge {
    scheme: String,
    token68: Option<String>,
    parameters: Vec<(String, String)>,
}

impl Challenge {
    /// Every challenge of every `WWW-Authenticate` line, in order.
    ///
    /// Reading stops at the first malformed challenge of a line, and at [`MAX_CHALLENGES`](Self::MAX_CHALLENGES).
    pub fn parse_all(headers: &HeaderMap) -> Vec<Self> {
        let lines = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok());
        lines.flat_map(Self::parse_line).take(Self::MAX_CHALLENGES).collect()
    }

    /// The challenges of one line, up to the first malformed one.
    pub fn parse_line(line: &str) -> Vec<Self> {
        let mut scanner = Scanner { rest: line };
        let challenges = std::iter::from_fn(|| scanner.challenge());
        challenges.take(Self::MAX_CHALLENGES).collect()
    }

    /// The scheme in lower case, such as `bearer`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The value of a parameter, whose name is compared without regard to case; the first one where it is repeated.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut found = self
            .parameters
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }

    /// The most challenges that are read from one response.
    pub const MAX_CHALLENGES: usize = 16;

    /// The most parameters of one challenge.
    pub const MAX_PARAMETERS: usize = 32;
}

impl fmt::Display for Challenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.scheme)?;
        if let Some(token) = &self.token68 {
            write!(formatter, " {token}")?;
        }
        let mut separator = " ";
        for (name, value) in &self.parameters {
            let value = value.replace('\\', "\\\\").replace('"', "\\\"");
            write!(formatter, "{separator}{name}=\"{value}\"")?;
            separator = ",";
        }
        Ok(())
    }
}

/// How a registry wants to be addressed, as far as we speak it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Scheme {
    Basic,
    Bearer { realm: Url, service: Option<String> },
}

/// What a response with challenges asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    pub(crate) scheme: Scheme,
    /// What a token is to allow, as a space-separated list.
    pub(crate) scope: Option<String>,
    /// What was wrong with the token that came along ([RFC 6750, section 3.1]).
    ///
    /// [RFC 6750, section 3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    pub(crate) error: Option<String>,
}

impl Asked {
    /// The best of the challenges of a response from `url`: Bearer before Basic.
    pub(crate) fn choose(challenges: &[Challenge], url: &Url) -> Option<Self> {
        let bearers = challenges.iter().filter(|challenge| challenge.scheme == "bearer");
        let bearer = bearers.filter_map(|challenge| {
            let parameter = |name| challenge.parameter(name).map(str::to_owned);
            // A realm may be relative to the URL that answered.
            let realm = challenge.parameter("realm").filter(|realm| !realm.is_empty())?;
            let realm = url.join(realm).ok()?;
            let service = parameter("service");
            Some(Self {
                scheme: Scheme::Bearer { realm, service },
                scope: parameter("scope"),
                error: parameter("error"),
            })
        });
        let basics = challenges.iter().filter(|challenge| challenge.scheme == "basic");
        let basic = basics.map(|_| Self {
            scheme: Scheme::Basic,
            scope: None,
            error: None,
        });
        bearer.chain(basic).next()
    }
}

struct Scanner<'a> {
    rest: &'a str,
}

impl Scanner<'_> {
    /// The next challenge; `None` at the end of the line or where it is malformed.
    fn challenge(&mut self) -> Option<Challenge> {
        self.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
        let scheme = self
            .take_while(is_token)
            .filter(|scheme| !scheme.is_empty())?
            .to_ascii_lowercase();
        let mut challenge = Challenge {
            scheme,
            token68: None,
            parameters: Vec::new(),
        };
        if self.rest.is_empty() || self.rest.starts_with(',') {
            return Some(challenge);
        }
        self.skip_spaces_at_least_once()?;
        if let Some(token) = self.token68() {
            challenge.token68 = Some(token);
            return Some(challenge);
        }
        while let Some(name) = self.parameter_name() {
            let value = self.value()?;
            if challenge.parameters.len() == Challenge::MAX_PARAMETERS {
                return None;
            }
            challenge.parameters.push((name, value));
            self.skip(|byte| matches!(byte, b' ' | b'\t'));
            if !self.rest.is_empty() && !self.rest.starts_with(',') {
                return None;
            }
        }
        Some(challenge)
    }

    /// The name of another parameter of this challenge, with its `=` consumed. Nothing is consumed if another challenge begins here.
    fn parameter_name(&mut self) -> Option<String> {
        let mut ahead = Scanner { rest: self.rest };
        ahead.skip(|byte| matches!(byte, b' ' | b'\t' | b','));
        let name = ahead.take_while(is_token).filter(|name| !name.is_empty())?.to_owned();
        ahead.skip(|byte| matches!(byte, b' ' | b'\t'));
        self.rest = ahead.rest.strip_prefix('=')?;
        self.skip(|byte| matches!(byte, b' ' | b'\t'));
        Some(name)
    }

    fn value(&mut self) -> Option<String> {
        if let Some(quoted) = self.rest.strip_prefix('"') {
            return self.quoted(quoted);
        }
        self.take_while(is_token)
            .filter(|value| !value.is_empty())
            .map(str::to_owned)
    }

    /// A quoted string whose opening quote is consumed; `None` if it is never closed.
    fn quoted(&mut self, text: &str) -> Option<String> {
        let mut value = String::new();
        let mut characters = text.char_indices();
        while let Some((position, character)) = characters.next() {
            match character {
                '"' => {
                    let consumed = self
                        .rest
                        .len()
                        .checked_sub(text.len())?
                        .checked_add(position)?
                        .checked_add(1)?;
                    self.rest = self.rest.get(consumed..)?;
                    return Some(value);
                }
                '\\' => value.push(characters.next()?.1),
                _ => value.push(character),
            }
        }
        None
    }

    /// A token68, which ends the challenge; nothing is consumed if parameters follow instead.
    fn token68(&mut self) -> Option<String> {
        let mut ahead = Scanner { rest: self.rest };
        ahead.skip(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        ahead.skip(|byte| byte == b'=');
        let length = self.rest.len().checked_sub(ahead.rest.len())?;
        let token = self.rest.get(..length).filter(|token| !token.is_empty())?;
        ahead.skip(|byte| matches!(byte, b' ' | b'\t'));
        if !ahead.rest.is_empty() && !ahead.rest.starts_with(',') {
            return None;
        }
        let token = token.to_owned();
        self.rest = ahead.rest;
        Some(token)
    }

    fn skip_spaces_at_least_once(&mut self) -> Option<()> {
        self.take_while(|byte| byte == b' ')
            .filter(|spaces| !spaces.is_empty())
            .map(|_| ())
    }

    fn skip(&mut self, wanted: impl Fn(u8) -> bool) {
        self.take_while(wanted);
    }
}

impl<'a> Scanner<'a> {
    /// The longest prefix of wanted (ASCII) bytes.
    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> Option<&'a str> {
        let length = self
            .rest
            .bytes()
            .take_while(|&byte| byte.is_ascii() && wanted(byte))
            .count();
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests;
