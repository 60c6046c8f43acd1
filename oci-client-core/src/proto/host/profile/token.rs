use oci_spec_types::RegistryHost;

use super::HostProfile;
use crate::proto::outbound::OutboundPolicy;

/// How tokens are asked for, and whom they may be asked from.
impl HostProfile {
    /// The name by which token endpoints know this client, in exchanges by POST.
    #[must_use]
    pub fn with_client_id(mut self, id: impl Into<String>) -> Self {
        self.token.client_id = id.into();
        self
    }

    /// How a password is exchanged for a token.
    #[must_use]
    pub const fn with_token_method(mut self, method: TokenMethod) -> Self {
        self.token.method = method;
        self
    }

    /// What is done with the URLs that the registry supplies.
    #[must_use]
    pub fn with_outbound(mut self, policy: OutboundPolicy) -> Self {
        self.outbound = policy;
        self
    }

    /// Trusts a host with this registry's passwords and identity tokens: that of a token realm, on any port unless one is given.
    ///
    /// ```
    /// use oci_client_core::proto::HostProfile;
    ///
    /// let profile = HostProfile::new("registry.example.com".parse()?).with_trusted_realm("login.example.net".parse()?);
    /// assert_eq!(profile.trusted_realms(), ["login.example.net".parse()?]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn with_trusted_realm(mut self, host: RegistryHost) -> Self {
        self.token.trusted_realms.push(host);
        self
    }

    /// The name by which token endpoints know this client.
    pub fn client_id(&self) -> &str {
        &self.token.client_id
    }

    /// What is done with the URLs that the registry supplies.
    pub const fn outbound(&self) -> &OutboundPolicy {
        &self.outbound
    }

    /// How a password is exchanged for a token.
    pub const fn token_method(&self) -> TokenMethod {
        self.token.method
    }

    /// The hosts besides the registry's own that may get its passwords and identity tokens.
    pub fn trusted_realms(&self) -> &[RegistryHost] {
        &self.token.trusted_realms
    }

    /// The default name of this client at token endpoints.
    pub const CLIENT_ID: &str = "oci-client-core";
}

/// How a password is exchanged for a token. An identity token is always exchanged by POST, and without a credential a token is always asked for by GET.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum TokenMethod {
    /// By GET with the Basic scheme ([Docker token specification]), which every registry with tokens understands.
    ///
    /// [Docker token specification]: https://distribution.github.io/distribution/spec/auth/token/
    #[default]
    Get,
    /// By POST of a form ([OAuth2 token exchange]); where that is answered with 400, 401, 403, 404 or 405, by GET.
    ///
    /// [OAuth2 token exchange]: https://distribution.github.io/distribution/spec/auth/oauth/
    Post,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct TokenSettings {
    client_id: String,
    method: TokenMethod,
    trusted_realms: Vec<RegistryHost>,
}

impl Default for TokenSettings {
    fn default() -> Self {
        Self {
            client_id: HostProfile::CLIENT_ID.to_owned(),
            method: TokenMethod::default(),
            trusted_realms: Vec::new(),
        }
    }
}
