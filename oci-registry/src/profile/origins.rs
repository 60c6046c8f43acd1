use url::{Origin, Url};

/// Scheme, host and port of each part of a registry, such as `https://ghcr.io`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origins {
    content: Vec<String>,
    registry: String,
    token: String,
}

impl Origins {
    /// Everything at one origin, written without a slash at its end.
    pub fn new(registry: impl Into<String>) -> Self {
        let registry = registry.into();
        Self {
            content: Vec::new(),
            token: registry.clone(),
            registry,
        }
    }

    /// Puts the token endpoint at an origin of its own.
    #[must_use]
    pub fn with_token(mut self, origin: impl Into<String>) -> Self {
        self.token = origin.into();
        self
    }

    /// Adds an origin at which content lies. Profiles that keep their content at the registry itself have none.
    #[must_use]
    pub fn with_content(mut self, origin: impl Into<String>) -> Self {
        self.content.push(origin.into());
        self
    }

    /// Where content lies.
    pub fn content(&self) -> &[String] {
        &self.content
    }

    /// Where the API is.
    pub fn registry(&self) -> &str {
        &self.registry
    }

    /// Where tokens are to be had.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// Which part is at the origin of `url`; one that has the token endpoint's path may be that.
    pub(super) fn part(&self, url: &Url, token_path: Option<&str>) -> Option<Part> {
        let origin = url.origin();
        if token_path == Some(url.path()) && is_at(&self.token, &origin) {
            Some(Part::Token)
        } else if self.content.iter().any(|content| is_at(content, &origin)) {
            Some(Part::Content)
        } else {
            is_at(&self.registry, &origin).then_some(Part::Registry)
        }
    }
}

/// What answers at an origin.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    Content,
    Registry,
    Token,
}

/// Whether two origins are the same; a scheme's own port may be left out.
fn is_at(text: &str, origin: &Origin) -> bool {
    Url::parse(text).is_ok_and(|url| url.origin() == *origin)
}
