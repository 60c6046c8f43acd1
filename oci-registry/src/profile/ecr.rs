use http::Request;
use oci_client_core::transport::Body;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, Scheme, Setting};
use crate::auth::Access;
use crate::hooks::{ImmutableTags, LargestPage, Mounts, NoReferrers, Refuse, UnreportedChunks, WithoutLocation, route};
use crate::routes::Route;

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: Access::none(),
        hooks,
        host: "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        logins: &[Login::Issued("AWS")],
        name: "ecr",
        origins: Origins::new("https://123456789012.dkr.ecr.eu-west-1.amazonaws.com"),
        owner: Access::all(),
        repository: "app",
        scheme: Scheme::Basic {
            realm: "https://123456789012.dkr.ecr.eu-west-1.amazonaws.com/",
        },
    }
}

fn hooks(_: &Setting) -> Hooks {
    Hooks::new()
        .after(Refuse {
            when: is_elsewhere,
            status: 404,
            code: "NAME_UNKNOWN",
            message: "the repository does not exist in the registry with id '123456789012'",
        })
        .after(LargestPage { entries: 1000 })
        .after(ImmutableTags { repository: IMMUTABLE })
        .after(UnreportedChunks::new())
        .after(Mounts::referenced())
        .after(NoReferrers {
            status: 404,
            claims_subject: true,
        })
        .after(WithoutLocation)
}

/// Whether the request is about a repository that nobody has created.
fn is_elsewhere(request: &Request<Body>) -> bool {
    let name = match route(request) {
        None | Some(Route::Base | Route::Catalog) => return false,
        Some(
            Route::Blob(name, _)
            | Route::Manifest(name, _)
            | Route::Referrers(name, _)
            | Route::Tags(name)
            | Route::Upload(name, _)
            | Route::Uploads(name),
        ) => name,
    };
    !REPOSITORIES.contains(&name.as_str())
}

/// The repository whose tags stay what they are.
const IMMUTABLE: &str = "immutable";
const REPOSITORIES: [&str; 3] = ["app", IMMUTABLE, "other"];
