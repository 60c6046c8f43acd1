use std::fmt;
use std::sync::Arc;

use oci_spec_types::RepositoryName;

use super::access::{Access, Action};
use super::scope::Scope;

/// Who sends a request, and what they may do: an extension of the request, for what stands behind the authorization.
///
/// [`Protected`](super::Protected) adds it to every request that it lets through, and the [`Registry`](crate::Registry) heeds it where a request is
/// not simply allowed or refused: the list of repositories has those that the caller may pull, and an upload goes on only by the
/// caller who began it. A layer of your own that knows who is calling in another way, such as by a client certificate, adds one too.
///
/// ```
/// use http::Request;
/// use oci_client_core::runtime::block_on;
/// use oci_client_core::transport::Body;
/// use oci_registry::Registry;
/// use oci_registry::auth::{Access, Action, Caller};
///
/// let registry = Registry::in_memory();
/// let builder = Caller::named("builder", Access::below("team", &[Action::Pull, Action::Push]));
/// let begin = Request::post("/v2/team/app/blobs/uploads/").extension(builder.clone()).body(Body::empty())?;
/// let location = block_on(registry.handle(begin)).headers()["location"].to_str()?.to_owned();
///
/// let look = |caller: Caller| Request::get(location.as_str()).extension(caller).body(Body::empty());
/// assert_eq!(block_on(registry.handle(look(builder)?)).status(), 204);
/// assert_eq!(block_on(registry.handle(look(Caller::named("other", Access::all()))?)).status(), 404);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Caller {
    access: Vec<Arc<Access>>,
    name: Option<Arc<str>>,
}

impl Caller {
    /// Somebody without an account.
    pub fn anonymous(access: Access) -> Self {
        Self::new(None, vec![Arc::new(access)])
    }

    /// The user `name`, who has been shown to be that user.
    pub fn named(name: impl Into<Arc<str>>, access: Access) -> Self {
        Self::new(Some(name.into()), vec![Arc::new(access)])
    }

    pub(super) const fn new(name: Option<Arc<str>>, access: Vec<Arc<Access>>) -> Self {
        Self { access, name }
    }

    /// The user's name; `None` without an account.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether they may perform `action` on `repository`.
    pub fn may(&self, action: Action, repository: &RepositoryName) -> bool {
        self.access.iter().any(|access| access.allows(action, repository))
    }

    /// Whether they may do nothing at all.
    pub(super) fn is_powerless(&self) -> bool {
        self.access.iter().all(|access| access.is_none())
    }

    pub(super) fn may_all(&self, wanted: &Scope) -> bool {
        wanted.actions().all(|action| self.may_in(wanted, action))
    }

    /// The part of `wanted` that is allowed. Whoever asks for `*` gets all that there is.
    pub(super) fn grant(&self, wanted: &Scope) -> Scope {
        if wanted.has("*") && !wanted.is_catalog() {
            let actions = Action::ALL.map(Action::as_str).into_iter();
            return wanted.with_actions(actions.filter(|action| self.may_in(wanted, action)));
        }
        wanted.only(|action| self.may_in(wanted, action))
    }

    fn may_in(&self, wanted: &Scope, action: &str) -> bool {
        self.access.iter().any(|access| access.allows_in(wanted, action))
    }
}

impl fmt::Debug for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Caller")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
