use proptest::prelude::*;

use super::*;

#[test]
fn a6_scopes_split_from_both_ends() {
    for text in [
        "repository:a/b:pull,push",
        "repository:host:5000/a:pull",
        "registry:catalog:*",
        "repository(plugin):a:delete",
    ] {
        assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "a",
        "a:b",
        ":b:pull",
        "a::pull",
        "repository:x,y:pull",
        "repository:a:pu ll",
        "repository:a:",
        "repository:a:pull:",
        "repository:a:,",
    ] {
        assert_eq!(text.parse::<Scope>(), Err(InvalidScope), "{text}");
    }
}

#[test]
fn a17_a_narrower_set_never_covers_a_wider_one() {
    let parse = |list: &str| {
        let mut scopes = Scopes::none();
        scopes.add_list(list);
        scopes
    };
    let wide = parse("repository:a:pull,push repository:b:pull");
    assert!(wide.covers(&parse("repository:a:pull")));
    assert!(wide.covers(&parse("repository:b:pull repository:a:push")));
    assert!(!wide.covers(&parse("repository:b:push")));
    assert!(!parse("repository:a:pull").covers(&wide));
    assert!(parse("repository:a:*").covers(&parse("repository:a:delete")));
}

#[test]
fn a16_a_challenge_cannot_grow_the_set_without_bound() {
    let mut scopes = Scopes::none();
    let list: String = (0..100).map(|n| format!("repository:r{n}:pull ")).collect();
    scopes.add_list(&list);
    assert_eq!(scopes.iter().count(), Scopes::MAX_RESOURCES);
    assert!(scopes.to_string().starts_with("repository:r0:pull repository:r1:pull"));
    let name = "a".parse().unwrap();
    assert_eq!(Scopes::repository(&name, &[]), Scopes::none());
}

#[test]
fn a6_the_catalog_has_a_scope_of_its_own() {
    assert_eq!(Scope::catalog().to_string(), "registry:catalog:*");
    assert_eq!("registry:catalog:*".parse(), Ok(Scope::catalog()));
}

#[test]
fn a5_what_is_deleted_from_may_be_asked_for_as_a_whole() {
    let mut scopes = Scopes::none();
    scopes.add_list("repository:a:delete,pull repository:b:pull");
    assert_eq!(
        scopes.with_all_for_delete().to_string(),
        "repository:a:* repository:b:pull"
    );
    assert!(scopes.asks_for(DELETE) && !scopes.with_all_for_delete().asks_for(DELETE));
}

proptest! {
    #[test]
    fn a35_a_scope_has_three_fields_whatever_the_repository_is_called(text in "[ -~]{0,40}") {
        if let Ok(name) = text.parse::<RepositoryName>() {
            let scope = Scope::repository(&name, &["pull", "push"]).to_string();
            prop_assert_eq!(scope.split(':').count(), 3);
            prop_assert_eq!(scope.split_ascii_whitespace().count(), 1);
        }
    }

    #[test]
    fn a35_what_is_no_name_is_no_part_of_a_scope(name in "[a-z0-9]{1,8}", rest in "[:, \\\\\"&?#%@]", tail in "[a-z,:]{0,12}") {
        let text = format!("{name}{rest}{tail}");
        prop_assert!(text.parse::<RepositoryName>().is_err(), "{}", text);
    }
}
