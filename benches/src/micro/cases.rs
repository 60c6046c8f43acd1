//! What is measured: each input, parsed by each library.

use std::{
    fmt::{self, Display},
    hint::black_box,
    process::ExitCode,
};

use oci_spec_types::{
    Descriptor, Digest, Document, ImageIndex, ImageManifest, MediaType, Reference, validate::Validate,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{
    inputs::{DESCRIPTOR, DIGEST, INDEX, LONG, MANIFEST, SHORT},
    plain,
};

/// One input, parsed by one library. Dropping the result is part of it.
pub(super) struct Case {
    pub(super) name: &'static str,
    pub(super) by: &'static str,
    run: fn(),
}

impl Case {
    pub(super) fn run(&self) {
        (self.run)();
    }
}

impl Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.name, self.by)
    }
}

/// Runs a case once, so that all that is made once has been made, and then so many times.
pub(super) fn run(name: &str, by: &str, times: &str) -> ExitCode {
    let case = CASES.iter().find(|case| case.name == name && case.by == by);
    let (Some(case), Ok(times)) = (case, times.parse::<u32>()) else {
        eprintln!("there is no case `{name}, {by}`, or `{times}` is no number");
        return ExitCode::FAILURE;
    };
    case.run();
    (0..times).for_each(|_| case.run());
    ExitCode::SUCCESS
}

const fn case(name: &'static str, by: &'static str, run: fn()) -> Case {
    Case { name, by, run }
}

/// `serde_json` without anything around it.
fn json<T: DeserializeOwned>(text: &[u8]) {
    black_box(serde_json::from_slice::<T>(black_box(text)).expect("the input is valid"));
}

fn index() -> Document<ImageIndex> {
    Document::parse(black_box(INDEX.as_slice()), MediaType::IMAGE_INDEX).expect("the input is valid")
}

fn manifest() -> Document<ImageManifest> {
    Document::parse(black_box(MANIFEST.as_slice()), MediaType::IMAGE_MANIFEST).expect("the input is valid")
}

fn validated<T: Validate>(document: &T) {
    assert!(document.is_valid());
}

/// The library that is measured here.
pub(super) const OURS: &str = "ours";

/// The library that `OURS` is held against.
pub(super) const PEER: &str = "oci-spec";

/// What `OURS` does, and the digest of the document is computed by both of them: what is left is the parser.
pub(super) const HASH: &str = "hash alone";

pub(super) const VALIDATED: &str = "ours, validated";

pub(super) const CASES: &[Case] = &[
    case("descriptor", OURS, || json::<Descriptor>(&DESCRIPTOR)),
    case("descriptor", PEER, || json::<oci_spec::image::Descriptor>(&DESCRIPTOR)),
    case("descriptor", "serde struct", || json::<plain::Descriptor>(&DESCRIPTOR)),
    case("descriptor", "serde value", || json::<Value>(&DESCRIPTOR)),
    case("index of 10,000", OURS, || drop(black_box(index()))),
    case("index of 10,000", VALIDATED, || validated(&index())),
    case("index of 10,000", HASH, || drop(black_box(Digest::sha256(&INDEX)))),
    case("index of 10,000", PEER, || json::<oci_spec::image::ImageIndex>(&INDEX)),
    case("index of 10,000", "serde struct", || json::<plain::Index>(&INDEX)),
    case("index of 10,000", "serde value", || json::<Value>(&INDEX)),
    case("manifest of 200", OURS, || drop(black_box(manifest()))),
    case("manifest of 200", VALIDATED, || validated(&manifest())),
    case("manifest of 200", HASH, || drop(black_box(Digest::sha256(&MANIFEST)))),
    case("manifest of 200", PEER, || {
        json::<oci_spec::image::ImageManifest>(&MANIFEST)
    }),
    case("manifest of 200", "serde struct", || json::<plain::Manifest>(&MANIFEST)),
    case("manifest of 200", "serde value", || json::<Value>(&MANIFEST)),
    case("reference, short", OURS, || {
        drop(black_box(Reference::familiar(black_box(SHORT))))
    }),
    case("reference, short", PEER, || {
        drop(black_box(black_box(SHORT).parse::<oci_spec::distribution::Reference>()));
    }),
    case("reference, long", OURS, || {
        drop(black_box(black_box(LONG).parse::<Reference>()))
    }),
    case("reference, long", PEER, || {
        drop(black_box(black_box(LONG).parse::<oci_spec::distribution::Reference>()));
    }),
    case("digest", OURS, || drop(black_box(black_box(DIGEST).parse::<Digest>()))),
    case("digest", PEER, || {
        drop(black_box(black_box(DIGEST).parse::<oci_spec::image::Digest>()));
    }),
];
