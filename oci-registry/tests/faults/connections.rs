//! Requests and answers that are lost or late.

use std::time::Duration;

use oci_client_core::transport::TransportErrorKind;
use oci_registry::faults::FaultInjector;

use crate::site::{End, Site};

#[test]
fn p15_a_lost_request_has_not_been_done_and_a_lost_answer_has() {
    let reset = End::Lost(TransportErrorKind::Reset);
    for (fault, end, status) in [
        ("lost-request", &reset, 404),
        ("lost-answer", &reset, 200),
        ("silence", &End::Never, 200),
    ] {
        let site = Site::new(&format!("PUT: {fault}"));
        let seen = site.put_manifest("new");
        assert_eq!((seen.status, &seen.end), (0, end), "{fault}");
        assert_eq!(
            site.send("GET", "/v2/app/manifests/new", &[], b"").status,
            status,
            "{fault}"
        );
        site.assert_log(&[&format!("PUT {fault}")]);
    }
}

#[test]
fn a_delay_passes_on_the_clock_of_the_runtime() {
    let site = Site::new("GET: delay=90s");
    let before = site.runtime.elapsed();
    assert_eq!(site.pull().body, site.blob);
    assert_eq!(site.runtime.elapsed() - before, Duration::from_secs(90));
    site.assert_log(&["GET delay=90000ms"]);
}

#[test]
fn an_observer_hears_of_each_fault_as_it_happens() {
    use std::sync::{Arc, Mutex};

    let site = Site::new("");
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    let plan = "GET: truncate=10".parse().unwrap();
    let faults = FaultInjector::new(Arc::clone(&site.faults), plan, Arc::new(site.runtime.clone()))
        .with_observer(move |record| ears.lock().unwrap().push(record.to_string()));
    let outer = Site::with(faults, "");
    outer.pull();
    let path = outer.blob_path();
    assert_eq!(*heard.lock().unwrap(), [format!("exchange 1: GET {path}: truncate=10")]);
}
