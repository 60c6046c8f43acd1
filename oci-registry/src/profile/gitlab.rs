use std::time::Duration;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::hooks::{KnownTypes, NoReferrers, SubjectTags};

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("group/public"),
        hooks,
        host: "registry.gitlab.com",
        logins: &[Login::Password("tester", PASSWORD)],
        name: "gitlab",
        origins: Origins::new("https://registry.gitlab.com").with_token("https://gitlab.com"),
        owner: owner("group/project"),
        repository: "group/project/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(300),
            path: "/jwt/auth",
            service: "container_registry",
        },
    }
}

fn hooks(_: &Setting) -> Hooks {
    Hooks::new()
        .after(KnownTypes { known: TYPES })
        .after(SubjectTags)
        .after(NoReferrers {
            status: 404,
            claims_subject: false,
        })
}

/// How the types begin that are on the list.
const TYPES: &[&str] = &[
    "application/vnd.cncf.helm.",
    "application/vnd.dev.cosign.",
    "application/vnd.dev.sigstore.",
    "application/vnd.docker.",
    "application/vnd.oci.",
];
