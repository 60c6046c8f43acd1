use std::time::Duration;

use http::{Method, Request};
use oci_client_core::transport::Body;
use oci_spec_types::Digest;

use super::definition::Profile;
use super::origins::Origins;
use super::setting::{Hooks, Login, PASSWORD, Scheme, Setting, owner, reader};
use crate::hooks::{ManifestMap, NoChunks, Refuse, TaggedManifests, UploadsElsewhere};
use crate::query::Query;

pub(super) fn profile() -> Profile {
    Profile {
        anonymous: reader("tester-project/public"),
        hooks,
        host: "europe-docker.pkg.dev",
        logins: &[
            Login::Issued("oauth2accesstoken"),
            Login::Password("_json_key", PASSWORD),
        ],
        name: "gar",
        origins: Origins::new("https://europe-docker.pkg.dev"),
        owner: owner("tester-project"),
        repository: "tester-project/docker/app",
        scheme: Scheme::Bearer {
            lifetime: Duration::from_secs(3600),
            path: "/v2/token",
            service: "europe-docker.pkg.dev",
        },
    }
}

fn hooks(setting: &Setting) -> Hooks {
    Hooks::new()
        .before(UploadsElsewhere {
            origin: setting.origins.registry().to_owned(),
            prefix: "/artifacts-uploads/namespaces/",
        })
        .after(Refuse {
            when: is_empty_blob,
            status: 400,
            code: "BLOB_UPLOAD_INVALID",
            message: "a blob must have at least one byte",
        })
        .after(NoChunks)
        .after(TaggedManifests)
        .after(ManifestMap)
}

/// Whether a request finishes an upload that has no content.
fn is_empty_blob(request: &Request<Body>) -> bool {
    let writes = matches!(*request.method(), Method::POST | Method::PUT);
    let query = Query::parse(request.uri().query()).unwrap_or_default();
    writes && query.first("digest") == Some(Digest::sha256(b"").to_string().as_str())
}
