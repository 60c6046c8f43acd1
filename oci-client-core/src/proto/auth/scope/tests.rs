use super::*;

#[test]
fn a06_scopes_split_from_both_ends() {
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
