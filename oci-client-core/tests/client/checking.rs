//! Asking a host whether it is a registry that takes the credential (CH6, A25).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::Request;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::{Credential, RegistryAccess};
use oci_client_core::{Error, ErrorKind};
use test_support::{Canary, Recorder, Reply, Responder, SimRuntime, traced};

use crate::support::{HOST, ORIGIN, builder};

/// A check, by one of the schemes, at a registry that takes the password `right`; and how many requests it took.
fn checked(scheme: &'static str, right: &str, password: Option<&str>) -> (Result<RegistryAccess, Error>, usize) {
    let runtime = SimRuntime::new();
    let right = format!("Basic {}", STANDARD.encode(format!("me:{right}")));
    let answer = move |request: &Request<Bytes>| {
        let sent = request
            .headers()
            .get("authorization")
            .map(|value| value.to_str().unwrap());
        let is_right = sent == Some(right.as_str());
        match (request.uri().path(), scheme) {
            ("/v2/", "Basic") if is_right => Reply::new(200),
            ("/v2/", "Bearer") if sent == Some("Bearer t") => Reply::new(200),
            ("/v2/", "none") => Reply::new(200),
            ("/v2/", "no registry") => Reply::new(404).with_body("<html>"),
            ("/v2/", _) => {
                Reply::new(401).with_header("www-authenticate", format!("{scheme} realm=\"{ORIGIN}/token\""))
            }
            ("/token", _) if is_right => Reply::new(200).with_json(r#"{"token":"t"}"#),
            _ => Reply::new(401),
        }
    };
    let recorder = Recorder::new(Responder::new(&runtime, answer));
    let mut client = builder(&runtime, recorder.clone());
    if let Some(password) = password {
        let credential = Credential::password("me", password.to_owned());
        client = client.credentials(StaticCredentials::new().with(HOST.parse().unwrap(), credential));
    }
    let registry = client.build().registry(&HOST.parse().unwrap());
    (runtime.run(registry.check()), recorder.count())
}

#[test]
fn ch6_a_password_is_right_wrong_or_not_asked_for() {
    let (right, wrong) = (Canary::new(), Canary::new());
    for (scheme, password, expected, requests) in [
        ("Basic", Some(&right), Ok(RegistryAccess::Authorized), 2),
        ("Bearer", Some(&right), Ok(RegistryAccess::Authorized), 3),
        ("Basic", Some(&wrong), Err(ErrorKind::Unauthorized), 2),
        ("Bearer", Some(&wrong), Err(ErrorKind::Unauthorized), 2),
        ("Basic", None, Err(ErrorKind::Unauthorized), 1),
        ("Bearer", None, Err(ErrorKind::Unauthorized), 2),
        ("none", Some(&right), Ok(RegistryAccess::Open), 1),
        ("no registry", Some(&right), Err(ErrorKind::NotFound), 1),
    ] {
        let ((found, count), trace) = traced(|| checked(scheme, right.text(), password.map(Canary::text)));
        for canary in [&right, &wrong] {
            canary.assert_absent_from("the trace", [trace.as_bytes()]);
            if let Err(error) = &found {
                canary.assert_absent_from_error(error);
                assert_eq!(error.operation(), Some("check registry"));
            }
        }
        assert_eq!(found.map_err(|error| error.kind()), expected, "{scheme} {password:?}");
        assert_eq!(count, requests, "{scheme} {password:?}");
    }
}
