use std::collections::VecDeque;
use std::fmt;

use url::Url;

use super::TokenKey;
use crate::proto::auth::Identity;
use crate::secret::Secret;

/// The refresh tokens that token endpoints gave in place of an identity token, which may be used up by then ([RFC 6749, section 6]).
///
/// [RFC 6749, section 6]: https://www.rfc-editor.org/rfc/rfc6749#section-6
#[derive(Default)]
pub(crate) struct RefreshTokens {
    held: VecDeque<Held>,
}

impl RefreshTokens {
    /// The successor of the identity token that `key` stands for, at the same realm and service.
    pub(crate) fn successor(&self, key: &TokenKey) -> Option<&Secret> {
        let held = self.held.iter().find(|held| held.is_for(key))?;
        Some(&held.token)
    }

    pub(crate) fn replace(&mut self, key: &TokenKey, token: Secret) {
        self.forget(key);
        if self.held.len() >= MAX_TOKENS {
            self.held.pop_front();
        }
        self.held.push_back(Held {
            identity: key.identity.clone(),
            realm: key.realm.clone(),
            service: key.service.clone(),
            token,
        });
    }

    /// Forgets a successor that was refused.
    pub(crate) fn forget(&mut self, key: &TokenKey) {
        self.held.retain(|held| !held.is_for(key));
    }
}

impl fmt::Debug for RefreshTokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RefreshTokens")
            .field("held", &self.held.len())
            .finish_non_exhaustive()
    }
}

struct Held {
    identity: Identity,
    realm: Url,
    service: Option<String>,
    token: Secret,
}

impl Held {
    fn is_for(&self, key: &TokenKey) -> bool {
        self.identity == key.identity && self.realm == key.realm && self.service == key.service
    }
}

/// The most refresh tokens kept for one registry; the oldest goes first.
const MAX_TOKENS: usize = 64;
