//! What a profile is built from.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use oci_client_core::runtime::Runtime;

use super::origins::Origins;
use crate::auth::{Access, Action};
use crate::hooks::{Hook, Redirect, SignedUrls, Window};
use crate::registry::Registry;

/// How a profile's users say who they are.
#[derive(Clone, Debug)]
pub(super) enum Scheme {
    Basic {
        realm: &'static str,
    },
    /// Tokens from `path` at the token endpoint's origin.
    Bearer {
        lifetime: Duration,
        path: &'static str,
        service: &'static str,
    },
}

/// Who has an account with a profile, and how.
#[derive(Clone, Copy, Debug)]
pub(super) enum Login {
    /// Passwords for this name are given out for a time.
    Issued(&'static str),
    /// A name and its password.
    Password(&'static str, &'static str),
    /// A refresh token of the user with this name.
    RefreshToken(&'static str),
}

/// What hooks are built with.
pub(super) struct Setting {
    pub(super) origins: Origins,
    pub(super) registry: Registry,
    pub(super) runtime: Arc<dyn Runtime>,
    pub(super) signed: Arc<SignedUrls>,
}

impl Setting {
    /// A redirect of blobs to the origins of the content.
    pub(super) fn redirect(&self, status: StatusCode, with_page: bool) -> Redirect {
        Redirect {
            origins: self.origins.content().to_vec(),
            signed: Arc::clone(&self.signed),
            status,
            with_page,
        }
    }

    pub(super) fn window(&self, most: u64, length: Duration) -> Window {
        Window::new(most, length, Arc::clone(&self.runtime))
    }
}

/// What makes a registry that of a profile.
#[derive(Default)]
pub(super) struct Hooks {
    /// Before authorization.
    pub(super) before: Vec<Arc<dyn Hook>>,
    /// After it.
    pub(super) after: Vec<Arc<dyn Hook>>,
    /// Which actions a request that deletes needs, in place of `delete`.
    pub(super) deletes: Option<&'static [&'static str]>,
    /// Before the token endpoint.
    pub(super) token: Vec<Arc<dyn Hook>>,
}

impl Hooks {
    pub(super) fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub(super) fn before(mut self, hook: impl Hook + 'static) -> Self {
        self.before.push(Arc::new(hook));
        self
    }

    #[must_use]
    pub(super) fn after(mut self, hook: impl Hook + 'static) -> Self {
        self.after.push(Arc::new(hook));
        self
    }

    #[must_use]
    pub(super) const fn deletes_need(mut self, actions: &'static [&'static str]) -> Self {
        self.deletes = Some(actions);
        self
    }

    #[must_use]
    pub(super) fn token(mut self, hook: impl Hook + 'static) -> Self {
        self.token.push(Arc::new(hook));
        self
    }
}

/// All that can be done below a prefix of names.
pub(super) fn owner(prefix: &str) -> Access {
    Access::below(prefix, &[Action::Delete, Action::Pull, Action::Push])
}

/// Reading below a prefix of names.
pub(super) fn reader(prefix: &str) -> Access {
    Access::below(prefix, &[Action::Pull])
}

/// The password of the test users whose passwords are not given out for a time.
pub(super) const PASSWORD: &str = "correct horse battery staple";
