//! What a token is good for, and what is none.

use std::sync::Arc;

use http::Request;
use oci_client_core::transport::{Body, Transport as _};
use oci_registry::Registry;
use oci_registry::auth::{Access, Action, Protected, TokenSettings, User, Users};
use test_support::SimRuntime;

use crate::site::{Scheme, Site, basic, users};

const SCOPE: &str = "repository:team/app:pull";

/// S18: a token for one repository, or one action, is none for another; nor is an expired one for anything.
#[test]
fn s18_a_token_is_good_for_what_it_was_given_for() {
    let site = Site::bearer();
    let token = site.authorization(Some("writer"), SCOPE);
    let digest = format!("sha256:{}", "0".repeat(64));
    let cases = [
        ("GET", "/v2/team/app/tags/list".to_owned(), 404),
        ("GET", format!("/v2/team/app/blobs/{digest}"), 404),
        ("GET", "/v2/team/app/sub/tags/list".to_owned(), 401),
        ("GET", "/v2/team/other/tags/list".to_owned(), 401),
        ("GET", "/v2/team/tags/list".to_owned(), 401),
        ("POST", "/v2/team/app/blobs/uploads/".to_owned(), 401),
        ("PUT", "/v2/team/app/manifests/v1".to_owned(), 401),
        ("DELETE", "/v2/team/app/manifests/v1".to_owned(), 401),
        ("GET", "/v2/_catalog".to_owned(), 401),
    ];
    for (method, path, status) in &cases {
        assert_eq!(site.send(method, path, &token, "").status, *status, "{method} {path}");
    }
    site.wait(300);
    for (method, path, _) in &cases {
        let reply = site.send(method, path, &token, "");
        assert_eq!(reply.status, 401, "{method} {path}");
        assert!(reply.challenge().ends_with("error=\"invalid_token\""), "{path}");
    }
}

/// S18: what looks like a token, or was one elsewhere, is none.
#[test]
fn s18_tokens_that_nobody_gave_are_refused() {
    let (site, elsewhere) = (Site::bearer(), Site::bearer());
    let token = site.authorization(Some("admin"), SCOPE).split_off("Bearer ".len());
    let foreign = elsewhere.authorization(Some("admin"), SCOPE).split_off("Bearer ".len());
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiIsImFjY2VzcyI6W119.";
    let mut bad = vec![
        foreign,
        unsigned.to_owned(),
        format!("{unsigned}{token}"),
        format!("{token}.{token}"),
        format!("{token} {token}"),
        format!("{token},{token}"),
        token.to_uppercase(),
        token.get(1..).unwrap().to_owned(),
        token.get(..63).unwrap().to_owned(),
        format!("{token}0"),
        format!("\"{token}\""),
        "null".to_owned(),
        "none".to_owned(),
        "*".to_owned(),
        "x".repeat(10_000),
    ];
    for place in [0, 31, 63] {
        let mut altered = token.clone().into_bytes();
        altered[place] = if altered[place] == b'0' { b'1' } else { b'0' };
        bad.push(String::from_utf8(altered).unwrap());
    }
    let path = "/v2/team/app/tags/list";
    for token in bad.iter().filter(|bad| **bad != token) {
        let reply = site.send("GET", path, &format!("Bearer {token}"), "");
        assert_eq!(reply.status, 401, "{token}");
        let expected = "Bearer realm=\"https://registry.test/token\",service=\"registry.test\",scope=\"repository:team/app:pull\",error=\"invalid_token\"";
        assert_eq!(reply.challenge(), expected, "{token}");
    }
    for (authorization, status) in [
        (format!("bearer {token}"), 404),
        (format!("BEARER  {token}"), 404),
        (basic(&format!("admin:{token}")), 401),
        (format!("Token {token}"), 401),
        (token.clone(), 401),
    ] {
        assert_eq!(
            site.send("GET", path, &authorization, "").status,
            status,
            "{authorization}"
        );
    }
    let in_query = site.send("GET", &format!("{path}?access_token={token}"), "", "");
    assert_eq!(in_query.status, 401);
}

/// S18: two fields contradict each other, whichever of them is good.
#[test]
fn s18_two_authorizations_are_none() {
    for (scheme, other) in [(Scheme::Basic, "Basic eDp5"), (Scheme::Bearer, "Bearer x")] {
        let site = Site::new(scheme, users());
        let good = site.authorization(Some("admin"), SCOPE);
        for pair in [
            [good.as_str(), other],
            [other, good.as_str()],
            [good.as_str(), good.as_str()],
        ] {
            let mut request = Request::get("https://registry.test/v2/team/app/tags/list");
            for value in pair {
                request = request.header("authorization", value);
            }
            let request = request.body(Body::empty()).unwrap();
            let response = site.runtime.run(site.registry.send(request)).unwrap();
            assert_eq!(response.status(), 401, "{scheme:?} {pair:?}");
        }
    }
}

/// A3: all that the token specification has an answer say.
#[test]
fn a3_an_answer_says_when_and_for_how_long() {
    let site = Site::bearer();
    site.wait(3);
    for (method, path, login, form) in [
        ("GET", format!("/token?scope={SCOPE}"), basic("reader:reader's"), ""),
        (
            "POST",
            "/token".to_owned(),
            String::new(),
            "grant_type=password&username=reader&password=reader's&service=registry.test&client_id=t&scope=repository:team/app:pull",
        ),
    ] {
        let answer = site.send(method, &path, &login, form).json();
        assert_eq!(answer["issued_at"], "2027-01-15T08:00:03Z");
        assert_eq!(answer["expires_in"], 300);
        assert_eq!(answer["scope"], SCOPE);
        assert_eq!(answer["token"], answer["access_token"]);
    }
}

/// A refresh token is another user's as little as it is a password.
#[test]
fn a_refresh_token_is_for_its_user_and_for_the_endpoint_alone() {
    let site = Site::bearer();
    let path = "/token?scope=repository:team/app:pull,push&offline_token=true";
    let refresh = site.send("GET", path, &basic("reader:reader's"), "").json();
    let refresh = refresh["refresh_token"].as_str().unwrap().to_owned();
    let form = format!("grant_type=refresh_token&refresh_token={refresh}&username=admin&scope=repository:team/app:*");
    assert_eq!(site.send("POST", "/token", "", &form).json()["scope"], SCOPE);
    assert_eq!(
        site.send("GET", path, &basic(&format!("reader:{refresh}")), "").status,
        401
    );
    let bearer = site.send("GET", "/v2/team/app/tags/list", &format!("Bearer {refresh}"), "");
    assert_eq!(bearer.status, 401);
}

#[test]
fn who_may_do_nothing_without_an_account_gets_no_token_without_one() {
    let reader = User::new("reader", "reader's".to_owned()).with_access(Access::all());
    let site = Site::new(Scheme::Bearer, Users::new().with_user(reader));
    let refused = site.send("GET", "/token", "", "");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.challenge(), "Basic realm=\"registry.test\"");
    assert_eq!(site.send("GET", "/token", &basic("reader:reader's"), "").status, 200);
}

/// A realm that is a path is at the address by which the client called.
#[test]
fn a8_a_realm_follows_the_address_of_the_request() {
    let settings = TokenSettings::new("/auth/token", "registry.test");
    let users = Users::new().with_anonymous(Access::below("", &[Action::Pull]));
    let runtime = SimRuntime::new();
    let registry = Protected::bearer(Registry::in_memory(), users, settings, Arc::new(runtime.clone()));
    let send = |uri: &str| {
        let request = Request::get(uri).body(Body::empty()).unwrap();
        runtime.run(registry.send(request)).unwrap()
    };
    for (uri, realm) in [
        ("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/auth/token"),
        ("https://registry.test/v2/", "https://registry.test/auth/token"),
        ("http://[::1]:5000/v2/", "http://[::1]:5000/auth/token"),
        (
            "http://user:secret@registry.test:80/v2/",
            "http://registry.test:80/auth/token",
        ),
        ("/v2/", "/auth/token"),
    ] {
        let challenge = send(uri).headers()["www-authenticate"].to_str().unwrap().to_owned();
        assert_eq!(
            challenge,
            format!("Bearer realm=\"{realm}\",service=\"registry.test\""),
            "{uri}"
        );
    }
    assert_eq!(send("http://127.0.0.1:5000/auth/token").status(), 200);
}
