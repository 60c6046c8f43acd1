use super::*;

fn get(path: &str) -> Request<Body> {
    Request::get(format!("https://registry.test{path}"))
        .header("accept", "a/b")
        .body(Body::empty())
        .unwrap()
}

fn send(exchange: Exchange, request: Request<Body>) {
    let runtime = SimRuntime::new();
    runtime
        .run(ScriptedTransport::new(&runtime, [exchange]).send(request))
        .unwrap();
}

fn expected() -> Exchange {
    Exchange::get("/v2/", Reply::new(200))
        .at("https://registry.test")
        .with_header("accept", "a/b")
        .without_header("range")
}

#[test]
fn the_expected_request_is_answered() {
    send(expected(), get("/v2/"));
}

#[test]
#[should_panic(expected = "expected GET /v2/")]
fn another_path_is_unexpected() {
    send(expected(), get("/v2/x"));
}

#[test]
#[should_panic(expected = "expected `accept: c/d`")]
fn another_header_is_unexpected() {
    send(expected().with_header("accept", "c/d"), get("/v2/"));
}

#[test]
#[should_panic(expected = "expected no `accept`")]
fn a_header_too_many_is_unexpected() {
    send(expected().without_header("accept"), get("/v2/"));
}

#[test]
#[should_panic(expected = "expected it at https://other.test")]
fn another_origin_is_unexpected() {
    send(expected().at("https://other.test"), get("/v2/"));
}

#[test]
#[should_panic(expected = "requests that never came: [\"GET /v2/\"]")]
fn a_request_that_never_comes_is_missed() {
    drop(ScriptedTransport::new(&SimRuntime::new(), [expected()]));
}
