//! What is under way ends in every way that a task can end, and nobody waits for it any longer.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::Request;
use oci_client_core::proto::Now;
use oci_client_core::runtime::Runtime;
use oci_registry::storage::{MemoryStorage, Storage};
use test_support::SimRuntime;

use crate::intercepted::Intercepted;
use crate::site::{Fault, Site};

/// A storage that panics at one of its steps, whichever it is, takes that request with it and no other.
#[test]
fn a_storage_panics_at_every_step() {
    for what in [What::Blob, What::PartOfBlob, What::Tag] {
        let mut step = 0;
        while panics_at(what, step) {
            step += 1;
        }
        assert!(step >= 4, "{step} steps for {what:?}");
    }
}

/// Whether there is a step of this number.
fn panics_at(what: What, step: usize) -> bool {
    let countdown = Arc::new(AtomicUsize::new(NEVER));
    let counted = Arc::clone(&countdown);
    let storage = Intercepted::new(Arc::new(MemoryStorage::new()), move |_| {
        match counted.load(Ordering::SeqCst) {
            NEVER => {}
            0 => {
                counted.store(NEVER, Ordering::SeqCst);
                // A panic without a message on the terminal.
                resume_unwind(Box::new("a storage that panics"));
            }
            left => counted.store(left - 1, Ordering::SeqCst),
        }
        Ok(())
    });
    let site = site(Arc::new(storage), usize::MAX);
    countdown.store(step, Ordering::SeqCst);
    // What is no task of its own panics in the request.
    let first = catch_unwind(AssertUnwindSafe(|| what.ask(&site)));
    let reached = countdown.swap(NEVER, Ordering::SeqCst) == NEVER;
    let is_whole = first.is_ok_and(|is_whole| is_whole);
    // A whole blob is its reader's, whatever becomes of it in the storage.
    assert!(
        is_whole != reached || matches!(what, What::Blob) && is_whole,
        "step {step} of {what:?}"
    );
    site.site.wait(11);
    assert!(what.ask(&site), "step {step} of {what:?}");
    reached
}

/// A task that is dropped, wherever it stands: as when a runtime ends.
#[test]
fn a_task_is_dropped_wherever_it_stands() {
    for what in [What::Blob, What::PartOfBlob, What::Tag] {
        let mut polls = 0;
        loop {
            let site = site(Arc::new(MemoryStorage::new()), polls);
            // A task waits for each answer.
            site.site.fail(Fault::Slow);
            let is_whole = what.ask(&site);
            site.site.wait(11);
            // Once more with tasks that are not dropped.
            site.lives.store(usize::MAX, Ordering::SeqCst);
            assert!(what.ask(&site), "after {polls} polls of {what:?}");
            if is_whole {
                break;
            }
            polls += 1;
        }
        assert!(polls >= 2, "{polls} polls for {what:?}");
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug)]
enum What {
    Blob,
    PartOfBlob,
    Tag,
}

impl What {
    /// Whether it came, and was right.
    fn ask(self, site: &MortalSite) -> bool {
        let request = match self {
            Self::Blob => Request::get(&site.blob),
            Self::PartOfBlob => Request::get(&site.blob).header("range", "bytes=1-"),
            Self::Tag => Request::get("/v2/app/manifests/latest"),
        };
        let response = site.site.ask(request);
        if !response.status().is_success() {
            assert_eq!(response.status(), 503);
            return false;
        }
        match (self, site.site.read(response)) {
            (Self::Blob, Ok(content)) => content == CONTENT,
            (Self::PartOfBlob, Ok(content)) => content == CONTENT[1..],
            (Self::Tag, content) => content.is_ok(),
            (_, Err(_)) => false,
        }
    }
}

/// A site whose tasks are dropped after so many polls, and take a panic with them.
struct MortalSite {
    blob: String,
    lives: Arc<AtomicUsize>,
    site: Site,
}

fn site(storage: Arc<dyn Storage>, polls: usize) -> MortalSite {
    let lives = Arc::new(AtomicUsize::new(polls));
    let tasks = |inner| -> Arc<dyn Runtime> {
        let lives = Arc::clone(&lives);
        Arc::new(Mortal { inner, lives })
    };
    let site = Site::on(storage, tasks, |upstream| upstream);
    let blob = format!("/v2/app/blobs/{}", site.blob("app", CONTENT));
    site.manifest("app", "latest", "a", None);
    MortalSite { blob, lives, site }
}

struct Mortal {
    inner: SimRuntime,
    lives: Arc<AtomicUsize>,
}

impl Runtime for Mortal {
    fn now(&self) -> Now {
        self.inner.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.inner.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        let lives = Arc::clone(&self.lives);
        if lives.load(Ordering::SeqCst) == 0 {
            return;
        }
        let mut task = AssertUnwindSafe(task).catch_unwind();
        let mut polls = 0;
        self.inner.spawn(Box::pin(poll_fn(move |context| {
            if polls == lives.load(Ordering::SeqCst) {
                return Poll::Ready(());
            }
            polls += 1;
            task.poll_unpin(context).map(drop)
        })));
    }

    fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
        self.inner.spawn_blocking(work);
    }
}

const CONTENT: &[u8] = &[7; 5000];
const NEVER: usize = usize::MAX;
