use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use oci_spec_types::{Algorithm, Digest};

use super::connection::{Connection, Content};
use crate::Outcome;
use crate::table::as_seconds;

/// What a registry has to do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Load {
    GetByDigest,
    GetByTag,
    GetEight,
    GetOne,
    PutEight,
    PutManifests,
    PutOne,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    /// Requests or MB.
    pub(super) amount: f64,
    /// The registry's own.
    pub(super) cpu: Duration,
    /// Of the amount, in a second.
    pub(super) rate: f64,
}

impl Load {
    /// In an order in which each finds what it needs.
    pub(super) const ALL: [Self; 7] = [
        Self::PutOne,
        Self::PutEight,
        Self::GetOne,
        Self::GetEight,
        Self::PutManifests,
        Self::GetByTag,
        Self::GetByDigest,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::GetByDigest => "manifest by digest, 8 connections",
            Self::GetByTag => "manifest by tag, 8 connections",
            Self::GetEight => "download 8 x 256 MiB at a time",
            Self::GetOne => "download 256 MiB",
            Self::PutEight => "upload 8 x 256 MiB at a time",
            Self::PutManifests => "put manifests, 8 connections",
            Self::PutOne => "upload 256 MiB",
        }
    }

    pub(super) fn show(self, rate: f64) -> String {
        if self.is_small() {
            format!("{rate:.0} /s")
        } else {
            format!("{rate:.0} MB/s")
        }
    }

    /// CPU time of a request, or of a gigabyte.
    pub(super) fn show_cpu(self, seconds: f64) -> String {
        if self.is_small() {
            format!("{:.0} us", seconds * 1e6)
        } else {
            format!("{:.2} s/GB", seconds * 1e3)
        }
    }

    const fn is_small(self) -> bool {
        matches!(self, Self::GetByDigest | Self::GetByTag | Self::PutManifests)
    }

    pub(super) fn put_on(self, address: &str, duration: Duration) -> Outcome<Measured> {
        match self {
            Self::GetByDigest => {
                let digest = Digest::sha256(manifest(0, 0).as_bytes());
                requests(address, duration, |connection, _, _| {
                    get_manifest(connection, &digest.to_string())
                })
            }
            Self::GetByTag => requests(address, duration, |connection, _, _| get_manifest(connection, "t0")),
            Self::GetEight => blobs(address, 1..9, download),
            Self::GetOne => blobs(address, 0..1, download),
            Self::PutEight => blobs(address, 1..9, upload),
            Self::PutManifests => {
                prepare(address)?;
                requests(address, duration, put_manifest)
            }
            Self::PutOne => blobs(address, 0..1, upload),
        }
    }
}

/// Has eight connections send requests for as long as `duration`.
fn requests(
    address: &str,
    duration: Duration,
    request: impl Fn(&mut Connection, usize, u64) -> Outcome<()> + Sync,
) -> Outcome<Measured> {
    let count = AtomicU64::new(0);
    let started = Instant::now();
    in_parallel(0..CONNECTIONS, |number| {
        let mut connection = Connection::open(address)?;
        for round in 0.. {
            if started.elapsed() >= duration {
                break;
            }
            request(&mut connection, number, round)?;
            count.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "there are not that many")]
    let amount = count.into_inner() as f64;
    Ok(measured(amount, started))
}

/// Moves blobs, all at a time.
fn blobs(
    address: &str,
    numbers: std::ops::Range<usize>,
    transfer: impl Fn(&mut Connection, usize, &Digest) -> Outcome<()> + Sync,
) -> Outcome<Measured> {
    let digests = numbers.clone().map(digest).collect::<Outcome<Vec<_>>>()?;
    let started = Instant::now();
    in_parallel(numbers.clone(), |number| {
        let digest = digests.get(number - numbers.start).ok_or("no such blob")?;
        transfer(&mut Connection::open(address)?, number, digest)
    })?;
    #[expect(clippy::cast_precision_loss, reason = "these are small numbers")]
    let amount = (digests.len() * BLOB_SIZE) as f64 / 1e6;
    Ok(measured(amount, started))
}

fn measured(amount: f64, started: Instant) -> Measured {
    Measured {
        amount,
        cpu: Duration::ZERO,
        rate: amount / as_seconds(started.elapsed()),
    }
}

fn in_parallel(numbers: std::ops::Range<usize>, work: impl Fn(usize) -> Outcome<()> + Sync) -> Outcome<()> {
    let failed = Mutex::new(None);
    thread::scope(|scope| {
        for number in numbers {
            let (work, failed) = (&work, &failed);
            scope.spawn(move || {
                if let Err(error) = work(number) {
                    *failed.lock().expect("nobody panics while holding it") = Some(error);
                }
            });
        }
    });
    let failed = failed.into_inner().expect("nobody panics while holding it");
    failed.map_or(Ok(()), Err)
}

fn download(connection: &mut Connection, _: usize, digest: &Digest) -> Outcome<()> {
    let answer = connection.request("GET", &format!("{REPOSITORY}/blobs/{digest}"), "", Content::None)?;
    answer.expect(200)
}

fn upload(connection: &mut Connection, number: usize, digest: &Digest) -> Outcome<()> {
    let opened = connection.request("POST", &format!("{REPOSITORY}/blobs/uploads/"), "", Content::None)?;
    let location = opened.location()?;
    let separator = if location.contains('?') { '&' } else { '?' };
    let content = content(number);
    let answer = connection.request(
        "PUT",
        &format!("{location}{separator}digest={digest}"),
        "Content-Type: application/octet-stream\r\n",
        Content::Repeated(&content, BLOB_SIZE / PIECE),
    )?;
    answer.expect(201)
}

/// Uploads what the manifests refer to.
fn prepare(address: &str) -> Outcome<()> {
    let mut connection = Connection::open(address)?;
    let opened = connection.request("POST", &format!("{REPOSITORY}/blobs/uploads/"), "", Content::None)?;
    let location = opened.location()?;
    let separator = if location.contains('?') { '&' } else { '?' };
    let target = format!("{location}{separator}digest={}", Digest::sha256(b"{}"));
    connection
        .request("PUT", &target, "", Content::Repeated(b"{}", 1))?
        .expect(201)
}

fn put_manifest(connection: &mut Connection, number: usize, round: u64) -> Outcome<()> {
    let manifest = manifest(number, round);
    let answer = connection.request(
        "PUT",
        &format!("{REPOSITORY}/manifests/t{number}"),
        &format!("Content-Type: {MANIFEST}\r\n"),
        Content::Repeated(manifest.as_bytes(), 1),
    )?;
    answer.expect(201)
}

fn get_manifest(connection: &mut Connection, reference: &str) -> Outcome<()> {
    let target = format!("{REPOSITORY}/manifests/{reference}");
    let answer = connection.request("GET", &target, &format!("Accept: {MANIFEST}\r\n"), Content::None)?;
    answer.expect(200)
}

fn manifest(number: usize, round: u64) -> String {
    let empty = format!(
        r#"{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{}","size":2}}"#,
        Digest::sha256(b"{}")
    );
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","artifactType":"application/x.bench","config":{empty},"layers":[{empty}],"annotations":{{"n":"{number}-{round}"}}}}"#
    )
}

/// A piece of the content of blob `number`, which consists of nothing else.
fn content(number: usize) -> Vec<u8> {
    let mut state = number as u64 + 1;
    let words = (0..PIECE / 8).flat_map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state ^ (state >> 29)).to_le_bytes()
    });
    words.collect()
}

fn digest(number: usize) -> Outcome<Digest> {
    let content = content(number);
    let mut hasher = Algorithm::SHA256.hasher()?;
    for _ in 0..BLOB_SIZE / PIECE {
        hasher.update(&content);
    }
    Ok(hasher.finish())
}

const CONNECTIONS: usize = 8;
const BLOB_SIZE: usize = 256 << 20;
const PIECE: usize = 1 << 20;
const REPOSITORY: &str = "/v2/load/test";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
