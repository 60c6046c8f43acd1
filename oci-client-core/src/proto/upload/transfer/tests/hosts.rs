//! What some hosts do not take, and what they say of it.

use super::*;

#[test]
fn a_range_that_sticks_is_believed_once_and_never_again() {
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0--1"), "PATCH /u (0-3) <- blob 0..4"),
            (at(201, "/u", "0-3"), "PATCH /u (4-7) <- blob 4..8"),
            (at(201, "/u", "0-3"), "PATCH /u (4-7) <- blob 4..8"),
            (refused(416), "PATCH /u (8-9) <- blob 8..10"),
            (at(201, "/u", "0-3"), "PUT /u?digest=D"),
            (head(201, &[]), "done Stored"),
        ],
    );
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0--1"), "PATCH /u (0-3) <- blob 0..4"),
            (at(201, "/u", "0-3"), "PATCH /u (4-7) <- blob 4..8"),
            (at(201, "/u", "0-3"), "PATCH /u (8-9) <- blob 8..10"),
        ],
    );
}

#[test]
fn parts_that_are_too_large_are_halved_and_that_is_remembered() {
    for status in [413, 416] {
        let stage = &mut Stage::new();
        upload(20 * MIB).rows(
            stage,
            [
                (start(), OPEN),
                (opened(""), "PUT /u?digest=D <- blob 0..20971520"),
                (interrupted_after(5), "GET /u"),
                (at(204, "/u", "0--1"), "PATCH /u (0-16777215) <- blob 0..16777216"),
                (refused_after(status, 9), "GET /u"),
                (at(204, "/u", "0--1"), "PATCH /u (0-8388607) <- blob 0..8388608"),
                (refused_after(status, 9), "GET /u"),
                (at(204, "/u", "0--1"), "PATCH /u (0-4194303) <- blob 0..4194304"),
                (
                    at(202, "/u", "0-4194303"),
                    "PATCH /u (4194304-8388607) <- blob 4194304..8388608",
                ),
            ],
        );
        upload(20 * MIB).rows(
            stage,
            [
                (start(), OPEN),
                (opened(""), "PUT /u?digest=D <- blob 0..20971520"),
                (interrupted_after(5), "GET /u"),
                (at(204, "/u", "0--1"), "PATCH /u (0-4194303) <- blob 0..4194304"),
            ],
        );
    }
}

/// A part that was taken up to its middle only, and whose rest is too large: nothing of it is passed over.
#[test]
fn p04_what_is_too_large_behind_a_part_that_was_taken_by_half_is_not_taken_for_there() {
    let profile = HostProfile::new("r.test".parse().unwrap());
    let stage = &mut Stage::with(profile.with_small_blob(0).with_chunk(200_000));
    upload(300_000).rows(
        stage,
        [
            (start(), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..300000"),
            (interrupted_after(5), "GET /u"),
            (at(204, "/u", "0--1"), "PATCH /u (0-199999) <- blob 0..200000"),
            (
                at(202, "/u", "0-99999"),
                "PATCH /u (100000-299999) <- blob 100000..300000",
            ),
            (refused_after(413, 9), "GET /u"),
            (
                at(204, "/u", "0-99999"),
                "PATCH /u (100000-199999) <- blob 100000..200000",
            ),
        ],
    );
}

#[test]
fn p05_a_blob_that_is_not_taken_whole_goes_in_parts_and_so_do_the_next() {
    let stage = &mut Stage::new();
    upload(20 * MIB).rows(
        stage,
        [
            (start(), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..20971520"),
            (refused_after(413, 70_000), "GET /u"),
            (at(204, "/u", "0--1"), "PATCH /u (0-10485759) <- blob 0..10485760"),
        ],
    );
    let patch = "PATCH /u (0-10485759) <- blob 0..10485760";
    upload(20 * MIB).rows(stage, [(start(), OPEN), (opened(""), patch)]);
    let put = "PUT /u?digest=D <- blob 0..2097152";
    upload(2 * MIB).rows(stage, [(start(), OPEN), (opened(""), put)]);
}

#[test]
fn what_is_too_large_however_small_is_an_error() {
    let stage = &mut small();
    let mut actor = interrupted_upload(stage);
    actor.rows(
        stage,
        [
            (at(204, "/u", "0--1"), "PATCH /u (0-3) <- blob 0..4"),
            (refused_after(413, 4), "GET /u"),
            (at(204, "/u", "0--1"), "DELETE /u"),
            (head(204, &[]), "failed TooLarge: 413"),
        ],
    );
}

#[test]
fn where_parts_are_refused_the_whole_is_sent_and_that_is_remembered() {
    for status in [400, 405] {
        let (stage, put) = (&mut small(), "PUT /u?digest=D <- blob 0..10");
        interrupted_upload(stage).rows(
            stage,
            [
                (at(204, "/u", "0--1"), "PATCH /u (0-3) <- blob 0..4"),
                (refused(status), "DELETE /u"),
                (head(204, &[]), OPEN),
                (opened(""), put),
                (head(201, &[]), "done Stored"),
            ],
        );
    }
}

#[test]
fn where_parts_do_not_add_up_the_whole_is_sent() {
    let stage = &mut small();
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0-4"), "PATCH /u (5-8) <- blob 5..9"),
            (head(202, &[]), "PATCH /u (9-9) <- blob 9..10"),
            (head(202, &[]), "PUT /u?digest=D"),
            (refused(400), "DELETE /u"),
            (head(204, &[]), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..10"),
            (refused(400), "DELETE /u"),
            (head(204, &[]), "failed Refused: 400"),
        ],
    );
}

#[test]
fn where_the_last_part_alone_is_kept_what_a_broken_request_brought_is_a_part_too() {
    let profile = HostProfile::new("r.test".parse().unwrap()).with_small_blob(0);
    let stage = &mut Stage::with(profile);
    interrupted_upload(stage).rows(
        stage,
        [
            (at(204, "/u", "0-4"), "PATCH /u (5-9) <- blob 5..10"),
            (at(202, "/u", "0-9"), "PUT /u?digest=D"),
            (refused(400), "DELETE /u"),
            (head(204, &[]), OPEN),
            (opened(""), "PUT /u?digest=D <- blob 0..10"),
            (head(201, &[]), "done Stored"),
        ],
    );
}

#[test]
fn cb11_no_part_but_the_last_is_smaller_than_the_host_allows() {
    let stage = &mut small();
    upload(10).rows(
        stage,
        [
            (start(), OPEN),
            (opened("6"), "PUT /u?digest=D <- blob 0..10"),
            (interrupted_after(5), "GET /u"),
            (at(204, "/u", "0--1"), "PATCH /u (0-5) <- blob 0..6"),
            (at(202, "/u", "0-5"), "PATCH /u (6-9) <- blob 6..10"),
        ],
    );
}

#[test]
fn a_host_that_takes_only_so_much_at_a_time_gets_parts_from_the_beginning() {
    let profile = HostProfile::new("r.test".parse().unwrap()).with_small_blob(0);
    let stage = &mut Stage::with(profile.with_largest_upload(6));
    upload(10).rows(
        stage,
        [
            (start(), OPEN),
            (opened(""), "PATCH /u (0-5) <- blob 0..6"),
            (at(202, "/u", "0-5"), "PATCH /u (6-9) <- blob 6..10"),
            (at(202, "/u", "0-9"), "PUT /u?digest=D"),
            (head(201, &[]), "done Stored"),
        ],
    );
    upload(6).rows(stage, [(start(), OPEN), (opened(""), "PUT /u?digest=D <- blob 0..6")]);
    upload(0).rows(
        stage,
        [
            (
                start(),
                "POST /v2/a/b/blobs/uploads/?mount=D&from=a%2Fb&digest=D <- blob 0..0",
            ),
            (opened(""), "PUT /u?digest=D <- blob 0..0"),
        ],
    );
}

/// What the host says of parts comes before what is configured, and before what it says of the whole.
#[test]
fn a_host_that_refuses_parts_gets_the_whole_however_little_it_is_said_to_take() {
    const PUT: &str = "PUT /u?digest=D <- blob 0..10";
    for status in [400, 405] {
        let profile = HostProfile::new("r.test".parse().unwrap()).with_small_blob(0);
        let stage = &mut Stage::with(profile.with_largest_upload(6));
        upload(10).rows(
            stage,
            [
                (start(), OPEN),
                (opened(""), "PATCH /u (0-5) <- blob 0..6"),
                (refused(status), "DELETE /u"),
                (head(204, &[]), OPEN),
                (opened(""), PUT),
                (head(201, &[]), "done Stored"),
            ],
        );
        for status in [413, 416] {
            upload(10).rows(
                stage,
                [
                    (start(), OPEN),
                    (opened(""), PUT),
                    (refused_after(status, 10), "DELETE /u"),
                    (head(204, &[]), "failed TooLarge: the registry takes no parts of a blob"),
                ],
            );
        }
    }
}

/// CB11: a part that may be no smaller and is refused as too large ends the upload, and the error names both numbers.
#[test]
fn cb11_a_smallest_part_that_is_too_large_is_a_clear_error() {
    for (status, least) in [(413, "200000"), (416, "200000"), (413, "18446744073709551615")] {
        let stage = &mut Stage::new();
        let mut actor = upload(2 * MIB);
        actor.rows(
            stage,
            [
                (start(), OPEN),
                (opened(least), "PUT /u?digest=D <- blob 0..2097152"),
                (refused_after(status, 100), "GET /u"),
            ],
        );
        let none = || at(204, "/u", "0--1");
        let tried = match least {
            "200000" => {
                actor.rows(
                    stage,
                    [
                        (none(), "PATCH /u (0-1048575) <- blob 0..1048576"),
                        (refused_after(status, 100), "GET /u"),
                        (none(), "PATCH /u (0-524287) <- blob 0..524288"),
                        (refused_after(status, 100), "GET /u"),
                        (none(), "PATCH /u (0-262143) <- blob 0..262144"),
                        (refused_after(status, 100), "GET /u"),
                        (none(), "PATCH /u (0-199999) <- blob 0..200000"),
                        (refused_after(status, 100), "GET /u"),
                    ],
                );
                "200000"
            }
            _ => "2097152",
        };
        let text = format!(
            "failed TooLarge: the registry takes no parts of less than {least} bytes (OCI-Chunk-Min-Length), and refuses one of {tried} bytes"
        );
        actor.rows(stage, [(none(), "DELETE /u"), (head(204, &[]), &*text)]);
    }
}
