//! Streams that go up in parts: where the host is known to take no more, and where it refuses the one request.

use super::*;
use crate::proto::HostProfile;
use crate::proto::testing::refused_after;

const MIB: u64 = 1 << 20;

/// A host that takes 6 bytes at a time.
fn narrow() -> Stage {
    let profile = HostProfile::new("r.test".parse().unwrap());
    Stage::with(profile.with_largest_upload(6))
}

fn at(status: u16, range: &str) -> Told {
    head(status, &[("location", "/u"), ("range", range)])
}

/// Of the part that was asked for there were only so many bytes.
fn short(len: u64) -> Told {
    let error = crate::Error::new(ErrorKind::Store, "it has ended");
    let sent = Sent::new(len).with_digest(hello_digest());
    Told::Input(Input::Failed { error, sent })
}

fn in_parts(stage: &mut Stage) -> Actor<UploadStream> {
    let mut actor = stream();
    actor.rows(stage, [(start(), OPEN), (opened(), "PATCH /u (0-5) <- blob 0..6")]);
    actor
}

#[test]
fn cb10_where_the_host_takes_so_much_only_parts_are_cut_from_a_stream() {
    let stage = &mut narrow();
    in_parts(stage).rows(
        stage,
        [
            (at(202, "0-5"), "PATCH /u (6-11) <- blob 6..12"),
            (at(202, "0-11"), "PATCH /u (12-17) <- blob 12..18"),
            (at(202, "0-17"), "PATCH /u (18-23) <- blob 18..24"),
            (at(202, "0-23"), "PATCH /u (24-29) <- blob 24..30"),
            (short(2), "PATCH /u (24-25) <- blob 24..26"),
            (at(202, "0-25"), "PUT /u?digest=D"),
            (head(201, &[]), "done Descriptor…"),
        ],
    );
}

/// CB18: there is no part without content.
#[test]
fn cb18_a_stream_that_ends_with_a_part_is_closed_without_another() {
    let stage = &mut narrow();
    let mut actor = in_parts(stage);
    actor.rows(
        stage,
        [
            (at(202, "0-5"), "PATCH /u (6-11) <- blob 6..12"),
            (short(0), "PUT /u?digest=D"),
        ],
    );
    in_parts(stage).rows(stage, [(short(0), "PUT /u?digest=D <- blob 0..0")]);
}

#[test]
fn cb11_parts_of_a_stream_are_no_smaller_than_the_host_allows() {
    let stage = &mut narrow();
    let opened = head(202, &[("location", "/u"), ("oci-chunk-min-length", "9")]);
    stream().rows(stage, [(start(), OPEN), (opened, "PATCH /u (0-8) <- blob 0..9")]);
}

/// CB6: what is known as a whole before any of it was sent needs no part.
#[test]
fn cb6_a_stream_that_ends_within_the_first_part_goes_up_with_the_put() {
    const PUT: &str = "PUT /u?digest=D <- blob 0..4";
    let stage = &mut narrow();
    in_parts(stage).rows(stage, [(short(4), PUT), (head(201, &[]), "done Descriptor…")]);
    in_parts(stage).rows(
        stage,
        [
            (short(4), PUT),
            (interrupted_after(3), "GET /u"),
            (at(204, "0-1"), "PATCH /u (2-3) <- blob 2..4"),
            (at(202, "0-3"), "PUT /u?digest=D"),
            (head(201, &[]), "done Descriptor…"),
        ],
    );
    in_parts(stage).rows(
        stage,
        [
            (short(4), PUT),
            (interrupted_after(3), "GET /u"),
            (refused(404), OPEN),
            (opened(), "PATCH /u (0-5) <- blob 0..6"),
            (short(4), PUT),
        ],
    );
}

/// A registry whose smallest part is larger than what is held gets the stream in one request, whatever else is known of it.
#[test]
fn cb11_a_stream_is_not_cut_where_no_part_may_be_as_small_as_what_is_held() {
    let stage = &mut narrow();
    let opened = |least| head(202, &[("location", "/u"), ("oci-chunk-min-length", least)]);
    let uncut = |stage: &mut Stage| {
        let mut actor = stream();
        actor.rows(stage, [(start(), OPEN), (opened("16777217"), "PATCH /u <- blob 0..")]);
        actor
    };
    let cut = "PATCH /u (0-16777215) <- blob 0..16777216";
    stream().rows(stage, [(start(), OPEN), (opened("16777216"), cut)]);
    uncut(stage).rows(
        stage,
        [
            (ended(17 * MIB, "0-17825791"), "PUT /u?n=1&digest=D"),
            (head(201, &[]), "done Descriptor…"),
        ],
    );
    for status in [413, 416] {
        uncut(stage).rows(
            stage,
            [
                (refused_after(status, 20 * MIB), "DELETE /u"),
                (
                    head(204, &[]),
                    "failed TooLarge: the registry takes no stream this long in one request and no parts of less than 16777217 bytes (OCI-Chunk-Min-Length), while 16777216 bytes",
                ),
            ],
        );
    }
}

#[test]
fn parts_of_a_stream_are_no_larger_than_what_is_held_of_it() {
    let profile = HostProfile::new("r.test".parse().unwrap());
    let stage = &mut Stage::with(profile.with_chunk(1 << 40).with_largest_upload(1 << 40));
    let patch = "PATCH /u (0-16777215) <- blob 0..16777216";
    stream().rows(stage, [(start(), OPEN), (opened(), patch)]);
}

/// What was refused is sent again from where the session is, and the next stream begins with parts.
#[test]
fn a_stream_that_is_too_large_goes_on_in_parts_and_that_is_remembered() {
    for (status, kept, first) in [
        (413, "0--1", "PATCH /u (0-4194303) <- blob 0..4194304"),
        (416, "0--1", "PATCH /u (0-4194303) <- blob 0..4194304"),
        (413, "0-2097151", "PATCH /u (2097152-6291455) <- blob 2097152..6291456"),
    ] {
        let stage = &mut Stage::new();
        sending(stage).rows(
            stage,
            [
                (refused_after(status, 8 * MIB), "GET /u"),
                (at(204, kept), first),
                (refused_after(413, 4 * MIB), "GET /u"),
            ],
        );
        assert!(stage.host.capabilities.whole_refused.known(stage.now).is_none());
        let patch = "PATCH /u (0-4194303) <- blob 0..4194304";
        stream().rows(stage, [(start(), OPEN), (opened(), patch)]);
    }
}

#[test]
fn a_stream_that_is_refused_when_all_of_it_was_sent_has_a_known_end() {
    let stage = &mut Stage::new();
    let refusal = || match refused(413) {
        Told::Input(Input::Failed { error, .. }) => {
            let sent = Sent::new(3 * MIB).with_digest(hello_digest());
            Told::Input(Input::Failed { error, sent })
        }
        other => other,
    };
    sending(stage).rows(
        stage,
        [
            (refusal(), "GET /u"),
            (at(204, "0--1"), "PATCH /u (0-1572863) <- blob 0..1572864"),
            (
                at(202, "0-1572863"),
                "PATCH /u (1572864-3145727) <- blob 1572864..3145728",
            ),
            (at(202, "0-3145727"), "PUT /u?digest=D"),
            (head(201, &[]), "done Descriptor…"),
        ],
    );
}

/// P29: no part is asked for that is not held; the refusal is the error, and the next stream goes in parts.
#[test]
fn p29_a_stream_of_which_more_was_sent_than_is_held_fails_with_the_refusal() {
    for gone in [at(204, "0--1"), refused(404)] {
        let stage = &mut Stage::new();
        sending(stage).rows(
            stage,
            [
                (refused_after(413, 17 * MIB), "GET /u"),
                (gone, "DELETE /u"),
                (head(204, &[]), "failed TooLarge: 413"),
            ],
        );
        let patch = "PATCH /u (0-8912895) <- blob 0..8912896";
        stream().rows(stage, [(start(), OPEN), (opened(), patch)]);
    }
}

#[test]
fn p05_a_session_that_is_gone_after_a_refusal_is_replaced_by_one_that_gets_parts() {
    let stage = &mut Stage::new();
    sending(stage).rows(
        stage,
        [
            (refused_after(413, 8 * MIB), "GET /u"),
            (refused(404), OPEN),
            (opened(), "PATCH /u (0-4194303) <- blob 0..4194304"),
        ],
    );
}

#[test]
fn where_parts_of_a_stream_are_refused_it_goes_in_one_request_and_so_does_the_next() {
    let stage = &mut narrow();
    in_parts(stage).rows(
        stage,
        [
            (refused(400), "DELETE /u"),
            (head(204, &[]), OPEN),
            (opened(), "PATCH /u <- blob 0.."),
        ],
    );
    sending(stage).rows(
        stage,
        [
            (refused_after(413, 5), "DELETE /u"),
            (head(204, &[]), "failed TooLarge: the registry takes no parts of a blob"),
        ],
    );
}

#[test]
fn a_part_of_a_stream_that_is_interrupted_goes_on_where_the_session_is() {
    let stage = &mut narrow();
    in_parts(stage).rows(
        stage,
        [
            (interrupted_after(4), "GET /u"),
            (at(204, "0-2"), "PATCH /u (3-8) <- blob 3..9"),
            (short(4), "PATCH /u (3-6) <- blob 3..7"),
            (at(202, "0-6"), "PUT /u?digest=D"),
        ],
    );
}

#[test]
fn cb19_a_stream_that_fails_before_a_part_of_it_is_cancelled() {
    let stage = &mut narrow();
    in_parts(stage).rows(
        stage,
        [
            (failed(TransportErrorKind::Source), "DELETE /u"),
            (head(204, &[]), "failed Store"),
        ],
    );
}
