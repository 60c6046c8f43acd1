use std::fmt::{self, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::with_default;
use tracing::{Event, Metadata, Subscriber};

/// Runs `work` and gives with its result everything that it traced on this thread, down to the level `TRACE`.
///
/// ```
/// let ((), text) = test_support::traced(|| tracing::trace!(answer = 42, "found"));
/// assert_eq!(text, "event message=found answer=42\n");
/// ```
pub fn traced<T>(work: impl FnOnce() -> T) -> (T, String) {
    let text = Arc::new(Mutex::new(String::new()));
    let result = with_default(
        Capture {
            next: AtomicU64::new(1),
            text: text.clone(),
        },
        work,
    );
    let text = text.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (result, text)
}

/// Writes down every span and event.
struct Capture {
    next: AtomicU64,
    text: Arc<Mutex<String>>,
}

impl Capture {
    fn write(&self, what: &str, record: impl FnOnce(&mut Line<'_>)) {
        let mut text = self.text.lock().unwrap_or_else(PoisonError::into_inner);
        text.push_str(what);
        record(&mut Line(&mut text));
        text.push('\n');
    }
}

impl Subscriber for Capture {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.write(span.metadata().name(), |line| span.record(line));
        Id::from_u64(self.next.fetch_add(1, Ordering::Relaxed))
    }

    fn record(&self, _span: &Id, values: &Record<'_>) {
        self.write("span", |line| values.record(line));
    }

    fn record_follows_from(&self, _span: &Id, _follows: &Id) {}

    fn event(&self, event: &Event<'_>) {
        self.write("event", |line| event.record(line));
    }

    fn enter(&self, _span: &Id) {}

    fn exit(&self, _span: &Id) {}
}

struct Line<'a>(&'a mut String);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = write!(self.0, " {field}={value:?}");
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = write!(self.0, " {field}={value}");
    }
}
