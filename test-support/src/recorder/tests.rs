use super::*;
use crate::{Reply, Responder, SimRuntime};

fn post(runtime: &SimRuntime, recorder: &Recorder<impl Transport>, content: &str) {
    let request = Request::post("https://registry.test/v2/?a=b")
        .body(Body::from(content.as_bytes().to_vec()))
        .unwrap();
    let response = runtime.run(recorder.send(request)).unwrap();
    runtime.run(response.into_body().collect(1000)).unwrap();
}

#[test]
fn bytes_are_counted_in_both_directions() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_| {
        Reply::new(200).with_piece("abc").with_piece("de")
    }));
    post(&runtime, &recorder, "content");
    let requests = recorder.requests();
    assert_eq!((requests[0].sent, requests[0].received, recorder.received()), (7, 5, 5));
    assert_eq!(recorder.lines(), ["POST /v2/?a=b"]);
}

#[test]
#[should_panic(expected = "more than the 2 requests allowed")]
fn a_request_beyond_the_budget_fails() {
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(200))).with_budget(2);
    (0..3).for_each(|_| post(&runtime, &recorder, ""));
}

#[test]
fn a_canary_may_go_to_the_origins_that_are_allowed() {
    let (runtime, canary) = (SimRuntime::new(), Canary::new());
    let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(200)));
    post(&runtime, &recorder, canary.text());
    recorder.assert_confined(&canary, &["https://registry.test"]);
}

#[test]
#[should_panic(expected = "a secret is in what went to https://registry.test")]
fn a_canary_elsewhere_fails() {
    let (runtime, canary) = (SimRuntime::new(), Canary::new());
    let recorder = Recorder::new(Responder::new(&runtime, |_| Reply::new(200)));
    post(&runtime, &recorder, canary.text());
    recorder.assert_confined(&canary, &["http://registry.test", "https://registry.test:444"]);
}
