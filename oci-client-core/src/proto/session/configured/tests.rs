use super::*;

fn sent(method: Method, uri: &str, profile: &HostProfile) -> Request<Payload> {
    let request = Request::builder().method(method).uri(uri).body(Payload::Empty).unwrap();
    add(request, profile).unwrap()
}

#[test]
fn px1_only_what_is_read_from_a_proxy_names_the_registry() {
    let plain = HostProfile::new("cache.test".parse().unwrap());
    let proxy = plain.clone().with_namespace("docker.io".parse().unwrap());
    for (profile, method, uri, expected) in [
        (
            &plain,
            Method::GET,
            "https://cache.test/v2/a",
            "https://cache.test/v2/a",
        ),
        (
            &proxy,
            Method::GET,
            "https://cache.test/v2/a",
            "https://cache.test/v2/a?ns=docker.io",
        ),
        (
            &proxy,
            Method::HEAD,
            "https://cache.test/v2/a?n=1",
            "https://cache.test/v2/a?n=1&ns=docker.io",
        ),
        (
            &proxy,
            Method::GET,
            "https://cache.test/v2/a?ns=x&n=1",
            "https://cache.test/v2/a?ns=x&n=1",
        ),
        (
            &proxy,
            Method::PUT,
            "https://cache.test/v2/a",
            "https://cache.test/v2/a",
        ),
        (
            &proxy,
            Method::POST,
            "https://cache.test/v2/a",
            "https://cache.test/v2/a",
        ),
    ] {
        assert_eq!(sent(method, uri, profile).uri(), expected);
    }
}

#[test]
fn configured_header_fields_go_along_and_stay_secret() {
    let profile = HostProfile::new("cache.test".parse().unwrap());
    let profile = profile.with_header("x-team", "hunter2").unwrap();
    let request = sent(Method::PUT, "https://cache.test/v2/a", &profile);
    assert_eq!(request.headers()["x-team"], "hunter2");
    assert!(!format!("{request:?}").contains("hunter2"));
}
