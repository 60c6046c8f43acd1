//! Trying again: when, how often, and what the error tells (P06, P07, P08).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use http::Request;
use oci_client_core::client::Repository;
use oci_client_core::proto::RetryPolicy;
use oci_client_core::transport::TransportErrorKind;
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{app, builder, layer, noise, profile, repository, target};

const SECOND: Duration = Duration::from_secs(1);

/// What a server answers to one request after the other, and when they came.
struct Visits {
    app: Repository,
    runtime: SimRuntime,
    times: Arc<Mutex<Vec<Duration>>>,
}

impl Visits {
    /// Gives `replies` in their order, and 404 after the last.
    fn new(replies: impl IntoIterator<Item = Reply>) -> Self {
        let runtime = SimRuntime::new();
        let times = Arc::new(Mutex::new(Vec::new()));
        let mut replies = replies.into_iter().collect::<Vec<_>>().into_iter();
        let server = Responder::new(&runtime, {
            let (runtime, times) = (runtime.clone(), times.clone());
            move |_: &Request<Bytes>| {
                times.lock().unwrap().push(runtime.elapsed());
                replies.next().unwrap_or_else(|| Reply::new(404))
            }
        });
        Self {
            app: repository(&runtime, server),
            runtime,
            times,
        }
    }

    fn error(&self) -> Error {
        self.runtime.run(self.app.manifest(&target("v1"))).unwrap_err()
    }

    fn times(&self) -> Vec<Duration> {
        self.times.lock().unwrap().clone()
    }
}

#[test]
fn ch7_p06_a_retry_after_in_seconds_is_kept_to_the_second() {
    for (status, wait) in [(429, 1), (503, 17), (429, 60)] {
        let visits = Visits::new([Reply::new(status).with_header("retry-after", wait.to_string())]);
        assert_eq!(visits.error().kind(), ErrorKind::NotFound);
        assert_eq!(visits.times(), [Duration::ZERO, wait * SECOND]);
    }
}

#[test]
fn ch7_p06_a_retry_after_as_a_date_is_read_by_the_wall_clock() {
    // The simulated clock begins at 08:00:00.
    for (date, wait) in [
        ("Fri, 15 Jan 2027 08:00:45 GMT", 45),
        ("Friday, 15-Jan-27 08:00:45 GMT", 45),
        ("Fri Jan 15 08:00:45 2027", 45),
    ] {
        let visits = Visits::new([Reply::new(429).with_header("retry-after", date)]);
        assert_eq!(visits.error().kind(), ErrorKind::NotFound);
        assert_eq!(visits.times(), [Duration::ZERO, wait * SECOND], "{date}");
    }
}

#[test]
fn p07_a_delete_whose_answer_was_lost_has_been_done() {
    for (first, done) in [
        (Reply::failure(TransportErrorKind::Reset), true),
        (Reply::new(503), true),
        // Nothing had reached the registry: there was no such manifest.
        (Reply::failure(TransportErrorKind::Connect), false),
    ] {
        let (runtime, first) = (SimRuntime::new(), Mutex::new(Some(first)));
        let server = Responder::new(&runtime, move |_| {
            first.lock().unwrap().take().unwrap_or(Reply::new(404))
        });
        let deleted = runtime.run(repository(&runtime, server).delete_manifest(&target("v1")));
        assert_eq!(deleted.is_ok(), done, "{deleted:?}");
    }
}

#[test]
fn p06_a_retry_after_that_is_over_leaves_the_usual_pause() {
    for value in ["0", "Fri, 15 Jan 2027 07:00:00 GMT"] {
        let visits = Visits::new(vec![Reply::new(503).with_header("retry-after", value); 10]);
        assert_eq!(visits.error().attempts().len(), 4);
        let pauses: Vec<_> = visits.times().windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert!(
            pauses.iter().all(|pause| *pause >= Duration::from_millis(125)),
            "{value}: {pauses:?}"
        );
        assert!(pauses[3] >= SECOND, "{value}: {pauses:?}");
    }
}

#[test]
fn p06_a_retry_after_beyond_the_longest_wait_is_for_the_caller_to_judge() {
    for (wait, expected) in [
        ("61", 61 * SECOND),
        ("3600", 3600 * SECOND),
        ("Sat, 16 Jan 2027 08:00:00 GMT", 24 * 3600 * SECOND),
        ("100000000000000000", Duration::from_secs(100_000_000_000_000_000)),
    ] {
        let visits = Visits::new([Reply::new(429).with_header("retry-after", wait)]);
        let error = visits.error();
        assert_eq!(
            (error.kind(), error.retry_after()),
            (ErrorKind::RateLimited, Some(expected)),
            "{wait}"
        );
        assert_eq!(visits.times(), [Duration::ZERO]);
    }
}

#[test]
fn p06_a_retry_after_that_says_nothing_leaves_the_usual_pause() {
    for text in ["-1", "soon", "", "1.5", "\u{ff}", "99999999999999999999999"] {
        let visits = Visits::new([Reply::new(429).with_header("retry-after", text)]);
        let error = visits.error();
        let times = visits.times();
        if error.kind() == ErrorKind::RateLimited {
            // More seconds than can be counted are more than anybody waits.
            assert_eq!((text, times.len()), ("99999999999999999999999", 1));
            continue;
        }
        assert!(
            Duration::from_millis(125) <= times[1] && times[1] <= Duration::from_millis(250),
            "{text}: {times:?}"
        );
    }
}

#[test]
fn p06_one_refusal_holds_up_all_requests_to_the_host() {
    let runtime = SimRuntime::new();
    let times = Arc::new(Mutex::new(Vec::new()));
    let server = Responder::new(&runtime, {
        let (runtime, times) = (runtime.clone(), times.clone());
        move |_: &Request<Bytes>| {
            let mut times = times.lock().unwrap();
            times.push(runtime.elapsed());
            if times.len() == 1 {
                Reply::new(429).with_header("retry-after", "10")
            } else {
                Reply::new(404)
            }
        }
    });
    let app = repository(&runtime, server);
    let found = runtime.run(join_all((0..20).map(|task| {
        let (app, runtime) = (app.clone(), runtime.clone());
        async move {
            oci_client_core::runtime::Runtime::sleep(&runtime, task * SECOND / 10).await;
            app.resolve(&target("v1")).await
        }
    })));
    assert!(found.into_iter().all(|found| found.unwrap().is_none()));
    let times = times.lock().unwrap();
    assert_eq!(times[0], Duration::ZERO);
    assert_eq!(times[1..], [10 * SECOND; 20]);
}

#[test]
fn p07_what_may_pass_is_tried_five_times_in_all() {
    for status in [408, 429, 500, 502, 503, 504] {
        let visits = Visits::new(vec![Reply::new(status); 10]);
        let error = visits.error();
        assert_eq!(error.status().unwrap().as_u16(), status);
        assert_eq!((visits.times().len(), error.attempts().len()), (5, 4), "{status}");
        assert!(
            error.is_retryable() && error.to_string().contains("(4 times)"),
            "{error}"
        );
    }
    for kind in [
        TransportErrorKind::Connect,
        TransportErrorKind::Reset,
        TransportErrorKind::Timeout,
    ] {
        let visits = Visits::new(vec![Reply::failure(kind); 10]);
        let error = visits.error();
        assert_eq!(error.transport().map(|error| error.kind()), Some(kind));
        assert_eq!((visits.times().len(), error.attempts().len()), (5, 4), "{kind:?}");
    }
}

#[test]
fn p07_the_pauses_grow_and_stay_within_their_bounds() {
    let visits = Visits::new(vec![Reply::new(503); 10]);
    let error = visits.error();
    let times = visits.times();
    let pauses: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    for (pause, bound) in pauses.iter().zip([250, 500, 1000, 2000].map(Duration::from_millis)) {
        assert!(bound / 2 <= *pause && *pause <= bound, "{pauses:?}");
    }
    assert_eq!(
        error
            .attempts()
            .iter()
            .map(|attempt| attempt.pause())
            .collect::<Vec<_>>(),
        pauses
    );
}

#[test]
fn p07_what_will_not_pass_is_tried_once() {
    for status in [400, 401, 403, 404, 405, 409, 410, 412, 413, 416, 418, 451] {
        let visits = Visits::new([Reply::new(status)]);
        assert_eq!(visits.error().status().unwrap().as_u16(), status);
        assert_eq!(visits.times().len(), 1, "{status}");
    }
    for kind in [TransportErrorKind::Tls, TransportErrorKind::Other] {
        let visits = Visits::new([Reply::failure(kind)]);
        assert_eq!(visits.error().kind(), ErrorKind::Transport);
        assert_eq!(visits.times().len(), 1, "{kind:?}");
    }
}

#[test]
fn p07_without_retries_everything_is_tried_once() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(503))).with_budget(1);
    let policy = RetryPolicy::new().with_retries(0);
    let app = app(&builder(&runtime, recorder).profile(profile(policy)).build());
    assert_eq!(
        runtime.run(app.manifest(&target("v1"))).unwrap_err().kind(),
        ErrorKind::Server
    );
}

#[test]
fn p15_a_kept_connection_that_was_closed_costs_no_time() {
    let visits = Visits::new([Reply::failure(TransportErrorKind::Reset)]);
    assert_eq!(visits.error().kind(), ErrorKind::NotFound);
    assert_eq!(visits.times(), [Duration::ZERO; 2]);
}

#[test]
fn p08_a_hundred_tasks_do_not_multiply_the_tries() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(503))).with_budget(500);
    let app = repository(&runtime, recorder.clone());
    let found = runtime.run(join_all(
        (0..100)
            .map(|_| app.clone())
            .map(|app| async move { app.resolve(&target("v1")).await }),
    ));
    assert!(found.into_iter().all(|found| found.is_err()));
    assert_eq!(recorder.count(), 500);
}

#[test]
fn an_upload_is_tried_again_from_its_source() {
    let runtime = SimRuntime::new();
    let registry = Registry::in_memory();
    let mut first = true;
    let server = Responder::new(&runtime, move |request: &Request<Bytes>| {
        if std::mem::take(&mut first) {
            return Reply::failure(TransportErrorKind::Reset);
        }
        let (parts, body) = request.clone().into_parts();
        let response = oci_client_core::runtime::block_on(registry.handle(Request::from_parts(parts, body.into())));
        assert_eq!(response.status(), 201);
        Reply::new(201)
    });
    let recorder = Recorder::new(server);
    let content = noise(1, 1000);
    let app = repository(&runtime, recorder.clone());
    runtime
        .run(app.push_blob(&layer(&content), Arc::new(content.clone())))
        .unwrap();
    assert_eq!(
        recorder
            .requests()
            .iter()
            .map(|request| request.sent)
            .collect::<Vec<_>>(),
        [1000, 1000]
    );
}
