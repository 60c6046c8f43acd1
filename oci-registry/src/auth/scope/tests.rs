use super::*;

#[test]
fn a_scope_is_split_from_both_ends() {
    let scope = Scope::parse("repository(plugin):host:5000/a:pull,,push").unwrap();
    assert_eq!(scope.to_string(), "repository:host:5000/a:pull,push");
    assert!(Scope::parse("repository:a:").unwrap().is_empty());
    for text in ["", "a", "a:b"] {
        assert_eq!(Scope::parse(text), None, "{text}");
    }
}
