use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, COOKIE, EXPECT,
    HOST, IF_MATCH, IF_NONE_MATCH, PROXY_AUTHORIZATION, RANGE, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use oci_spec_types::RegistryHost;

use super::HostProfile;

impl HostProfile {
    /// Sends a header field with every request to this endpoint, and to no other origin. Several fields may have one name.
    ///
    /// The value is treated as a secret: no text shows it.
    ///
    /// # Errors
    /// If `name` or `value` fits in no header, or the protocol itself decides on the field: credentials come from a credential source, and framing,
    /// ranges and media types from what is asked for.
    pub fn with_header(mut self, name: &str, value: &str) -> Result<Self, InvalidHeader> {
        let invalid = |reason| InvalidHeader {
            name: name
                .chars()
                .filter(|char| !char.is_control())
                .take(NAME_SHOWN)
                .collect(),
            reason,
        };
        let field = HeaderName::try_from(name).map_err(|_| invalid(Reason::Name))?;
        if RESERVED.contains(&field) {
            return Err(invalid(Reason::Reserved));
        }
        let mut value = HeaderValue::try_from(value).map_err(|_| invalid(Reason::Value))?;
        value.set_sensitive(true);
        self.headers
            .try_append(field, value)
            .map_err(|_| invalid(Reason::TooMany))?;
        Ok(self)
    }

    /// Names the registry that a proxy fetches from, by the query parameter `ns` of what is read there.
    ///
    /// Only for proxies that serve several registries and tell them apart by it.
    #[must_use]
    pub fn with_namespace(mut self, registry: RegistryHost) -> Self {
        self.namespace = Some(registry);
        self
    }

    /// The header fields that every request to this endpoint gets.
    pub const fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// The registry that this proxy is told to fetch from.
    pub const fn namespace(&self) -> Option<&RegistryHost> {
        self.namespace.as_ref()
    }
}

/// A header field that cannot be sent with every request.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the header `{name}` {reason}")]
#[non_exhaustive]
pub struct InvalidHeader {
    name: String,
    reason: Reason,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
enum Reason {
    #[error("has a name that no header can have")]
    Name,
    #[error("is the protocol's own; credentials belong into a credential source")]
    Reserved,
    #[error("is one too many")]
    TooMany,
    #[error("has a value that no header can have")]
    Value,
}

/// What the protocol decides for each request.
const RESERVED: [HeaderName; 18] = [
    ACCEPT,
    ACCEPT_ENCODING,
    AUTHORIZATION,
    CONNECTION,
    CONTENT_LENGTH,
    CONTENT_RANGE,
    CONTENT_TYPE,
    COOKIE,
    EXPECT,
    HOST,
    IF_MATCH,
    IF_NONE_MATCH,
    PROXY_AUTHORIZATION,
    RANGE,
    TE,
    TRAILER,
    TRANSFER_ENCODING,
    UPGRADE,
];

/// How much of a refused name an error shows.
const NAME_SHOWN: usize = 64;

#[cfg(test)]
mod tests;
