//! What the log of requests tells.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use http::StatusCode;
use oci_spec_types::Digest;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::fixture::{Fixture, with_digest};

/// Whoever knows the id of an upload may write to it, and who reads a log may not.
#[test]
fn s01_the_ids_of_uploads_are_not_logged() {
    let log = Log::default();
    let id = tracing::subscriber::with_default(log.clone(), || {
        let fixture = Fixture::memory();
        let location = fixture.start_upload("a/b");
        fixture.patch(&location).body("x").send().expect(StatusCode::ACCEPTED);
        fixture.get(format!("{location}/")).send().expect(StatusCode::NOT_FOUND);
        fixture.get(format!("/{location}")).send().expect(StatusCode::NOT_FOUND);
        let put = fixture.put(with_digest(&location, &Digest::sha256(b"x")));
        put.send().expect(StatusCode::CREATED);
        fixture.get("/v2/a/b/tags/list").send().expect(StatusCode::OK);
        location.rsplit('/').next().unwrap().to_owned()
    });
    let text = log.0.lock().unwrap();
    assert!(!text.contains(&id), "{text}");
    for part in ["POST", "202", "/v2/a/b/blobs/uploads/<id>", "/v2/a/b/tags/list"] {
        assert!(text.contains(part), "{text}");
    }
}

/// Writes down the fields of every event.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

struct Line<'l>(&'l mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}
