use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Mutex;

use ureq::Timeout;
use ureq::unversioned::transport::time::Duration;

use super::*;

/// A resolver that gives one list of addresses after the other.
#[derive(Debug)]
struct Answers(Mutex<VecDeque<Vec<SocketAddr>>>);

impl Resolver for Answers {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut resolved = self.empty();
        for address in self.0.lock().unwrap().pop_front().ok_or(Error::HostNotFound)? {
            resolved.push(address);
        }
        Ok(resolved)
    }
}

fn resolver(answers: &[&[&str]]) -> PublicResolver<Answers> {
    let answers = answers.iter().map(|answer| {
        let addresses = answer.iter().map(|text| text.parse::<IpAddr>().unwrap());
        addresses.map(|address| SocketAddr::new(address, 443)).collect()
    });
    PublicResolver {
        inner: Answers(Mutex::new(answers.collect())),
    }
}

fn addresses(resolver: &PublicResolver<Answers>, uri: &Uri, config: &Config) -> Result<Vec<String>, String> {
    let timeout = NextTimeout {
        after: Duration::NotHappening,
        reason: Timeout::Resolve,
        ..NextTimeout::default()
    };
    match resolver.resolve(uri, config, timeout) {
        Ok(found) => Ok(found.iter().map(|address| address.ip().to_string()).collect()),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn a07_a_name_that_resolves_to_private_addresses_is_not_connected_to() {
    let (uri, config) = (Uri::from_static("https://evil.test/"), Config::default());
    for private in [
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "::1",
        "fd00:ec2::254",
        "::ffff:192.168.0.1",
    ] {
        let error = addresses(&resolver(&[&[private]]), &uri, &config).unwrap_err();
        assert!(error.contains("has no public address"), "{private}: {error}");
    }
    let mixed = resolver(&[&["10.0.0.1", "1.1.1.1", "::1"]]);
    assert_eq!(addresses(&mixed, &uri, &config).unwrap(), ["1.1.1.1"]);
}

#[test]
fn a07_each_answer_is_looked_at_for_itself() {
    let (uri, config) = (Uri::from_static("https://evil.test/"), Config::default());
    let rebinding = resolver(&[&["1.1.1.1"], &["127.0.0.1"]]);
    assert_eq!(addresses(&rebinding, &uri, &config).unwrap(), ["1.1.1.1"]);
    addresses(&rebinding, &uri, &config).unwrap_err();
    assert_eq!(addresses(&rebinding, &uri, &config).unwrap_err(), "host not found");
}

/// A server that names the proxy's host does not get there: the proxy is what is configured, not what is called like it.
#[test]
fn a07_a_proxy_may_be_anywhere_and_its_host_may_not() {
    let resolver = resolver(&[&["10.0.0.1"], &["10.0.0.1"]]);
    let proxy = Proxy::new("http://proxy.corp:3128/").unwrap();
    let config = Config::builder().proxy(Some(proxy.clone())).build();
    assert_eq!(addresses(&resolver, proxy.uri(), &config).unwrap(), ["10.0.0.1"]);
    let same = Uri::from_static("http://proxy.corp:3128/");
    addresses(&resolver, &same, &config).unwrap_err();
}
