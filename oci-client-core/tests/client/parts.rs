//! Blobs that come in parts, several at a time (P10-P14, P24, P26, CP9).

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use oci_client_core::client::{BlobEvent, BlobProgress, Observer, PullOptions, Repository};
use oci_client_core::transport::TransportErrorKind;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Mismatch;
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{Slow, app, builder, files_below, layer, noise, repository};

/// Ten parts and a bit.
const SIZE: usize = PART * 10 + 77;

const PART: usize = 100_000;

/// Parts of `PART` bytes, four at a time.
const fn parts() -> PullOptions {
    PullOptions::new().with_threshold(0).with_part_size(PART as u64)
}

/// Saves `content` in a folder of its own; gives what is there then.
fn save(runtime: &SimRuntime, from: &Repository, content: &Bytes, options: &PullOptions) -> Result<Bytes, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/layer");
    let saved = runtime.run(from.save_blob(&layer(content), &path, options));
    let files = files_below(folder.path());
    match saved {
        Ok(()) => {
            assert_eq!(files, [Path::new("new/layer")]);
            Ok(std::fs::read(path).unwrap().into())
        }
        Err(error) => {
            assert!(files.is_empty() || options == &options.with_resume(true), "{files:?}");
            Err(error)
        }
    }
}

/// What a request asks for, as start and end, and whether it says so.
fn asked(request: &Request<Bytes>, size: usize) -> (usize, usize, bool) {
    let Some(range) = request.headers().get("range") else {
        return (0, size, false);
    };
    let (first, last) = range
        .to_str()
        .unwrap()
        .strip_prefix("bytes=")
        .unwrap()
        .split_once('-')
        .unwrap();
    (first.parse().unwrap(), last.parse::<usize>().unwrap() + 1, true)
}

/// The answer that a registry with ranges gives.
fn honest(content: &Bytes, request: &Request<Bytes>) -> Reply {
    let (start, end, ranged) = asked(request, content.len());
    if !ranged {
        return Reply::new(200).with_body(content.clone());
    }
    partial(content, start, end, content.len()).with_body(content.slice(start..end))
}

fn partial(_: &Bytes, start: usize, end: usize, size: usize) -> Reply {
    Reply::new(206).with_header("content-range", format!("bytes {start}-{}/{size}", end - 1))
}

#[test]
fn cp9_p10_each_part_is_asked_for_once_and_no_byte_comes_twice() {
    let content = noise(1, SIZE);
    for (jobs, kept) in [(2, false), (4, true), (20, false)] {
        let runtime = SimRuntime::new();
        let served = content.clone();
        let recorder = Recorder::new(Responder::new(&runtime, move |request| {
            // The later ones come first.
            let (start, _, _) = asked(request, SIZE);
            honest(&served, request).delayed(Duration::from_micros((SIZE - start) as u64))
        }));
        let app = repository(&runtime, recorder.clone());
        let options = parts().with_jobs(jobs).with_resume(kept);
        assert_eq!(save(&runtime, &app, &content, &options).unwrap(), content);
        let mut ranges: Vec<_> = recorder
            .requests()
            .iter()
            .map(|request| request.header("range").unwrap().to_owned())
            .collect();
        ranges.sort();
        let mut expected: Vec<_> = (0..SIZE)
            .step_by(PART)
            .map(|start| format!("bytes={start}-{}", SIZE.min(start + PART) - 1))
            .collect();
        expected.sort();
        assert_eq!((ranges, recorder.received()), (expected, SIZE as u64));
    }
}

#[test]
fn p10_parts_that_are_cut_every_few_kib_arrive_right() {
    let content = noise(2, SIZE);
    for (cut, kind) in [
        (64 << 10, TransportErrorKind::Reset),
        (8 << 10, TransportErrorKind::Body),
    ] {
        let (runtime, served) = (SimRuntime::new(), content.clone());
        let recorder = Recorder::new(Responder::new(&runtime, move |request| {
            let (start, end, _) = asked(request, SIZE);
            let sent = served.slice(start..end.min(start + cut));
            let reply = partial(&served, start, end, SIZE).with_piece(sent);
            if end - start > cut {
                reply.breaking_off(kind)
            } else {
                reply
            }
        }));
        let app = repository(&runtime, recorder.clone());
        assert_eq!(save(&runtime, &app, &content, &parts()).unwrap(), content);
        assert_eq!(recorder.received(), SIZE as u64);
    }
}

#[test]
fn p11_where_ranges_are_ignored_the_first_request_is_the_download() {
    let content = noise(3, SIZE);
    let (runtime, served) = (SimRuntime::new(), content.clone());
    let recorder = Recorder::new(Responder::new(&runtime, move |_| {
        Reply::new(200).with_body(served.clone())
    }));
    let app = repository(&runtime, recorder.clone());
    assert_eq!(save(&runtime, &app, &content, &parts()).unwrap(), content);
    assert_eq!((recorder.count(), recorder.received()), (1, SIZE as u64));
}

/// What is answered in place of the bytes from one offset to another.
type Wrong = fn(usize, usize) -> Reply;

#[test]
fn p11_p12_p13_where_parts_go_wrong_one_stream_brings_the_rest() {
    let content = noise(4, SIZE);
    let wrong: [(&str, Wrong); 8] = [
        ("200", |_, _| Reply::new(200).with_body(noise(4, SIZE))),
        ("416", |_, _| Reply::new(416)),
        ("400", |_, _| Reply::new(400)),
        ("no range", |start, end| {
            Reply::new(206).with_body(noise(4, SIZE).slice(start..end))
        }),
        ("another range", |start, end| {
            Reply::new(206)
                .with_header("content-range", format!("bytes {}-{}/{SIZE}", start - 1, end - 2))
                .with_body(noise(4, SIZE).slice(start - 1..end - 1))
        }),
        ("another total", |start, end| {
            Reply::new(206)
                .with_header("content-range", format!("bytes {start}-{}/{}", end - 1, SIZE + 1))
                .with_body(noise(4, SIZE).slice(start..end))
        }),
        ("two ranges", |start, end| {
            let range = format!("bytes {start}-{}/{SIZE}", end - 1);
            Reply::new(206)
                .with_header("content-range", &range)
                .with_header("content-range", &range)
                .with_body(noise(4, SIZE).slice(start..end))
        }),
        ("multipart", |_, _| {
            Reply::new(206)
                .with_header("content-type", "multipart/byteranges; boundary=x")
                .with_body("--x")
        }),
    ];
    for (name, wrong) in wrong {
        let (runtime, served) = (SimRuntime::new(), content.clone());
        let app = repository(
            &runtime,
            Responder::new(&runtime, move |request| {
                let (start, end, _) = asked(request, SIZE);
                // Only the rest of the blob is served as a range, which is what one stream asks for.
                if start > 3 * PART && end != SIZE {
                    wrong(start, end)
                } else {
                    honest(&served, request)
                }
            }),
        );
        assert_eq!(save(&runtime, &app, &content, &parts()).unwrap(), content, "{name}");
    }
}

#[test]
fn p12_parts_of_different_content_are_never_put_together() {
    let (old, new) = (noise(5, SIZE), noise(6, SIZE));
    for descriptor_of in [&old, &new] {
        let (runtime, served) = (SimRuntime::new(), [old.clone(), new.clone()]);
        let mut requests = 0;
        let recorder = Recorder::new(Responder::new(&runtime, move |request| {
            requests += 1;
            let version = usize::from(requests > 5);
            honest(&served[version], request).with_header("etag", format!("\"{version}\""))
        }));
        let app = repository(&runtime, recorder.clone());
        let saved = save(&runtime, &app, descriptor_of, &parts());
        // What is there by now is fetched once more as one stream, and found right or wrong as a whole.
        if descriptor_of == &new {
            assert_eq!(saved.unwrap(), new);
        } else {
            let error = saved.unwrap_err();
            assert!(matches!(error.mismatch(), Some(Mismatch::Digest { .. })), "{error}");
        }
        assert_eq!(recorder.count_where(|request| request.header("range").is_none()), 1);
    }
}

#[test]
fn c05_c06_c07_a_blob_of_another_size_is_refused_and_leaves_nothing() {
    let content = noise(7, SIZE);
    for found in [content.slice(..SIZE - 1), noise(7, SIZE + 1), content.slice(..PART / 2)] {
        let runtime = SimRuntime::new();
        let app = repository(
            &runtime,
            Responder::new(&runtime, move |request| {
                let (start, end, ranged) = asked(request, found.len());
                match (ranged, found.len().min(end)) {
                    (true, end) if start < end => {
                        partial(&found, start, end, found.len()).with_body(found.slice(start..end))
                    }
                    (true, _) => Reply::new(416),
                    (false, _) => Reply::new(200).with_body(found.clone()),
                }
            }),
        );
        for kept in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let options = parts().with_resume(kept);
            let saved = runtime.run(app.save_blob(&layer(&content), folder.path().join("x"), &options));
            assert_eq!(saved.unwrap_err().kind(), ErrorKind::Mismatch);
            assert!(files_below(folder.path()).is_empty());
        }
    }
}

#[test]
fn p26_any_number_of_parts_and_any_memory_comes_to_the_end() {
    let content = noise(8, SIZE);
    for options in [
        parts().with_jobs(0),
        parts().with_jobs(1),
        parts().with_memory(0),
        parts().with_memory(1).with_jobs(100),
        parts().with_part_size(0).with_threshold(u64::MAX),
        parts().with_part_size(u64::MAX),
        parts().with_part_size(997).with_jobs(3),
    ] {
        let (runtime, served) = (SimRuntime::new(), content.clone());
        let server = Responder::new(&runtime, move |request| honest(&served, request));
        let app = repository(&runtime, server);
        assert_eq!(
            save(&runtime, &app, &content, &options).unwrap(),
            content,
            "{options:?}"
        );
    }
    let (runtime, empty) = (SimRuntime::new(), Bytes::new());
    let app = repository(&runtime, Responder::new(&runtime, |_| Reply::new(200)));
    assert_eq!(save(&runtime, &app, &empty, &parts()).unwrap(), empty);
}

#[test]
fn p24_parts_may_be_dropped_at_any_time() {
    let content = noise(9, 2000);
    let options = parts().with_part_size(300);
    for kept in [false, true] {
        let options = options.with_resume(kept);
        let finished = (0..).find(|&polls| {
            let (runtime, folder, served) = (SimRuntime::new(), tempfile::tempdir().unwrap(), content.clone());
            let inner = Responder::new(&runtime, move |request| honest(&served, request));
            let slow = Slow {
                inner,
                pause: Duration::from_millis(1),
                runtime: runtime.clone(),
            };
            let app = repository(&runtime, slow);
            let path = folder.path().join("layer");
            let finished = runtime
                .run_for(polls, app.save_blob(&layer(&content), &path, &options))
                .is_some();
            assert_eq!(runtime.timers(), 0, "after {polls} polls");
            let files = files_below(folder.path());
            assert!(finished || !path.exists(), "after {polls} polls");
            assert!(
                files.len() <= usize::from(finished || kept),
                "{files:?} after {polls} polls"
            );
            // Whatever was left there is no hindrance, and gaps in it are not taken for content.
            runtime.run(app.save_blob(&layer(&content), &path, &options)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), content);
            assert_eq!(files_below(folder.path()).len(), 1);
            finished
        });
        assert!(finished.unwrap() > 10);
    }
}

#[test]
fn p10_a_signed_url_that_expires_in_the_middle_of_a_part_costs_one_more_question() {
    let content = noise(10, SIZE);
    let (runtime, served) = (SimRuntime::new(), content.clone());
    let mut signed = 0;
    let recorder = Recorder::new(Responder::new(&runtime, move |request| {
        if request.uri().host() == Some("registry.test") {
            signed += 1;
            return Reply::new(307).with_header("location", format!("https://cdn.test/blob?signature={signed}"));
        }
        let expired = request.uri().query() == Some("signature=3");
        if expired {
            Reply::new(403)
        } else {
            honest(&served, request)
        }
    }));
    let app = repository(&runtime, recorder.clone());
    assert_eq!(save(&runtime, &app, &content, &parts()).unwrap(), content);
    assert_eq!(recorder.count_where(|request| request.origin == "https://cdn.test"), 12);
}

#[test]
fn an_observer_sees_how_a_blob_comes_in_parts() {
    let content = noise(11, SIZE);
    let (runtime, served, seen) = (SimRuntime::new(), content.clone(), Arc::new(Seen::default()));
    let server = Responder::new(&runtime, move |request| {
        honest(&served, request).delayed(Duration::from_millis(60))
    });
    let client = builder(&runtime, server).observer(seen.clone()).build();
    save(&runtime, &app(&client), &content, &parts().with_jobs(2)).unwrap();
    let events = seen.events();
    assert_eq!(events.first(), Some(&BlobProgress::Started));
    assert_eq!(events.last(), Some(&BlobProgress::Verified));
    let advanced: Vec<u64> = events
        .iter()
        .filter_map(|event| match event {
            BlobProgress::Advanced { bytes } => Some(*bytes),
            _ => None,
        })
        .collect();
    assert!(
        advanced.is_sorted() && advanced.last() == Some(&(SIZE as u64)),
        "{advanced:?}"
    );
    // Eleven parts in six rounds of 60 ms: told every other round, and at the end.
    assert!((3..=5).contains(&advanced.len()), "{advanced:?}");
}

#[test]
fn parts_follow_each_other_while_one_connection_is_fast_and_come_together_once_it_is_not() {
    const PART: usize = 8 << 20;
    let content = noise(9, PART * 6 + 5);
    let end = content.len();
    let (first, second) = ((0, PART), (PART, PART * 5));
    // How long the answers take, and what is asked for.
    let cases = [
        (0, vec![first, second, (PART * 5, end)]),
        (500, vec![first, second, (PART * 5, PART * 6), (PART * 6, end)]),
    ];
    for (delay, expected) in cases {
        let (runtime, served) = (SimRuntime::new(), content.clone());
        let recorder = Recorder::new(Responder::new(&runtime, move |request| {
            honest(&served, request).delayed(Duration::from_millis(delay))
        }));
        let app = repository(&runtime, recorder.clone());
        let options = PullOptions::new().with_threshold(0).with_part_size(PART as u64);
        assert_eq!(save(&runtime, &app, &content, &options).unwrap(), content);
        let requests = recorder.requests();
        let ranges = requests
            .iter()
            .map(|request| request.header("range").unwrap().to_owned());
        let expected = expected.iter().map(|(start, end)| format!("bytes={start}-{}", end - 1));
        assert_eq!(ranges.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub(crate) struct Seen(Mutex<Vec<BlobProgress>>);

impl Seen {
    pub(crate) fn events(&self) -> Vec<BlobProgress> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl Observer for Seen {
    fn blob(&self, event: &BlobEvent<'_>) {
        self.0.lock().unwrap().push(event.progress);
    }
}
