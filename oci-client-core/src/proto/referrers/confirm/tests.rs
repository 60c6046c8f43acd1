use super::*;
use crate::proto::TransportErrorKind;
use crate::proto::testing::{Actor, Stage, body, failed, head, hello_digest, refused, refuses_all_but, start};

const GET: &str = "GET /v2/a/b/referrers/D";

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

fn confirm() -> Actor<ConfirmReferrer> {
    Actor::new(ConfirmReferrer::new("a/b".parse().unwrap(), hello_digest()))
}

#[test]
fn cr1_a_claim_is_true_where_the_api_answers_and_that_is_remembered() {
    let stage = &mut Stage::new();
    let rows = [
        (start(), GET),
        (head(200, &[("content-type", INDEX)]), "buffer…"),
        (body(r#"{"schemaVersion":2,"manifests":[]}"#), "done ByRegistry"),
    ];
    confirm().rows(stage, rows);
    confirm().rows(stage, [(start(), "done ByRegistry")]);
}

#[test]
fn cr1_p19_a_claim_is_not_true_where_there_is_no_api() {
    for status in [404, 405, 406, 501] {
        let stage = &mut Stage::new();
        confirm().rows(stage, [(start(), GET), (refused(status), "done NotYet")]);
        confirm().rows(stage, [(start(), "done NotYet")]);
    }
    // Perhaps only for this subject: the next one is asked for anew.
    let stage = &mut Stage::new();
    confirm().rows(stage, [(start(), GET), (refused(400), "done NotYet")]);
    confirm().rows(stage, [(start(), GET)]);
    let rows = [
        (start(), GET),
        (head(200, &[("content-type", "text/html")]), "buffer…"),
        (body("<html>"), "done NotYet"),
    ];
    confirm().rows(&mut Stage::new(), rows);
}

#[test]
fn cr1_where_it_cannot_be_found_out_it_stays_a_claim_and_is_no_failure() {
    for told in [401, 403, 429, 500, 503]
        .map(refused)
        .into_iter()
        .chain([failed(TransportErrorKind::Reset)])
    {
        let stage = &mut Stage::new();
        confirm().rows(stage, [(start(), GET), (told, "done Claimed")]);
        confirm().rows(stage, [(start(), GET)]);
    }
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| confirm());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = confirm();
        actor.rows(stage, [(start(), GET)]);
        actor
    });
}
