use crate::proto::auth::{CredentialQuery, Scopes};

/// What an operation is, for authorization and for errors.
#[derive(Clone, Debug)]
pub struct Operation {
    pub(super) name: &'static str,
    pub(super) query: CredentialQuery,
    pub(super) scopes: Scopes,
}

impl Operation {
    /// An operation called `name` in errors, such as `pull blob`, which acts for the credential that `query` finds and wants at least `scopes`.
    pub const fn new(name: &'static str, query: CredentialQuery, scopes: Scopes) -> Self {
        Self { name, query, scopes }
    }

    /// What it is called in errors.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// For which registry and repository it acts.
    pub const fn query(&self) -> &CredentialQuery {
        &self.query
    }
}
