//! Any sequence of requests to one upload, against the simplest model of it: the bytes that it has.

use http::StatusCode;
use oci_spec_types::Digest;
use proptest::prelude::*;

use crate::fixture::{Answer, Fixture, with_digest};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn s04_any_requests_to_an_upload_in_memory(steps in prop::collection::vec(step(), 1..20)) {
        run(&Fixture::memory(), &steps);
    }
    #[test]
    fn s04_any_requests_to_an_upload_in_a_directory(steps in prop::collection::vec(step(), 1..8)) {
        run(&Fixture::directory(), &steps);
    }
}

#[derive(Clone, Debug)]
enum Step {
    /// A PATCH whose Content-Range starts `offset` bytes from where it should, and is `excess` bytes too long.
    Chunk {
        body: Vec<u8>,
        excess: i64,
        offset: i64,
    },
    Status,
    Stream {
        body: Vec<u8>,
    },
    /// A PUT with the digest of something else, which ends the upload.
    WrongEnd {
        body: Vec<u8>,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let body = || prop::collection::vec(any::<u8>(), 1..50);
    prop_oneof![
        4 => (body(), prop_oneof![8 => Just(0), 1 => -2..3_i64], prop_oneof![4 => Just(0), 1 => -3..4_i64])
            .prop_map(|(body, excess, offset)| Step::Chunk { body, excess, offset }),
        1 => Just(Step::Status),
        2 => body().prop_map(|body| Step::Stream { body }),
        1 => body().prop_map(|body| Step::WrongEnd { body }),
    ]
}

fn run(fixture: &Fixture, steps: &[Step]) {
    let mut location = fixture.start_upload("a");
    let mut model: Vec<u8> = Vec::new();
    for step in steps {
        match step {
            Step::Chunk { body, excess, offset } => {
                let start = model.len() as i64 + offset;
                let end = start + body.len() as i64 - 1 + excess;
                let patch = fixture
                    .patch(&location)
                    .header("content-range", &format!("{start}-{end}"));
                let answer = patch.body(body).send();
                if start < 0 || end < start {
                    answer.expect(StatusCode::BAD_REQUEST);
                } else if *offset != 0 {
                    received(&answer.expect(StatusCode::RANGE_NOT_SATISFIABLE), &model);
                } else if *excess != 0 {
                    answer.expect(StatusCode::BAD_REQUEST);
                } else {
                    model.extend(body);
                    received(&answer.expect(StatusCode::ACCEPTED), &model);
                }
            }
            Step::Status => received(&fixture.get(&location).send().expect(StatusCode::NO_CONTENT), &model),
            Step::Stream { body } => {
                model.extend(body);
                received(
                    &fixture.patch(&location).body(body).send().expect(StatusCode::ACCEPTED),
                    &model,
                );
            }
            Step::WrongEnd { body } => {
                let put = fixture
                    .put(with_digest(&location, &Digest::sha256(b"wrong")))
                    .body(body)
                    .send();
                put.expect(StatusCode::BAD_REQUEST);
                location = fixture.start_upload("a");
                model.clear();
            }
        }
    }
    let digest = Digest::sha256(&model);
    fixture
        .put(with_digest(&location, &digest))
        .send()
        .expect(StatusCode::CREATED);
    assert_eq!(fixture.get(format!("/v2/a/blobs/{digest}")).send().content(), model);
}

#[track_caller]
fn received(answer: &Answer, model: &[u8]) {
    assert_eq!(answer.header("range"), Some(format!("0-{}", model.len() as i64 - 1)));
}
