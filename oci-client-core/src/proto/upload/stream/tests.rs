mod parts;

use super::*;
use crate::proto::testing::{
    Actor, Stage, Told, failed, head, head_after, hello_digest, interrupted_after, refused, refuses_all_but, start,
};
use crate::proto::{Sent, TransportErrorKind};

const OPEN: &str = "POST /v2/a/b/blobs/uploads/";

fn stream() -> Actor<UploadStream> {
    Actor::new(UploadStream::new("a/b".parse().unwrap(), MediaType::OCTET_STREAM))
}

fn opened() -> Told {
    head(202, &[("location", "/u")])
}

/// The reply to a request with which the content has ended, after `len` more bytes.
fn ended(len: u64, range: &str) -> Told {
    let sent = Sent::new(len).with_digest(hello_digest());
    head_after(202, &[("location", "/u?n=1"), ("range", range)], sent)
}

fn sending(stage: &mut Stage) -> Actor<UploadStream> {
    let mut actor = stream();
    actor.rows(stage, [(start(), OPEN), (opened(), "PATCH /u <- blob 0..")]);
    actor
}

#[test]
fn cb8_cb17_content_of_unknown_length_goes_up_in_one_request_without_a_range() {
    let stage = &mut Stage::new();
    sending(stage).rows(
        stage,
        [
            (ended(5, "0-4"), "PUT /u?n=1&digest=D"),
            (head(201, &[]), "done Descriptor…"),
        ],
    );
}

#[test]
fn p29_an_interrupted_stream_goes_on_where_the_session_is() {
    let stage = &mut Stage::new();
    sending(stage).rows(
        stage,
        [
            (interrupted_after(100), "GET /u"),
            (head(204, &[("range", "0-69")]), "PATCH /u <- blob 70.."),
            (interrupted_after(50), "GET /u"),
            (head(204, &[("range", "0-119")]), "PATCH /u <- blob 120.."),
            (ended(5, "0-124"), "PUT /u?n=1&digest=D"),
        ],
    );
}

#[test]
fn a_stream_whose_end_is_known_goes_on_as_a_part_of_known_length() {
    let stage = &mut Stage::new();
    let sent = Sent::new(100).with_digest(hello_digest());
    sending(stage).rows(
        stage,
        [
            (Told::Input(Input::Interrupted { sent }), "GET /u"),
            (head(204, &[("range", "0-69")]), "PATCH /u (70-99) <- blob 70..100"),
            (head(202, &[("range", "0-99")]), "PUT /u?digest=D"),
        ],
    );
    sending(stage).rows(stage, [(ended(100, "0-69"), "PATCH /u?n=1 (70-99) <- blob 70..100")]);
}

#[test]
fn a_reply_before_the_end_of_the_stream_is_asked_about() {
    let stage = &mut Stage::new();
    let early = head_after(202, &[], Sent::new(10));
    sending(stage).rows(
        stage,
        [
            (early, "GET /u"),
            (head(204, &[("range", "0-9")]), "PATCH /u <- blob 10.."),
        ],
    );
}

#[test]
fn p05_a_lost_session_is_opened_again_once() {
    let stage = &mut Stage::new();
    sending(stage).rows(
        stage,
        [
            (interrupted_after(100), "GET /u"),
            (refused(404), OPEN),
            (opened(), "PATCH /u <- blob 0.."),
            (interrupted_after(100), "GET /u"),
            (refused(404), "failed NotFound"),
        ],
    );
    sending(stage).rows(
        stage,
        [
            (interrupted_after(100), "GET /u"),
            (head(204, &[]), "DELETE /u"),
            (refused(404), OPEN),
        ],
    );
}

/// The answer to the closing PUT was lost: asked again, the registry no longer knows the session.
#[test]
fn p05_a_stream_of_which_all_was_sent_is_looked_for_when_its_session_is_gone() {
    const LOOK: &str = "HEAD /v2/a/b/blobs/D";
    let stage = &mut Stage::new();
    let closing = |stage: &mut Stage| {
        let mut actor = sending(stage);
        actor.rows(stage, [(ended(5, "0-4"), "PUT /u?n=1&digest=D"), (refused(404), LOOK)]);
        actor
    };
    closing(stage).rows(stage, [(head(200, &[]), "done Descriptor…")]);
    closing(stage).rows(stage, [(head(307, &[]), "done Descriptor…")]);
    for absent in [refused(404), failed(TransportErrorKind::Reset), head(204, &[])] {
        closing(stage).rows(
            stage,
            [
                (absent, OPEN),
                (opened(), "PATCH /u <- blob 0.."),
                (ended(5, "0-4"), "PUT /u?n=1&digest=D"),
                (refused(404), LOOK),
                (refused(404), "failed NotFound"),
            ],
        );
    }
    let sent = Sent::new(100).with_digest(hello_digest());
    sending(stage).rows(
        stage,
        [
            (Told::Input(Input::Interrupted { sent }), "GET /u"),
            (refused(404), LOOK),
            (head(200, &[]), "done Descriptor…"),
        ],
    );
}

#[test]
fn cb19_a_stream_that_fails_is_cancelled() {
    let stage = &mut Stage::new();
    sending(stage).rows(
        stage,
        [
            (failed(TransportErrorKind::Source), "DELETE /u"),
            (head(204, &[]), "failed Store"),
        ],
    );
    sending(stage).rows(stage, [(refused(400), "DELETE /u"), (refused(404), "failed Refused")]);
    sending(stage).rows(stage, [(failed(TransportErrorKind::Tls), "failed Transport")]);
    let request = sending(stage).into_machine().abandon(&stage.host).unwrap();
    assert_eq!(request.method(), "DELETE");
}

#[test]
fn p29_authorization_is_settled_before_the_stream_is_read() {
    let stage = &mut Stage::new();
    stream().rows(stage, [(start(), OPEN), (refused(401), "failed Unauthorized")]);
    stream().rows(stage, [(start(), OPEN), (head(201, &[]), "failed Protocol: 201")]);
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| stream());
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = stream();
        actor.rows(stage, [(start(), OPEN)]);
        actor
    });
    refuses_all_but(&["failed", "head", "interrupted"], sending);
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = sending(stage);
        let put = "PUT /u?n=1&digest=D";
        actor.rows(stage, [(ended(5, "0-4"), put), (refused(404), "HEAD /v2/a/b/blobs/D")]);
        actor
    });
}
