use super::*;
use crate::auth::{Access, Action};

/// S18: a token limits what its holder may do, and grants nothing that the rules do not.
#[test]
fn s18_a_token_and_the_rules_must_both_allow_it() {
    let request = |path: &str| Request::post(path).body(Body::empty()).unwrap();
    let begin = Needed::by(&request("/v2/a/blobs/uploads/"), &[]);
    let mount = Needed::by(&request("/v2/a/blobs/uploads/?mount=x&from=b"), &[]);
    let write = &[Action::Pull, Action::Push];
    for (scopes, access, begins, mounts) in [
        ("repository:a:pull,push", Access::below("a", write), true, true),
        ("repository:a:pull", Access::below("a", write), false, false),
        (
            "repository:a:pull,push",
            Access::below("a", &[Action::Pull]),
            false,
            false,
        ),
        ("repository:a:pull,push", Access::below("", write), true, false),
        (
            "repository:a:pull,push repository:b:pull",
            Access::below("", write),
            true,
            true,
        ),
        (
            "repository:a:pull,push repository:b:push",
            Access::below("", write),
            true,
            false,
        ),
        ("", Access::all(), false, false),
    ] {
        let grant = Grant::new(None, scopes.split_whitespace().filter_map(Scope::parse).collect());
        let caller = Caller::anonymous(access);
        assert_eq!(is_sufficient(&grant, &caller, &begin), begins, "{scopes}");
        assert_eq!(is_sufficient(&grant, &caller, &mount), mounts, "{scopes}");
    }
}
