//! What the log of a server tells.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use oci_client_core::runtime::ThreadRuntime;
use oci_registry::Registry;
use oci_registry::auth::{Access, Protected, User, Users};
use oci_spec_types::Digest;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::running::{Running, Silent, header, until};

#[tokio::test]
async fn one_event_for_each_request() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = Running::start().await;
    let digest = server.push(b"0123456789").await;
    let pulled = server.send("GET", &format!("/v2/a/blobs/{digest}?ns=x"), "", b"").await;
    server.send("GET", "/v2/a/manifests/absent", "", b"").await;
    server.send("GET", "/nonsense", "", b"").await;
    until(|| server.monitor.counts().connections_open() == 0).await;

    let requests = log.requests();
    let [push, pull, absent, nonsense] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    let expected = [
        ("method", "POST"),
        ("route", "/v2/<name>/blobs/uploads/"),
        ("path", "/v2/a/blobs/uploads/"),
        ("status", "201"),
        ("complete", "true"),
        ("bytes_in", "10"),
        ("bytes_out", "0"),
    ];
    assert_fields(push, &expected);
    assert!(field(push, "client").starts_with("127.0.0.1:"));
    assert!(field(push, "duration_us").parse::<u64>().unwrap() > 0);
    let path = format!("/v2/a/blobs/{digest}");
    let expected = [
        ("route", "/v2/<name>/blobs/<digest>"),
        ("path", path.as_str()),
        ("status", "200"),
        ("bytes_in", "0"),
        ("bytes_out", "10"),
    ];
    assert_fields(pull, &expected);
    assert_eq!(header(&pulled, "x-request-id").unwrap(), field(pull, "request_id"));
    assert_ne!(field(push, "request_id"), field(pull, "request_id"));
    let expected = [("route", "/v2/<name>/manifests/<reference>"), ("status", "404")];
    assert_fields(absent, &expected);
    assert_fields(nonsense, &[("route", "other"), ("status", "404")]);
    assert!(!nonsense.contains_key("path") && !nonsense.contains_key("principal"));
}

/// S01: neither passwords nor the ids of uploads, which are as good; the name of the user is there.
#[tokio::test]
async fn s01_principal_and_no_secrets() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let users = Users::new().with_user(User::new("me", "s3cret".to_owned()).with_access(Access::all()));
    let registry = Protected::basic(Registry::in_memory(), users, "test", Arc::new(ThreadRuntime::new()));
    let server = Running::serve(registry).await;
    // me:s3cret
    let login = "authorization: Basic bWU6czNjcmV0\r\n";
    let started = server.send("POST", "/v2/a/blobs/uploads/", login, b"").await;
    let location = header(&started, "location").unwrap();
    let digest = Digest::sha256(b"x");
    let path = format!("{location}?digest={digest}&password=s3cret");
    let finished = server.send("PUT", &path, login, b"x").await;
    assert!(finished.starts_with("HTTP/1.1 201 "), "{finished}");
    server.send("GET", &format!("{location}/"), login, b"").await;
    server.send("GET", "/v2/", "", b"").await;
    until(|| server.monitor.counts().connections_open() == 0).await;

    let requests = log.requests();
    let [start, finish, _, refused] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_fields(start, &[("principal", "me"), ("status", "202")]);
    let route = "/v2/<name>/blobs/uploads/<id>";
    assert_fields(finish, &[("principal", "me"), ("route", route), ("status", "201")]);
    assert_fields(refused, &[("status", "401")]);
    assert!(!refused.contains_key("principal"));
    let everything = format!("{:?}", log.0.lock().unwrap());
    for secret in ["s3cret", "bWU6czNjcmV0", location.rsplit('/').next().unwrap()] {
        assert!(!everything.contains(secret), "{secret} is in the log: {everything}");
    }
}

#[tokio::test]
async fn answer_that_breaks_off() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = Running::start().await;
    let digest = server.push(&vec![7; 30_000_000]).await;
    let mut stream = server.connect().await;
    let head = format!("GET /v2/a/blobs/{digest} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.read_exact(&mut [0; 1000]).await.unwrap();
    drop(stream);
    until(|| server.monitor.counts().connections_open() == 0).await;

    let requests = log.requests();
    let [_, pull] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_fields(pull, &[("status", "200"), ("complete", "false")]);
    assert!(field(pull, "bytes_out").parse::<u64>().unwrap() < 30_000_000);
}

#[tokio::test]
async fn request_without_an_answer() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    let server = Running::serve(Silent).await;
    let mut stream = server.connect().await;
    stream.write_all(b"GET /v2/ HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    until(|| server.monitor.counts().requests_open() == 1).await;
    drop(stream);
    until(|| server.monitor.counts().connections_open() == 0).await;
    let requests = log.requests();
    let [request] = requests.as_slice() else {
        panic!("{requests:?}");
    };
    assert_fields(request, &[("route", "/v2/"), ("complete", "false")]);
    assert!(!request.contains_key("status"));
}

type Fields = BTreeMap<String, String>;

/// A field of an event; empty if it is not there.
fn field<'f>(fields: &'f Fields, name: &str) -> &'f str {
    fields.get(name).map_or("", String::as_str)
}

fn assert_fields(fields: &Fields, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(field(fields, name), *value, "{name} in {fields:?}");
    }
}

/// Writes down the fields of every event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<(String, Fields)>>>);

impl Log {
    /// The events about requests, in the order in which these ended.
    fn requests(&self) -> Vec<Fields> {
        let events = self.0.lock().unwrap();
        let requests = events
            .iter()
            .filter(|(target, _)| target == "oci_registry::request INFO");
        requests.map(|(_, fields)| fields.clone()).collect()
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut fields = Line::default();
        span.record(&mut fields);
        self.0
            .lock()
            .unwrap()
            .push((span.metadata().name().to_owned(), fields.0));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let (target, level): (_, &Level) = (event.metadata().target(), event.metadata().level());
        let mut fields = Line::default();
        event.record(&mut fields);
        self.0.lock().unwrap().push((format!("{target} {level}"), fields.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line(Fields);

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }
}
