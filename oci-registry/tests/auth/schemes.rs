//! Both schemes, and both forms of asking for a token.

use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_client_core::client::Client;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::Credential;
use oci_client_core::transport::{Body, Transport as _};
use oci_registry::Registry;
use oci_registry::auth::{Protected, TokenSettings, User, Users};
use oci_spec_types::{Descriptor, Digest, MediaType, Reference};
use test_support::{Canary, SimRuntime};

use crate::site::{REALM, Site, basic, users};

#[test]
fn basic_lets_everybody_do_what_they_may() {
    let site = Site::basic();
    let digest = Digest::sha256(b"x");
    let uploads = "/v2/team/app/blobs/uploads/";
    for (login, method, path, status) in [
        (None, "GET", "/v2/".to_owned(), 401),
        (None, "GET", "/v2/team/app/tags/list".to_owned(), 401),
        (None, "GET", "/v2/public/tags/list".to_owned(), 404),
        (None, "GET", "/v2/publicity/tags/list".to_owned(), 401),
        (Some(":"), "GET", "/v2/public/tags/list".to_owned(), 404),
        (Some(":"), "GET", "/v2/team/app/tags/list".to_owned(), 401),
        (Some(":x"), "GET", "/v2/public/tags/list".to_owned(), 401),
        (None, "POST", "/v2/public/blobs/uploads/".to_owned(), 401),
        (Some("reader:wrong"), "GET", "/v2/public/tags/list".to_owned(), 401),
        (Some("nobody:"), "GET", "/v2/".to_owned(), 401),
        (Some("nobody:reader's"), "GET", "/v2/".to_owned(), 401),
        (Some("reader:reader's"), "GET", "/v2/".to_owned(), 200),
        (Some("reader:reader's"), "GET", "/v2/team/app/tags/list".to_owned(), 404),
        (Some("reader:reader's"), "POST", uploads.to_owned(), 403),
        (Some("reader:reader's"), "GET", "/v2/_catalog".to_owned(), 403),
        (Some("writer:writer's"), "POST", uploads.to_owned(), 202),
        (
            Some("writer:writer's"),
            "DELETE",
            format!("/v2/team/app/blobs/{digest}"),
            403,
        ),
        (
            Some("writer:writer's"),
            "POST",
            format!("{uploads}?mount={digest}&from=secret"),
            202,
        ),
        (
            Some("writer:writer's"),
            "POST",
            format!("{uploads}?mount={digest}&from=team"),
            202,
        ),
        (
            Some("admin:admin's"),
            "DELETE",
            format!("/v2/team/app/blobs/{digest}"),
            404,
        ),
        (Some("admin:admin's"), "GET", "/v2/_catalog".to_owned(), 200),
    ] {
        let reply = site.send(method, &path, &login.map(basic).unwrap_or_default(), "");
        assert_eq!(reply.status, status, "{login:?} {method} {path}");
        let challenge = reply.headers.get("www-authenticate");
        let expected = (status == 401).then_some("Basic realm=\"the registry\"");
        assert_eq!(challenge.map(|value| value.to_str().unwrap()), expected, "{path}");
    }
}

#[test]
fn what_is_no_basic_or_bearer_credential_is_refused() {
    let site = Site::basic();
    let look = site.send("HEAD", "/v2/", "", "");
    assert_eq!((look.status.as_u16(), look.body.len()), (401, 0));
    for authorization in [
        "",
        "Basic",
        "Basic !",
        "Basic bm9jb2xvbg==",
        "Digest x",
        "Bearer x",
        "Basic //79",
    ] {
        assert_eq!(
            site.send("GET", "/v2/", authorization, "").status,
            401,
            "{authorization:?}"
        );
    }
    let bearer = Site::bearer();
    for authorization in ["Bearer", "Bearer x", &basic("reader:reader's")] {
        assert_eq!(
            bearer.send("GET", "/v2/", authorization, "").status,
            401,
            "{authorization:?}"
        );
    }
}

#[test]
fn a_token_allows_what_was_asked_for_as_far_as_its_user_may() {
    let site = Site::bearer();
    for (login, scopes, granted) in [
        (None, "repository:public:pull", "repository:public:pull"),
        (None, "repository:public:pull,push", "repository:public:pull"),
        (None, "repository:team/app:pull", ""),
        (
            Some("reader:reader's"),
            "repository:team/app:pull,push,delete",
            "repository:team/app:pull",
        ),
        (
            Some("writer:writer's"),
            "repository:team/app:*",
            "repository:team/app:pull,push",
        ),
        (
            Some("writer:writer's"),
            "repository:team/a:push+repository:other/b:pull&scope=repository:team/c:pull",
            "repository:team/a:push repository:team/c:pull",
        ),
        (Some("writer:writer's"), "registry:catalog:*", ""),
        (Some("admin:admin's"), "registry:catalog:*", "registry:catalog:*"),
        (Some("admin:admin's"), "nonsense", ""),
    ] {
        let path = format!("/token?service=registry.test&scope={scopes}");
        let reply = site.send("GET", &path, &login.map(basic).unwrap_or_default(), "");
        assert_eq!(reply.status, 200);
        assert_eq!(reply.json()["scope"], granted, "{login:?} {scopes}");
        assert_eq!(reply.headers["cache-control"], "no-store");
        let token = reply.json()["token"].as_str().unwrap().to_owned();
        let pull = site.send("GET", "/v2/team/app/tags/list", &format!("Bearer {token}"), "");
        let allowed = granted.starts_with("repository:team/app:pull");
        assert_eq!(pull.status, if allowed { 404 } else { 401 }, "{scopes}");
        if !allowed {
            let challenge = pull.headers["www-authenticate"].to_str().unwrap();
            assert!(challenge.ends_with("scope=\"repository:team/app:pull\",error=\"insufficient_scope\""));
        }
    }
}

#[test]
fn a_token_that_anybody_may_have_takes_little_room() {
    let site = Site::bearer();
    let long = format!("repository:public/{}:pull", "x".repeat(600));
    let many = "repository:public:pull+".repeat(1_000);
    for (scopes, most) in [(&long, 0), (&many, 32)] {
        let reply = site.send("GET", &format!("/token?service=registry.test&scope={scopes}"), "", "");
        assert_eq!(reply.status, 200);
        let granted = reply.json()["scope"]
            .as_str()
            .unwrap()
            .split(' ')
            .filter(|scope| !scope.is_empty())
            .count();
        assert_eq!(granted, most);
    }
}

#[test]
fn tokens_and_refresh_tokens_expire() {
    let site = Site::bearer();
    let path = "/token?service=registry.test&scope=repository:team:pull&offline_token=true";
    let answer = site.send("GET", path, &basic("reader:reader's"), "").json();
    assert_eq!(answer["expires_in"], 300);
    let bearer = format!("Bearer {}", answer["token"].as_str().unwrap());
    let pull = || site.send("GET", "/v2/team/tags/list", &bearer, "").status;
    site.wait(299);
    assert_eq!(pull(), 404);
    site.wait(1);
    assert_eq!(pull(), 401);

    let refresh = answer["refresh_token"].as_str().unwrap();
    let form = format!("grant_type=refresh_token&refresh_token={refresh}&client_id=t&scope=repository:team:pull");
    let again = site.send("POST", "/token", "", &form).json();
    assert_eq!(again["scope"], "repository:team:pull");
    assert!(again["refresh_token"].is_null());
    site.wait(12 * 3600 - 300);
    let late = site.send("POST", "/token", "", &form);
    assert_eq!(
        (late.status.as_u16(), &late.json()["error"]),
        (400, &"invalid_grant".into())
    );
    // No refresh token without an account, and none that was not asked for.
    let anonymous = site.send("GET", path, "", "").json();
    assert!(anonymous["refresh_token"].is_null());
}

#[test]
fn the_oauth2_form_has_answers_of_its_own() {
    let site = Site::bearer();
    for (form, status, error) in [
        ("grant_type=password&username=reader&password=reader's", 200, ""),
        (
            "grant_type=password&username=reader&password=wrong",
            400,
            "invalid_grant",
        ),
        ("grant_type=password&username=reader", 400, "invalid_request"),
        ("grant_type=refresh_token&refresh_token=x", 400, "invalid_grant"),
        ("grant_type=refresh_token", 400, "invalid_grant"),
        ("grant_type=client_credentials", 400, "unsupported_grant_type"),
        ("", 400, "unsupported_grant_type"),
        (
            "grant_type=password&username=reader&password=reader's&service=other",
            400,
            "invalid_request",
        ),
    ] {
        let reply = site.send("POST", "/token", "", form);
        assert_eq!(reply.status, status, "{form}");
        assert_eq!(reply.json()["error"].as_str().unwrap_or_default(), error, "{form}");
    }
    let offline = "grant_type=password&username=reader&password=reader's&access_type=offline";
    assert!(site.send("POST", "/token", "", offline).json()["refresh_token"].is_string());
    let long = format!("grant_type=password&x={}", "x".repeat(64 * 1024));
    assert_eq!(site.send("POST", "/token", "", &long).status, 400);
    assert_eq!(
        site.send_typed("POST", "/token", "", "grant_type=password", "text/plain")
            .status,
        400
    );
    let refused = site.send("PUT", "/token", "", "");
    assert_eq!(
        (refused.status.as_u16(), &refused.headers["allow"]),
        (405, &"GET, POST".parse().unwrap())
    );
    let elsewhere = site.send("GET", "/token?service=other", "", "");
    assert_eq!(elsewhere.status, 400);
    assert_eq!(site.send("GET", "/token", &basic("reader:wrong"), "").status, 401);
}

#[test]
fn texts_of_settings_cannot_end_a_challenge() {
    let settings = TokenSettings::new("https://registry.test/\"token", "a\"b\\c\u{e9}\nd");
    assert_eq!(
        (settings.realm(), settings.service()),
        ("https://registry.test/token", "abcd")
    );
    let runtime = SimRuntime::new();
    let registry = Protected::basic(
        Registry::in_memory(),
        users(),
        "a\"\r\n\u{e9}b",
        Arc::new(runtime.clone()),
    );
    let request = Request::get("https://registry.test/v2/").body(Body::empty()).unwrap();
    let response = runtime.run(registry.send(request)).unwrap();
    assert_eq!(response.headers()["www-authenticate"], "Basic realm=\"ab\"");
}

#[test]
fn passwords_are_not_printed() {
    let canary = Canary::new();
    let user = User::new("me", canary.text().to_owned());
    let users = Users::new().with_user(user.clone());
    let runtime = Arc::new(SimRuntime::new());
    let settings = TokenSettings::new(REALM, "registry.test");
    let registry = Protected::bearer(Registry::in_memory(), users.clone(), settings, runtime);
    let shown = format!("{user:?} {users:?} {registry:?}");
    canary.assert_absent_from("what is printed", [shown.as_bytes()]);
}

#[test]
fn a_client_pushes_and_pulls_by_either_scheme() {
    for site in [Site::basic(), Site::bearer()] {
        let runtime = site.runtime.clone();
        let credential = Credential::password("writer", "writer's".to_owned());
        let credentials = StaticCredentials::new().with("registry.test".parse().unwrap(), credential);
        let client = Client::builder(site.registry.clone(), Arc::new(runtime.clone()));
        let client = client.credentials(credentials).build();
        let reference: Reference = "registry.test/team/app".parse().unwrap();
        let repository = client.repository(&reference);
        let content = Bytes::from_static(b"hello");
        let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
        runtime
            .run(repository.push_blob(&descriptor, Arc::new(content.clone())))
            .unwrap();
        let pulled = runtime.run(repository.blob(&descriptor).unwrap().bytes(1024)).unwrap();
        assert_eq!(pulled, content);
    }
}
