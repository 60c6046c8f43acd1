use std::fmt;
use std::sync::Arc;

use oci_client_core::runtime::Runtime;
use oci_spec_types::{RegistryHost, RepositoryName};

use super::origins::Origins;
use super::registry::ProfiledRegistry;
use super::setting::{Hooks, Login, Scheme, Setting};
use super::{acr, artifactory, docker_hub, ecr, gar, ghcr, gitlab, harbor, quay};
use crate::auth::{Access, User, Users};
use crate::registry::Registry;

/// How one registry behaves.
#[derive(Clone)]
pub struct Profile {
    pub(super) anonymous: Access,
    pub(super) hooks: fn(&Setting) -> Hooks,
    pub(super) host: &'static str,
    pub(super) logins: &'static [Login],
    pub(super) name: &'static str,
    pub(super) origins: Origins,
    /// What each user may do.
    pub(super) owner: Access,
    pub(super) repository: &'static str,
    pub(super) scheme: Scheme,
}

impl Profile {
    /// The names of all profiles, as [`named`](Self::named) takes them.
    pub const NAMES: [&str; 10] = [
        "acr",
        "artifactory",
        "docker-hub",
        "ecr",
        "gar",
        "ghcr",
        "gitlab",
        "harbor",
        "quay",
        "quay-self-hosted",
    ];

    /// The profile with one of the [names](Self::NAMES).
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "acr" => Self::acr(),
            "artifactory" => Self::artifactory(),
            "docker-hub" => Self::docker_hub(),
            "ecr" => Self::ecr(),
            "gar" => Self::gar(),
            "ghcr" => Self::ghcr(),
            "gitlab" => Self::gitlab(),
            "harbor" => Self::harbor(),
            "quay" => Self::quay(),
            "quay-self-hosted" => Self::quay_self_hosted(),
            _ => return None,
        })
    }

    /// Azure Container Registry, as publicly documented or discussed by 2026.
    ///
    /// - Every request needs a token, anonymous pulls of `public` too.
    /// - The token endpoint takes a refresh token by POST; a password by POST gets 400, by GET it works.
    /// - Under the user name of zeros (`00000000-0000-0000-0000-000000000000`) the password is a refresh token.
    /// - Blobs are sent by 307 to blob storage, which answers 400 to a request with `Authorization`.
    /// - The `Link` of a list is relative.
    pub fn acr() -> Self {
        acr::profile()
    }

    /// Artifactory, as publicly documented or discussed by 2026.
    ///
    /// - The token realm is on another host of the same domain, with the port 443 written out; the service has a port too.
    /// - In `docker-remote` a tag that is missing is 403.
    /// - A manifest whose type `Accept` does not name is 406, and so is the list of referrers.
    /// - A blob that any repository has is found by a HEAD in all of them, but not by a GET; a manifest with such a blob is refused as `MANIFEST_INVALID` until the blob is uploaded.
    /// - Of an upload in several chunks the last one is kept.
    /// - Digests stand among the tags of a list; blobs are never mounted.
    pub fn artifactory() -> Self {
        artifactory::profile()
    }

    /// Docker Hub, as publicly documented or discussed by 2026.
    ///
    /// - Users call it `docker.io`, the API is at `registry-1.docker.io`, tokens are at `auth.docker.io` and live for 300 s.
    /// - Answers about manifests say how many pulls are left (`ratelimit-limit: 100;w=21600`). A GET counts, a HEAD does not. One too many is 429 with the spec's body.
    /// - More than 600 requests in a minute get 429 in plain text, with `Retry-After`.
    /// - Blobs are sent by 307 to one of two other hosts, by URLs that are signed for GET.
    /// - A blob cannot be mounted from a repository that the user may not read, such as one of another registry.
    pub fn docker_hub() -> Self {
        docker_hub::profile()
    }

    /// Amazon Elastic Container Registry, as publicly documented or discussed by 2026.
    ///
    /// - Basic only; the user is `AWS`, and passwords live for 12 hours.
    /// - A chunk is answered with 201, `Range` stays at the first chunk, the status of a session is 404. Going back gives 416 and a message with both offsets.
    /// - A page of more than 1000 entries is refused.
    /// - A pushed manifest has no `Location`.
    /// - The repositories are `app`, `immutable` and `other`; there is no other. A tag in `immutable` stays, even if it would not change.
    /// - A blob is mounted only if a manifest in the repository `from` refers to it.
    /// - `OCI-Subject` is sent, but referrers are not listed.
    pub fn ecr() -> Self {
        ecr::profile()
    }

    /// Google Artifact Registry, as publicly documented or discussed by 2026.
    ///
    /// - Users are `oauth2accesstoken`, with passwords that live for a time, and `_json_key`.
    /// - Blobs are uploaded in one piece, at a location outside `/v2/`.
    /// - A blob without content is refused.
    /// - A manifest that a tag names is not deleted: 400 with the code `GOOGLE_MANIFEST_DANGLING_TAG`.
    /// - A list of tags has members `child` and `manifest` besides.
    pub fn gar() -> Self {
        gar::profile()
    }

    /// The GitHub Container Registry, as publicly documented or discussed by 2026.
    ///
    /// - A chunk of 4 MiB or more gets 416.
    /// - More than 600 requests in a minute get 429.
    /// - The token endpoint itself answers 403 to who asks without an account for a package that is not there.
    /// - Referrers are not listed (404), nothing is deleted (405).
    /// - A full page of tags names a next one, which may be `null`.
    /// - The location of an upload has a query, which has to stay.
    pub fn ghcr() -> Self {
        ghcr::profile()
    }

    /// The GitLab container registry, as publicly documented or discussed by 2026.
    ///
    /// - The token realm is on the main host; tokens live for 5 minutes, which may end in mid-upload.
    /// - Referrers are not listed (404), and a tag `sha256-<hex>` that is missing resolves to the manifest with that digest.
    /// - Artifact and config types that are not on a list are refused: 400, `unknown media type`.
    /// - Outside of `group/project` everything is 401.
    pub fn gitlab() -> Self {
        gitlab::profile()
    }

    /// Harbor, as publicly documented or discussed by 2026.
    ///
    /// - Answers set a cookie. Who sends one back with a writing request gets 403, `CSRF token invalid`.
    /// - A HEAD of a manifest has another `Content-Length` than a GET.
    /// - What is not found has the code `UNKNOWN`.
    /// - Manifests in `quarantine` are 412 by policy; a push to `proxy` is 403.
    /// - A robot's name has a `$`.
    pub fn harbor() -> Self {
        harbor::profile()
    }

    /// Quay, as publicly documented or discussed by 2026.
    ///
    /// - Who asks for the scope `delete` gets a token that allows nothing; a delete needs `pull,push`.
    /// - A mount without `from` is refused.
    /// - A page of tags has 50 entries, whatever `n` says. The next one is named by `next_page`, whose value has to come back byte for byte.
    /// - Blobs are sent by 302 with a page of HTML to another host.
    /// - A robot's name has a `+`.
    pub fn quay() -> Self {
        quay::profile()
    }

    /// Quay as installed by many some years ago, as publicly documented or discussed by 2026.
    ///
    /// - As [`quay`](Self::quay), and artifact types are refused; referrers are not listed.
    pub fn quay_self_hosted() -> Self {
        quay::self_hosted()
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What users call the registry.
    pub fn host(&self) -> RegistryHost {
        self.host.parse().expect("the hosts of all profiles are valid")
    }

    /// A repository in which the test users may do everything.
    pub fn repository(&self) -> RepositoryName {
        self.repository
            .parse()
            .expect("the repositories of all profiles are valid")
    }

    /// Where its parts are: the registry's true names, unless others were set.
    pub const fn origins(&self) -> &Origins {
        &self.origins
    }

    /// Puts its parts elsewhere, such as on ports of this machine.
    #[must_use]
    pub fn with_origins(mut self, origins: Origins) -> Self {
        self.origins = origins;
        self
    }

    /// A registry that behaves so, over the content of `registry`, by the clock of `runtime`.
    pub fn start(self, registry: Registry, runtime: Arc<dyn Runtime>) -> ProfiledRegistry {
        ProfiledRegistry::new(self, registry, runtime)
    }

    pub(super) fn users(&self) -> Users {
        let mut users = Users::new().with_anonymous(self.anonymous.clone());
        for login in self.logins {
            let user = match *login {
                Login::Issued(name) => User::issued(name),
                Login::Password(name, password) => User::new(name, password.to_owned()),
                // Of a user who is there by another login.
                Login::RefreshToken(_) => continue,
            };
            users = users.with_user(user.with_access(self.owner.clone()));
        }
        users
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Profile")
            .field("name", &self.name)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}
