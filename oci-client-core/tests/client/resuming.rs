//! Downloads that break and go on (issue item 4; P10, P11, P12).

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use oci_client_core::ErrorKind;
use oci_client_core::transport::TransportErrorKind;
use oci_spec_types::Mismatch;
use test_support::{Exchange, Recorder, Reply, Responder, ScriptedTransport, SimRuntime};

use crate::support::{blob_path, impatient, layer, noise, repository};

/// 1 MiB and a bit: not a multiple of anything.
const SIZE: usize = (1 << 20) + 77;

#[test]
fn p10_a_blob_cut_five_times_arrives_right_and_no_byte_comes_twice() {
    let content = noise(1, SIZE);
    for kind in [TransportErrorKind::Body, TransportErrorKind::Reset] {
        let runtime = SimRuntime::new();
        let cuts = [10, SIZE / 5, SIZE / 3, SIZE / 2, SIZE - 1];
        let recorder = Recorder::new(Responder::new(&runtime, cutting(content.clone(), cuts.to_vec(), kind)));
        let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
        assert_eq!(runtime.run(blob.bytes(SIZE)).unwrap(), content);
        assert_eq!(recorder.received(), SIZE as u64);
        let requests = recorder.requests();
        let ranges: Vec<_> = requests
            .iter()
            .map(|request| request.header("range").map(str::to_owned))
            .collect();
        let expected: Vec<_> = cuts
            .iter()
            .map(|cut| Some(format!("bytes={cut}-{}", SIZE - 1)))
            .collect();
        assert_eq!(ranges, [vec![None], expected].concat());
    }
}

#[test]
fn p10_the_cuts_may_come_early_and_often() {
    for (size, cuts) in [
        (22, (1..22).collect::<Vec<usize>>()),
        (100_000, (1..6).map(|cut| cut * 16_000).collect()),
        (2 << 20, (1..32).map(|cut| cut << 16).collect()),
    ] {
        let content = noise(11, size);
        let runtime = SimRuntime::new();
        let server = cutting(content.clone(), cuts.clone(), TransportErrorKind::Reset);
        let recorder = Recorder::new(Responder::new(&runtime, server));
        let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
        assert_eq!(runtime.run(blob.bytes(size)).unwrap(), content);
        assert_eq!((recorder.received(), recorder.count()), (size as u64, cuts.len() + 1));
    }
}

#[test]
fn p10_a_body_that_ends_early_without_an_error_is_gone_on_with() {
    let content = noise(2, 1000);
    let runtime = SimRuntime::new();
    let path = blob_path(&layer(&content).digest);
    let server = ScriptedTransport::new(
        &runtime,
        [
            Exchange::get(&path, Reply::new(200).with_piece(content.slice(..400))).without_header("range"),
            Exchange::get(&path, partial(&content, 400, 999)).with_header("range", "bytes=400-999"),
        ],
    );
    let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);
}

#[test]
fn p10_a_connection_that_breaks_after_the_last_byte_needs_no_other_request() {
    let content = noise(3, 1000);
    let runtime = SimRuntime::new();
    let reply = Reply::new(200)
        .with_body(content.clone())
        .breaking_off(TransportErrorKind::Reset);
    let server = ScriptedTransport::new(&runtime, [Exchange::get(blob_path(&layer(&content).digest), reply)]);
    let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);
}

#[test]
fn p10_a_large_blob_survives_any_number_of_cuts_but_not_a_standstill() {
    // A cut after each 1.5 MiB: enough progress to count as a working connection each time.
    let content = noise(4, 30 << 20);
    let cuts: Vec<usize> = (1..20).map(|cut| cut * (3 << 19)).collect();
    let runtime = SimRuntime::new();
    let recorder = Recorder::new(Responder::new(
        &runtime,
        cutting(content.clone(), cuts, TransportErrorKind::Reset),
    ));
    let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(content.len())).unwrap(), content);
    assert_eq!((recorder.count(), recorder.received()), (20, content.len() as u64));

    // A cut after each byte: no progress to speak of.
    let cuts: Vec<usize> = (1..100).collect();
    let recorder = Recorder::new(Responder::new(
        &runtime,
        cutting(content.clone(), cuts, TransportErrorKind::Reset),
    ));
    let blob = repository(&runtime, recorder.clone()).blob(&layer(&content)).unwrap();
    let error = runtime.run(blob.bytes(content.len())).unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts().len(), recorder.count()),
        (ErrorKind::Transport, 4, 5)
    );
}

#[test]
fn p10_the_content_is_verified_across_the_cuts() {
    let content = noise(5, 1000);
    let mut wrong = content.to_vec();
    wrong[10] ^= 1;
    let runtime = SimRuntime::new();
    let server = Responder::new(&runtime, cutting(wrong.into(), vec![500], TransportErrorKind::Reset));
    let error = runtime
        .run(repository(&runtime, server).blob(&layer(&content)).unwrap().bytes(1000))
        .unwrap_err();
    assert!(matches!(error.mismatch(), Some(Mismatch::Digest { .. })), "{error}");
}

#[test]
fn p11_a_server_that_ignores_ranges_is_read_again_once() {
    let content = noise(6, 1000);
    let whole = || Reply::new(200).with_body(content.clone());
    let cut = |at: usize| {
        Reply::new(200)
            .with_piece(content.slice(..at))
            .breaking_off(TransportErrorKind::Reset)
    };
    let runtime = SimRuntime::new();
    let path = blob_path(&layer(&content).digest);

    let server = ScriptedTransport::new(&runtime, [cut(400), whole()].map(|reply| Exchange::get(&path, reply)));
    let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);

    // The second time it breaks before the place that was reached.
    let replies = [cut(400), cut(200), partial(&content, 400, 999)];
    let server = ScriptedTransport::new(&runtime, replies.map(|reply| Exchange::get(&path, reply)));
    let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap(), content);

    let replies = [cut(400), cut(600), whole()];
    let server = ScriptedTransport::new(&runtime, replies.map(|reply| Exchange::get(&path, reply)));
    let blob = repository(&runtime, server).blob(&layer(&content)).unwrap();
    assert_eq!(runtime.run(blob.bytes(1000)).unwrap_err().kind(), ErrorKind::Protocol);
}

#[test]
fn p12_another_range_than_the_one_asked_for_is_never_spliced_in() {
    let content = noise(7, 1000);
    let rest = content.slice(400..);
    let path = blob_path(&layer(&content).digest);
    let ranges = [
        "",
        "bytes 399-999/1000",
        "bytes 400-998/1000",
        "bytes 400-999/1001",
        "bytes */1000",
        "400-999/1000",
        "bytes 400-999",
    ];
    for range in ranges {
        let runtime = SimRuntime::new();
        let first = Reply::new(200)
            .with_piece(content.slice(..400))
            .breaking_off(TransportErrorKind::Reset);
        let second = Reply::new(206)
            .with_header("content-range", range)
            .with_body(rest.clone());
        let server = ScriptedTransport::new(&runtime, [first, second].map(|reply| Exchange::get(&path, reply)));
        let error = runtime
            .run(repository(&runtime, server).blob(&layer(&content)).unwrap().bytes(1000))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{range}: {error}");
    }
    let runtime = SimRuntime::new();
    let error = runtime
        .run(
            impatient(&runtime, Responder::new(&runtime, move |_| partial(&content, 0, 999)))
                .blob(&layer(&noise(7, 1000)))
                .unwrap()
                .bytes(1000),
        )
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}

#[test]
fn a_reader_that_has_failed_never_ends_cleanly() {
    let content = noise(8, 1000);
    let runtime = SimRuntime::new();
    let mut blob = impatient(
        &runtime,
        Responder::new(&runtime, move |_| Reply::new(200).with_piece(noise(9, 1000))),
    )
    .blob(&layer(&content))
    .unwrap();
    runtime.run(async {
        assert_eq!(blob.chunk().await.unwrap_err().kind(), ErrorKind::Mismatch);
        assert_eq!(blob.chunk().await.unwrap_err().kind(), ErrorKind::Misuse);
    });
}

#[test]
fn a_future_dropped_half_way_through_a_chunk_ends_the_reading() {
    let content = noise(10, 1000);
    let runtime = SimRuntime::new();
    let reply = Reply::new(200)
        .pausing(Duration::from_secs(1))
        .with_body(content.clone());
    let repository = repository(
        &runtime,
        Responder::new(&runtime, move |_| reply.clone().delayed(Duration::from_secs(1))),
    );
    let mut blob = repository.blob(&layer(&content)).unwrap();
    assert!(runtime.run_for(1, blob.chunk()).is_none());
    assert_eq!(runtime.run(blob.chunk()).unwrap_err().kind(), ErrorKind::Misuse);
}

/// Serves `content` with ranges, and breaks off when it comes to the next of `cuts`, which are offsets in the whole.
fn cutting(content: Bytes, cuts: Vec<usize>, kind: TransportErrorKind) -> impl FnMut(&Request<Bytes>) -> Reply + Send {
    let mut cuts = cuts.into_iter();
    move |request| {
        let size = content.len();
        let range = request.headers().get("range").map(|value| value.to_str().unwrap());
        let start: usize = range.map_or(0, |range| {
            let (start, end) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
            assert_eq!(end, (size - 1).to_string());
            start.parse().unwrap()
        });
        let reply = match range {
            Some(_) => Reply::new(206).with_header("content-range", format!("bytes {start}-{}/{size}", size - 1)),
            None => Reply::new(200),
        };
        let cut = cuts.next();
        let sent = content.slice(start..cut.unwrap_or(size));
        let reply = reply.with_header("content-length", (size - start).to_string());
        let pieces = (0..sent.len())
            .step_by(60_000)
            .map(|at| sent.slice(at..sent.len().min(at + 60_000)));
        let reply = pieces.fold(reply, Reply::with_piece);
        if cut.is_some() { reply.breaking_off(kind) } else { reply }
    }
}

fn partial(content: &Bytes, first: usize, last: usize) -> Reply {
    Reply::new(206)
        .with_header("content-range", format!("bytes {first}-{last}/{}", content.len()))
        .with_body(content.slice(first..=last))
}
