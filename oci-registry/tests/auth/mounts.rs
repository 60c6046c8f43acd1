//! What one principal has is nothing to another who may not pull it: S17.

use http::StatusCode;
use oci_registry::Registry;
use oci_registry::auth::{Access, Action, User, Users};
use oci_spec_types::{Descriptor, Digest, ImageManifest, MediaType};
use test_support::SimRuntime;

use crate::site::{Reply, Scheme, Site};

const SECRET: &str = "what only alice may know";

/// S17: whether the source has the blob, or is there at all, makes no difference to whoever may not pull it.
#[test]
fn s17_a_mount_from_what_may_not_be_pulled_is_a_plain_upload() {
    for scheme in Scheme::BOTH {
        let site = site(scheme);
        let (there, not_there) = (Digest::sha256(SECRET.as_bytes()), Digest::sha256(b"nothing"));
        let mut seen = Vec::new();
        for query in [
            format!("mount={there}&from=alice/secret"),
            format!("mount={not_there}&from=alice/secret"),
            format!("mount={there}&from=alice/nothing"),
            format!("mount={there}&from=alice%2Fsecret"),
            format!("m%6Funt={there}&fro%6D=alice%2Fsecret"),
            format!("mount={there}&from=bob/app&from=alice/secret"),
            format!("mount={there}&from=alice/secret&from=bob/app"),
            format!("mount={there}&from=..%2Falice"),
            format!("mount={there}"),
            format!("mount={not_there}"),
        ] {
            let path = format!("/v2/bob/app/blobs/uploads/?{query}");
            let reply = site.send_as(Some("bob"), "POST", &path, "");
            assert_eq!(reply.status, 202, "{scheme:?} {query}");
            seen.push(without_id(&reply));
        }
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
    }
}

/// S17, A18: whoever may pull the source gets the blob without sending it, by a token that says so.
#[test]
fn s17_a18_a_mount_from_what_may_be_pulled_needs_a_token_for_both() {
    for scheme in Scheme::BOTH {
        let site = site(scheme);
        let digest = Digest::sha256(SECRET.as_bytes());
        let path = format!("/v2/alice/app/blobs/uploads/?mount={digest}&from=alice/secret");
        if scheme == Scheme::Bearer {
            let narrow = site.authorization(Some("alice"), "repository:alice/app:pull,push");
            let refused = site.send("POST", &path, &narrow, "");
            assert_eq!(refused.status, 401);
            let wanted =
                "scope=\"repository:alice/app:pull,push repository:alice/secret:pull\",error=\"insufficient_scope\"";
            assert!(refused.challenge().ends_with(wanted), "{}", refused.challenge());
        }
        assert_eq!(site.send_as(Some("alice"), "POST", &path, "").status, 201, "{scheme:?}");
        let blob = format!("/v2/alice/app/blobs/{digest}");
        assert_eq!(site.send_as(Some("alice"), "GET", &blob, "").body, SECRET);
    }
}

/// S17: a blob is read, found and referred to only where it was put, although its bytes are stored once.
#[test]
fn s17_deduplication_gives_nothing_away() {
    for scheme in Scheme::BOTH {
        let site = site(scheme);
        let secret = Descriptor::of(MediaType::IMAGE_LAYER, SECRET.as_bytes());
        for method in ["GET", "HEAD"] {
            let path = format!("/v2/bob/app/blobs/{}", secret.digest);
            assert_eq!(site.send_as(Some("bob"), method, &path, "").status, 404);
            let theirs = format!("/v2/alice/secret/blobs/{}", secret.digest);
            let status = site.send_as(Some("bob"), method, &theirs, "").status;
            assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN));
        }
        let authorization = site.authorization(Some("bob"), "repository:bob/app:pull,push");
        let manifest = ImageManifest::new(Descriptor::of(MediaType::IMAGE_CONFIG, b"{}"), vec![secret.clone()]);
        let body = serde_json::to_string(&manifest).unwrap();
        let put = |site: &Site| {
            let path = "/v2/bob/app/manifests/v1";
            site.send_typed("PUT", path, &authorization, &body, MediaType::IMAGE_MANIFEST.as_str())
        };
        let refused = put(&site);
        assert_eq!(refused.status, 400);
        assert_eq!(refused.json()["errors"][0]["code"], "MANIFEST_BLOB_UNKNOWN");

        // Only the content itself brings it into the repository: a claim of its digest with other content does not.
        let path = format!("/v2/bob/app/blobs/uploads/?digest={}", secret.digest);
        assert_eq!(site.send("POST", &path, &authorization, "a guess").status, 400);
        assert_eq!(put(&site).status, 400);
        assert_eq!(site.send("POST", &path, &authorization, SECRET).status, 201);
        assert_eq!(put(&site).status, 201);
    }
}

/// S17: what one has deleted does not come back to another by the digest.
#[test]
fn s17_a_deleted_blob_stays_deleted_where_others_have_it() {
    for scheme in Scheme::BOTH {
        let site = site(scheme);
        let digest = Digest::sha256(SECRET.as_bytes());
        let path = format!("/v2/bob/app/blobs/uploads/?digest={digest}");
        assert_eq!(site.send_as(Some("bob"), "POST", &path, SECRET).status, 201);
        let blob = format!("/v2/bob/app/blobs/{digest}");
        assert_eq!(site.send_as(Some("bob"), "DELETE", &blob, "").status, 202);
        assert_eq!(site.send_as(Some("bob"), "GET", &blob, "").status, 404);
        let mount = format!("/v2/bob/app/blobs/uploads/?mount={digest}&from=alice/secret");
        assert_eq!(site.send_as(Some("bob"), "POST", &mount, "").status, 202);
        assert_eq!(site.send_as(Some("bob"), "GET", &blob, "").status, 404);
    }
}

/// Alice's secret, and Bob's repository with an empty config.
fn site(scheme: Scheme) -> Site {
    let every = &[Action::Delete, Action::Pull, Action::Push];
    let user = |name: &str| User::new(name, format!("{name}'s")).with_access(Access::below(name, every));
    let users = Users::new().with_user(user("alice")).with_user(user("bob"));
    let site = Site::before(&Registry::in_memory(), scheme, users, &SimRuntime::new());
    for (name, repository, content) in [("alice", "alice/secret", SECRET), ("bob", "bob/app", "{}")] {
        let digest = Digest::sha256(content.as_bytes());
        let path = format!("/v2/{repository}/blobs/uploads/?digest={digest}");
        assert_eq!(site.send_as(Some(name), "POST", &path, content).status, 201);
    }
    site
}

/// A reply to the beginning of an upload, as far as it is not by chance.
fn without_id(reply: &Reply) -> String {
    let location = reply.header("location");
    let (path, id) = location.rsplit_once('/').unwrap();
    assert_eq!(id.len(), 32);
    format!("{path} {:?} {:?}", reply.headers.keys().collect::<Vec<_>>(), reply.body)
}
