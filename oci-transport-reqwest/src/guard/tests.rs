use std::io;
use std::net::IpAddr;
use std::sync::Mutex;

use super::*;

/// A resolver that gives one list of addresses after the other.
fn resolver(answers: &[&[&str]], proxies: &[&str]) -> PublicResolver {
    let mut answers: Vec<Vec<SocketAddr>> = answers
        .iter()
        .map(|answer| {
            let addresses = answer.iter().map(|text| text.parse::<IpAddr>().unwrap());
            addresses.map(|address| SocketAddr::new(address, 0)).collect()
        })
        .collect();
    answers.reverse();
    let answers = Mutex::new(answers);
    let lookup = move |_: &str| {
        answers
            .lock()
            .unwrap()
            .pop()
            .ok_or_else(|| io::Error::other("no such host"))
    };
    let proxies = proxies.iter().map(|proxy| (*proxy).to_owned()).collect();
    PublicResolver::with_lookup(Arc::new(lookup), proxies)
}

async fn addresses(resolver: &PublicResolver, name: &str) -> Result<Vec<String>, String> {
    let found = resolver.resolve(name.parse().unwrap()).await;
    found
        .map(|found| found.map(|address| address.ip().to_string()).collect())
        .map_err(|error| error.to_string())
}

#[tokio::test]
async fn a07_a_name_that_resolves_to_private_addresses_is_not_connected_to() {
    for private in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00:ec2::254",
        "::ffff:192.168.0.1",
    ] {
        let error = addresses(&resolver(&[&[private]], &[]), "evil.test").await.unwrap_err();
        assert!(error.contains("has no public address"), "{private}: {error}");
    }
    let mixed = resolver(&[&["10.0.0.1", "1.1.1.1", "::1"]], &[]);
    assert_eq!(addresses(&mixed, "evil.test").await.unwrap(), ["1.1.1.1"]);
}

#[tokio::test]
async fn a07_each_answer_is_looked_at_for_itself() {
    let rebinding = resolver(&[&["1.1.1.1"], &["127.0.0.1"]], &[]);
    assert_eq!(addresses(&rebinding, "evil.test").await.unwrap(), ["1.1.1.1"]);
    addresses(&rebinding, "evil.test").await.unwrap_err();
    assert_eq!(addresses(&rebinding, "evil.test").await.unwrap_err(), "no such host");
}

#[tokio::test]
async fn a_proxy_may_be_anywhere() {
    let resolver = resolver(&[&["10.0.0.1"], &["10.0.0.1"]], &["Proxy.corp"]);
    assert_eq!(addresses(&resolver, "proxy.corp").await.unwrap(), ["10.0.0.1"]);
    addresses(&resolver, "other.corp").await.unwrap_err();
}

#[test]
fn proxies_of_the_environment_are_read_with_and_without_a_scheme() {
    let hosts = environment_proxies(|name| match name {
        "HTTPS_PROXY" => Some("http://user:pw@secure.corp:3128".to_owned()),
        "http_proxy" => Some("plain.corp:8080".to_owned()),
        "ALL_PROXY" => Some("socks5h://[::1]:1080".to_owned()),
        "all_proxy" => Some(String::new()),
        _ => None,
    });
    assert_eq!(hosts, ["[::1]", "secure.corp", "plain.corp"]);
}
