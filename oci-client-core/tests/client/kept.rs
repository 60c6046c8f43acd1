//! Downloads that another process goes on with, from what an earlier one has left (CP9, P10, P24).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use http::Request;
use oci_client_core::client::{BlobProgress, PullOptions, Repository};
use oci_client_core::transport::TransportErrorKind;
use oci_client_core::{Error, ErrorKind};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::parts::Seen;
use crate::support::{app, builder, files_below, impatient, layer, noise, repository};

const SIZE: usize = 1_000_000;

/// A folder in which a blob is to be called `layer`.
struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("layer")
    }

    /// Where the partial file of `content` is.
    fn partial(&self, content: &[u8]) -> PathBuf {
        let digest = layer(content).digest.encoded_string();
        self.0.path().join(format!("layer.{}.partial", &digest[..16]))
    }

    /// Leaves what a download in parts leaves.
    fn leave(&self, content: &[u8], found: &[u8], pieces: &[(u64, u64)]) {
        std::fs::write(self.partial(content), noted(found, pieces)).unwrap();
    }

    fn files(&self) -> Vec<PathBuf> {
        files_below(self.0.path())
    }

    fn save(&self, runtime: &SimRuntime, from: &Repository, content: &Bytes) -> Result<(), Error> {
        self.save_with(runtime, from, content, &PullOptions::new())
    }

    fn save_with(
        &self,
        runtime: &SimRuntime,
        from: &Repository,
        content: &Bytes,
        options: &PullOptions,
    ) -> Result<(), Error> {
        let options = options.with_resume(true);
        runtime.run(from.save_blob(&layer(content), self.path(), &options))
    }
}

/// Content with a note behind it of the pieces that are there.
fn noted(content: &[u8], pieces: &[(u64, u64)]) -> Vec<u8> {
    let numbers = pieces.iter().flat_map(|(start, end)| [*start, *end]);
    let numbers = std::iter::once(pieces.len() as u64).chain(numbers);
    [content.to_vec(), numbers.flat_map(u64::to_le_bytes).collect()].concat()
}

/// Serves `content` with ranges, each answer cut after `most` bytes.
fn server(content: &Bytes, most: usize) -> impl FnMut(&Request<Bytes>) -> Reply + Send + use<> {
    let content = content.clone();
    move |request| {
        let size = content.len();
        let range = request.headers().get("range").map(|range| range.to_str().unwrap());
        let (start, end) = range.map_or((0, size), |range| {
            let (first, last) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            (first.parse().unwrap(), last.parse::<usize>().unwrap() + 1)
        });
        let reply = match range {
            Some(_) => Reply::new(206).with_header("content-range", format!("bytes {start}-{}/{size}", end - 1)),
            None => Reply::new(200),
        };
        if end - start > most {
            reply
                .with_piece(content.slice(start..start + most))
                .breaking_off(TransportErrorKind::Reset)
        } else {
            reply.with_body(content.slice(start..end))
        }
    }
}

#[test]
fn cp9_p10_what_a_failed_download_leaves_is_gone_on_with() {
    let (content, place) = (noise(1, SIZE), Place::new());
    let runtime = SimRuntime::new();
    let failing = impatient(&runtime, Responder::new(&runtime, server(&content, 300_000)));
    for reached in [300_000, 600_000, 900_000] {
        assert_eq!(
            place.save(&runtime, &failing, &content).unwrap_err().kind(),
            ErrorKind::Transport
        );
        assert_eq!(place.files(), [Path::new(place.partial(&content).file_name().unwrap())]);
        assert_eq!(std::fs::read(place.partial(&content)).unwrap(), content[..reached]);
    }
    let seen = Arc::new(Seen::default());
    let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
    let client = builder(&runtime, recorder.clone()).observer(seen.clone()).build();
    place.save(&runtime, &app(&client), &content).unwrap();
    assert_eq!(std::fs::read(place.path()).unwrap(), content);
    assert_eq!((place.files().len(), recorder.received()), (1, 100_000));
    assert_eq!(
        seen.events(),
        [
            BlobProgress::Started,
            BlobProgress::Resumed { offset: 900_000 },
            BlobProgress::Advanced { bytes: SIZE as u64 },
            BlobProgress::Verified
        ]
    );
}

#[test]
fn cp9_a_partial_file_that_is_whole_needs_no_request() {
    let (content, place, runtime) = (noise(2, SIZE), Place::new(), SimRuntime::new());
    std::fs::write(place.partial(&content), &content).unwrap();
    let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
    place
        .save(&runtime, &repository(&runtime, recorder.clone()), &content)
        .unwrap();
    assert_eq!(std::fs::read(place.path()).unwrap(), content);
    assert_eq!(recorder.count(), 0);
}

#[test]
fn cp9_a_wrong_partial_file_is_found_out_and_the_blob_fetched_once_more() {
    let content = noise(3, SIZE);
    let flipped = |at: usize, len: usize| {
        let mut wrong = content[..len].to_vec();
        wrong[at] ^= 1;
        wrong
    };
    for wrong in [
        flipped(0, 1),
        flipped(10, SIZE / 2),
        flipped(SIZE - 1, SIZE),
        vec![0; SIZE / 2],
        // More than there is in the blob, with and without something like a note behind it.
        vec![1; SIZE + 3],
        [flipped(5, SIZE), 7_u64.to_le_bytes().to_vec()].concat(),
        [flipped(5, SIZE), u64::MAX.to_le_bytes().to_vec()].concat(),
        noted(&flipped(5, SIZE), &[(0, SIZE as u64)]),
        noted(&flipped(5, SIZE), &[(0, 10), (500, 400_000), (600_000, SIZE as u64)]),
        noted(&flipped(5, SIZE), &[(0, SIZE as u64 + 1)]),
        noted(&flipped(5, SIZE), &[(10, 10)]),
        noted(&flipped(5, SIZE), &[(20, 10)]),
        noted(&flipped(5, SIZE), &[(50, 100); 300]),
    ] {
        for jobs in [1, 4] {
            let (place, runtime) = (Place::new(), SimRuntime::new());
            std::fs::write(place.partial(&content), &wrong).unwrap();
            let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
            let options = PullOptions::new()
                .with_threshold(0)
                .with_part_size(100_000)
                .with_jobs(jobs);
            place
                .save_with(&runtime, &repository(&runtime, recorder.clone()), &content, &options)
                .unwrap();
            assert_eq!(std::fs::read(place.path()).unwrap(), content);
            assert_eq!(place.files().len(), 1);
            assert!(recorder.received() <= 2 * SIZE as u64);
        }
    }
}

#[test]
fn cp9_gaps_between_parts_are_not_taken_for_content() {
    // Zeros all over: a gap would look like content.
    let content = Bytes::from([noise(4, SIZE / 2).to_vec(), vec![0; SIZE / 2]].concat());
    let (place, runtime) = (Place::new(), SimRuntime::new());
    let mut honest = server(&content, SIZE);
    let failing = impatient(
        &runtime,
        Responder::new(&runtime, move |request| {
            let second = request
                .headers()
                .get("range")
                .is_some_and(|range| range == "bytes=100000-199999");
            if second {
                Reply::new(500).delayed(std::time::Duration::from_secs(1))
            } else {
                honest(request)
            }
        }),
    );
    let options = PullOptions::new().with_threshold(0).with_part_size(100_000);
    place.save_with(&runtime, &failing, &content, &options).unwrap_err();
    // Others are there, and what follows the place of the blob says which.
    assert!(std::fs::metadata(place.partial(&content)).unwrap().len() > SIZE as u64);
    for jobs in [1, 4] {
        let copy = Place::new();
        std::fs::copy(place.partial(&content), copy.partial(&content)).unwrap();
        let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
        let options = options.with_jobs(jobs);
        copy.save_with(&runtime, &repository(&runtime, recorder.clone()), &content, &options)
            .unwrap();
        assert_eq!(recorder.requests()[0].header("range"), Some("bytes=100000-199999"));
        assert!(
            recorder.received() < SIZE as u64 / 2 + 100_000,
            "{}",
            recorder.received()
        );
        assert_eq!(std::fs::read(copy.path()).unwrap(), content);
    }
}

#[test]
fn cp9_one_stream_behind_parts_leaves_what_it_has_brought() {
    let (content, place, runtime) = (noise(10, SIZE), Place::new(), SimRuntime::new());
    place.leave(&content, &content, &[(0, 400_000)]);
    let failing = impatient(&runtime, Responder::new(&runtime, server(&content, 300_000)));
    place.save(&runtime, &failing, &content).unwrap_err();
    let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
    place
        .save(&runtime, &repository(&runtime, recorder.clone()), &content)
        .unwrap();
    assert_eq!(recorder.requests()[0].header("range"), Some("bytes=700000-999999"));
    assert_eq!(std::fs::read(place.path()).unwrap(), content);
}

#[test]
fn p11_a_whole_answer_replaces_what_lies_beyond_a_gap() {
    let content = noise(9, SIZE);
    let (place, runtime) = (Place::new(), SimRuntime::new());
    let mut wrong = content.to_vec();
    wrong[..100].fill(0);
    wrong[700_000] ^= 1;
    // A gap at the beginning, and a piece behind it that is wrong.
    place.leave(&content, &wrong, &[(100, SIZE as u64)]);
    let served = content.clone();
    let recorder = Recorder::new(Responder::new(&runtime, move |_| {
        Reply::new(200).with_body(served.clone())
    }));
    let app = repository(&runtime, recorder.clone());
    place.save(&runtime, &app, &content).unwrap();
    assert_eq!(std::fs::read(place.path()).unwrap(), content);
}

#[test]
fn p24_a_partial_file_in_use_is_left_alone_and_the_error_names_it() {
    let (content, place, runtime) = (noise(5, SIZE), Place::new(), SimRuntime::new());
    std::fs::write(place.partial(&content), b"theirs").unwrap();
    let theirs = std::fs::File::open(place.partial(&content)).unwrap();
    theirs.lock().unwrap();
    let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
    let app = repository(&runtime, recorder.clone());
    let error = place.save(&runtime, &app, &content).unwrap_err();
    assert_eq!((error.kind(), recorder.count()), (ErrorKind::Store, 0));
    assert!(error.to_string().contains("layer."), "{error}");
    assert_eq!(std::fs::read(place.partial(&content)).unwrap(), b"theirs");
    drop(theirs);
    place.save(&runtime, &app, &content).unwrap();
    assert_eq!(std::fs::read(place.path()).unwrap(), content);
}

/// The name of a partial file can be guessed: whoever plants a link there must not have another file written, or cut off.
#[cfg(unix)]
#[test]
fn p24_a_link_in_the_place_of_a_partial_file_is_refused_and_what_it_leads_to_left_alone() {
    let (content, runtime) = (noise(9, SIZE), SimRuntime::new());
    let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
    let app = repository(&runtime, recorder.clone());
    let victims: [(&str, Option<&[u8]>); 3] = [("absent", None), ("empty", Some(b"")), ("full", Some(b"theirs"))];
    for (name, before) in victims {
        let place = Place::new();
        let victim = place.0.path().join(name);
        before.inspect(|before| std::fs::write(&victim, before).unwrap());
        std::os::unix::fs::symlink(&victim, place.partial(&content)).unwrap();
        let error = place.save(&runtime, &app, &content).unwrap_err();
        assert_eq!((error.kind(), recorder.count()), (ErrorKind::Store, 0), "{name}");
        assert!(error.to_string().contains(".partial is no plain file"), "{error}");
        assert_eq!(std::fs::read(&victim).ok().as_deref(), before, "{name}");
        assert!(!place.path().exists());
    }
}

#[test]
fn another_blob_of_that_name_has_a_partial_file_of_its_own() {
    let (old, new, place, runtime) = (noise(6, SIZE), noise(7, SIZE), Place::new(), SimRuntime::new());
    let failing = impatient(&runtime, Responder::new(&runtime, server(&old, 10)));
    place.save(&runtime, &failing, &old).unwrap_err();
    let app = repository(&runtime, Responder::new(&runtime, server(&new, SIZE)));
    place.save(&runtime, &app, &new).unwrap();
    assert_eq!(std::fs::read(place.path()).unwrap(), new);
    assert!(place.partial(&old).exists());
}

#[test]
fn a_path_without_a_file_name_is_refused_before_any_request() {
    let (content, runtime) = (noise(8, 10), SimRuntime::new());
    let recorder = Recorder::new(Responder::new(&runtime, server(&content, SIZE)));
    let options = PullOptions::new().with_resume(true);
    let saved = runtime.run(repository(&runtime, recorder.clone()).save_blob(&layer(&content), "..", &options));
    assert_eq!((saved.unwrap_err().kind(), recorder.count()), (ErrorKind::Invalid, 0));
}
