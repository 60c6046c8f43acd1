//! The token exchange by POST, identity tokens and registry tokens.

use super::*;
use crate::proto::testing::given;
use crate::proto::{Credential, TokenMethod};

const FORM: &str = "POST /token <- grant_type=password&username=u&password=p&service=s&client_id=oci-client-core&scope=repository%3Aa%2Fb%3Apull";
const REFRESH: &str = "POST /token <- grant_type=refresh_token&refresh_token=r1&service=s&client_id=oci-client-core&scope=repository%3Aa%2Fb%3Apull";
const SUCCESSOR: &str = "POST /token <- grant_type=refresh_token&refresh_token=r2&service=s&client_id=oci-client-core&scope=repository%3Aa%2Fb%3Apull";
const WITH_TOKEN: &str = "GET /v2/a/b/blobs/D [Bearer t1]";

/// A registry whose passwords are exchanged by POST.
fn posting() -> Stage {
    let profile = HostProfile::new("r.test".parse().unwrap());
    Stage::with(profile.with_token_method(TokenMethod::Post))
}

fn identity(token: &str) -> Told {
    given(Credential::identity_token(token.to_owned()))
}

fn refreshed(token: &str, refresh: &str) -> Told {
    body(format!(
        r#"{{"access_token":"{token}","refresh_token":"{refresh}","expires_in":60}}"#
    ))
}

#[test]
fn a4_a_password_goes_in_a_form_where_that_is_configured() {
    let stage = &mut posting();
    pull().rows(
        stage,
        [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (credential("u", "p"), FORM),
            (head(200, &[]), "buffer 131072"),
            (body(r#"{"access_token":"t1","expires_in":300}"#), WITH_TOKEN),
        ],
    );
    pull().rows(stage, [(start(), WITH_TOKEN)]);
}

#[test]
fn a13_the_form_is_shown_nowhere() {
    let (stage, mut actor) = (&mut posting(), pull());
    let mut seen = 0;
    for told in [start(), challenge(BEARER), credential("u", "hunter2")] {
        let step = actor.tell(stage, told);
        assert!(!format!("{step:?}").contains("hunter2"));
        if let Step::Send(request) = step {
            // A transport may well show the request that it is given.
            let shown = format!("{request:?} {:?}", request.body());
            assert!(!shown.contains("hunter2"), "{shown}");
            seen += request.body().len().unwrap_or_default();
        }
    }
    assert!(seen > 0, "the form was sent");
}

#[test]
fn a4_the_form_carries_any_characters_and_the_configured_name() {
    let profile = HostProfile::new("r.test".parse().unwrap())
        .with_token_method(TokenMethod::Post)
        .with_client_id("my tool");
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (
            credential("u&v", "p=q +é%"),
            "POST /token <- grant_type=password&username=u%26v&password=p%3Dq+%2B%C3%A9%25&service=s&client_id=my+tool&scope=repository%3Aa%2Fb%3Apull",
        ),
    ];
    pull().rows(&mut Stage::with(profile), rows);
}

#[test]
fn a4_without_a_credential_a_token_is_asked_for_by_get() {
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (no_credential(), ANONYMOUS_TOKEN),
    ];
    pull().rows(&mut posting(), rows);
}

#[test]
fn a4_an_endpoint_without_post_gets_a_get_and_is_remembered() {
    for status in [400, 401, 403, 404, 405] {
        let stage = &mut posting();
        pull().rows(
            stage,
            [
                (start(), BLOB),
                (challenge(BEARER), "ask…"),
                (credential("u", "p"), FORM),
                (head(status, &[]), "buffer 131072"),
                (body(""), TOKEN),
                (head(200, &[]), "buffer 131072"),
                (token("t1", 60), WITH_TOKEN),
            ],
        );
        stage.pass(60);
        pull().rows(stage, [(start(), TOKEN)]);
    }
}

#[test]
fn a15_a_password_that_both_methods_refuse_is_an_error_and_the_method_is_not_learned() {
    let stage = &mut posting();
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (credential("u", "p"), FORM),
        (head(401, &[]), "buffer 131072"),
        (body(""), TOKEN),
        (head(401, &[]), "buffer 131072"),
        (body(""), "ask…"),
        (
            credential("u", "p"),
            "failed Unauthorized: the token endpoint refuses the password of `u`",
        ),
    ];
    pull().rows(stage, rows);
    pull().rows(stage, [(start(), FORM)]);
}

#[test]
fn a4_other_refusals_of_a_form_are_no_reason_for_a_get() {
    for (status, expected) in [
        (402, "failed Protocol: the token endpoint failed"),
        (413, "failed Protocol: the token endpoint failed"),
        (429, "sleep…"),
        (500, "sleep…"),
    ] {
        let rows = [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (credential("u", "p"), FORM),
            (head(status, &[]), "buffer 131072"),
            (body(""), expected),
        ];
        pull().rows(&mut posting(), rows);
    }
}

#[test]
fn a08_a_form_is_never_sent_on_through_a_redirect() {
    for status in [301, 302, 303, 307, 308] {
        for location in ["https://evil.test/token", "https://r.test/other", "/token"] {
            for (told, asked) in [(credential("u", "p"), FORM), (identity("r1"), REFRESH)] {
                let rows = [
                    (start(), BLOB),
                    (challenge(BEARER), "ask…"),
                    (told, asked),
                    (head(status, &[("location", location)]), "buffer 131072"),
                    (body(""), "failed UnsafeUrl: never fetched through a redirect"),
                ];
                pull().rows(&mut posting(), rows);
            }
        }
    }
}

#[test]
fn a05_a06_an_identity_token_goes_to_no_realm_of_somebody_else() {
    for (realm, expected) in [
        ("https://evil.test/token", "failed UnsafeUrl: evil.test is not known"),
        ("http://r.test/token", "failed UnsafeUrl: it is not https"),
    ] {
        let line = format!("Bearer realm=\"{realm}\",service=s");
        let rows = [(start(), BLOB), (challenge(&line), "ask…"), (identity("r1"), expected)];
        pull().rows(&mut Stage::new(), rows);
    }
}

#[test]
fn a9_an_identity_token_is_exchanged_whatever_is_configured_for_passwords() {
    let stage = &mut Stage::new();
    pull().rows(
        stage,
        [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (identity("r1"), REFRESH),
            (head(200, &[]), "buffer 131072"),
            (token("t1", 60), WITH_TOKEN),
        ],
    );
    stage.pass(60);
    pull().rows(stage, [(start(), REFRESH)]);
}

#[test]
fn a9_an_identity_token_has_no_other_form() {
    for (status, why) in [
        (400, "the token endpoint refuses an identity token"),
        (401, "the token endpoint refuses an identity token"),
        (403, "the token endpoint refuses an identity token"),
        (404, "the token endpoint takes no identity tokens"),
        (405, "the token endpoint takes no identity tokens"),
    ] {
        let expected = format!("failed Unauthorized: {why}");
        let rows = [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (identity("r1"), REFRESH),
            (head(status, &[]), "buffer 131072"),
            (body(""), "ask…"),
            (identity("r1"), expected.as_str()),
        ];
        pull().rows(&mut Stage::new(), rows);
    }
    let rows = [
        (start(), BLOB),
        (challenge("Basic realm=x"), "ask…"),
        (
            identity("r1"),
            "failed Unauthorized: a user name and a password, and an identity token was given",
        ),
    ];
    pull().rows(&mut Stage::new(), rows);
}

/// A stage on which the identity token `r1` has been replaced by `r2`.
fn rotated() -> Stage {
    let mut stage = Stage::new();
    pull().rows(
        &mut stage,
        [
            (start(), BLOB),
            (challenge(BEARER), "ask…"),
            (identity("r1"), REFRESH),
            (head(200, &[]), "buffer 131072"),
            (refreshed("t1", "r2"), WITH_TOKEN),
        ],
    );
    stage.pass(60);
    stage
}

#[test]
fn a4_the_successor_of_an_identity_token_serves_the_next_exchange() {
    let stage = &mut rotated();
    let mut actor = pull();
    actor.rows(stage, [(start(), SUCCESSOR), (head(200, &[]), "buffer 131072")]);
    actor.rows(stage, [(refreshed("t2", "r1"), "GET /v2/a/b/blobs/D [Bearer t2]")]);
    // The endpoint is back at what the source has.
    stage.pass(60);
    pull().rows(stage, [(start(), REFRESH)]);
    assert!(!format!("{:?}", stage.host).contains("r2"));
}

#[test]
fn a4_a17_a_successor_serves_only_the_token_that_it_succeeds() {
    let stage = &mut rotated();
    stage.forget_credentials();
    let other = SUCCESSOR.replace("=r2&", "=other&");
    pull().rows(stage, [(start(), "ask…"), (identity("other"), &*other)]);
    stage.forget_credentials();
    pull().rows(
        stage,
        [
            (start(), "ask…"),
            (credential("u", "r1"), &*TOKEN.replace(":p]", ":r1]")),
        ],
    );
    // Nor any other realm.
    let stage = &mut rotated();
    let mut actor = pull();
    actor.rows(stage, [(start(), SUCCESSOR)]);
    let elsewhere = BEARER.replace("/token", "/other");
    let rows = [
        (head(200, &[]), "buffer…"),
        (token("t2", 60), "GET /v2/a/b/blobs/D [Bearer t2]"),
        (
            challenge(&elsewhere),
            "POST /other <- grant_type=refresh_token&refresh_token=r1…",
        ),
    ];
    actor.rows(stage, rows);
}

#[test]
fn a4_a_successor_that_is_refused_makes_way_for_the_token_of_the_source() {
    let stage = &mut rotated();
    let mut actor = pull();
    let rows = [
        (start(), SUCCESSOR),
        (head(400, &[]), "buffer…"),
        (body(""), REFRESH),
        (head(400, &[]), "buffer…"),
        (body(""), "ask…"),
        (identity("r1"), "failed Unauthorized: refuses an identity token"),
    ];
    actor.rows(stage, rows);
}

#[test]
fn a4_what_is_given_for_a_password_is_no_credential_to_keep() {
    let stage = &mut posting();
    let rows = [
        (start(), BLOB),
        (challenge(BEARER), "ask…"),
        (credential("u", "p"), FORM),
        (head(200, &[]), "buffer…"),
        (refreshed("t1", "r2"), WITH_TOKEN),
    ];
    pull().rows(stage, rows);
    stage.pass(60);
    pull().rows(stage, [(start(), FORM)]);
}

#[test]
fn a_registry_token_is_sent_as_it_is() {
    let given_token = || given(Credential::registry_token("t1".to_owned()));
    let stage = &mut Stage::new();
    let anywhere = BEARER.replace("r.test", "evil.test");
    let rows = [
        (start(), BLOB),
        (challenge(&anywhere), "ask…"),
        (given_token(), WITH_TOKEN),
        (head(200, &[]), "receive…"),
    ];
    pull().rows(stage, rows);
    // Refused, it is asked for once more, and nothing else is done with it.
    let rows = [
        (start(), WITH_TOKEN),
        (challenge(&anywhere), "buffer 65536"),
        (body(""), "ask…"),
        (given_token(), "failed Unauthorized: r.test refuses a registry token"),
    ];
    pull().rows(stage, rows);
    let newer = given(Credential::registry_token("t2".to_owned()));
    let rows = [
        (start(), WITH_TOKEN),
        (challenge(&anywhere), "buffer 65536"),
        (body(""), "ask…"),
        (newer, "GET /v2/a/b/blobs/D [Bearer t2]"),
    ];
    pull().rows(stage, rows);
    let rows = [
        (start(), BLOB),
        (challenge("Basic realm=x"), "ask…"),
        (given_token(), "failed Unauthorized: a registry token was given"),
    ];
    pull().rows(&mut Stage::new(), rows);
}
