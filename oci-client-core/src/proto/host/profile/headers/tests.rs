use super::*;

fn profile() -> HostProfile {
    HostProfile::new("mirror.test".parse().unwrap())
}

#[test]
fn a_field_may_have_several_values_and_none_is_shown() {
    let profile = profile()
        .with_header("X-Team", "hunter2-one")
        .unwrap()
        .with_header("x-team", "hunter2-two")
        .unwrap();
    let values: Vec<_> = profile.headers().get_all("x-team").iter().collect();
    assert_eq!(values, ["hunter2-one", "hunter2-two"]);
    assert!(!format!("{profile:?}").contains("hunter2"));
}

#[test]
fn what_the_protocol_decides_cannot_be_set() {
    for name in RESERVED {
        let error = profile().with_header(name.as_str(), "hunter2").unwrap_err();
        assert_eq!(error.reason, Reason::Reserved, "{name}");
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
    for (name, value, reason) in [
        ("", "1", Reason::Name),
        ("x y", "1", Reason::Name),
        ("x\r\ny", "1", Reason::Name),
        ("x", "a\r\nb", Reason::Value),
        ("x", "a\0b", Reason::Value),
    ] {
        let error = profile().with_header(name, value).unwrap_err();
        assert_eq!(error.reason, reason);
        assert!(!error.to_string().contains(['\r', '\n']));
    }
}
