use std::fmt::Write;
use std::path::Path;

use oci_client_core::Error;
use oci_spec_types::Digest;

use super::{Entry, EntryKind, TarReader};
use crate::hostile;

/// What this reader lists is what Go's `archive/tar` lists.
#[test]
fn u01_u02_u03_u04_u05_u06_u07_u08_u14_u18_archives_that_lead_out_are_listed_as_by_go() {
    for (name, archive) in hostile::leading_out() {
        assert_eq!(list(&archive).unwrap(), golden(name, &archive), "{name}");
    }
}

/// U11, U12, U13: what this reader lists is what Go's `archive/tar` lists, or an error.
#[test]
fn u11_u12_u13_the_listing_of_each_hostile_archive_is_that_of_go_or_an_error() {
    let mut errors = Vec::new();
    for (name, archive) in hostile::parsing() {
        let golden = golden(name, &archive);
        match list(&archive) {
            Ok(listing) => assert_eq!(listing, golden, "{name}"),
            Err(_) => errors.push((name, golden.ends_with("error\n"))),
        }
    }
    // Where Go lists something and this reader does not, readers of tar are known to differ.
    let stricter: Vec<_> = errors.iter().filter(|(_, go)| !go).map(|(name, _)| *name).collect();
    assert_eq!(
        stricter,
        [
            "gnu_longname_twice",
            "pax_and_gnu_path",
            "pax_and_gnu_path_swapped",
            "pax_twice",
            "pax_orphan",
            "pax_global_path",
            "data_after_end",
            "unknown_type",
            "file_with_slash",
        ]
    );
}

/// U11, U12: what the goldens cannot show: that these are errors, and which.
#[test]
fn u11_u12_errors_say_what_is_wrong() {
    let archives = hostile::parsing();
    for (name, expected) in [
        ("bad_checksum", "checksum"),
        ("data_after_end", "after the end"),
        ("gnu_longname_1g", "longer than 1 MiB"),
        ("negative_base256_size", "negative"),
        ("pax_2g", "longer than 1 MiB"),
        ("pax_and_gnu_path", "differently"),
        ("pax_bad_length", "malformed"),
        ("pax_global_path", "global"),
        ("pax_nul_path", "malformed"),
        ("truncated", "ends within"),
        ("zero_block_then_data", "block of zeros"),
    ] {
        let (_, archive) = archives.iter().find(|(found, _)| *found == name).unwrap();
        let error = list(archive).unwrap_err().to_string();
        assert!(error.contains(expected), "{name}: {error}");
    }
}

/// Any single byte changed: an error or a listing, never a panic.
#[test]
fn u11_damaged_archives_never_panic() {
    for (_, archive) in hostile::parsing() {
        for at in (0..archive.len().min(2048)).step_by(3) {
            let mut damaged = archive.clone();
            damaged[at] ^= 0x81;
            let _ = list(&damaged).is_ok();
        }
    }
}

#[test]
#[ignore = "writes the archives for tests/golden/list.go; see the README beside it"]
fn write_hostile_archives() {
    let directory = std::env::var_os("HOSTILE_ARCHIVES").expect("set HOSTILE_ARCHIVES to a directory");
    for (name, archive) in hostile::parsing().into_iter().chain(hostile::leading_out()) {
        std::fs::write(Path::new(&directory).join(name), archive).unwrap();
    }
}

/// The listing that Go made of the very same archive.
fn golden(name: &str, archive: &[u8]) -> String {
    let head = format!("== {name} {}\n", Digest::sha256(archive).encoded_string());
    let after = GOLDEN
        .split_once(&head)
        .unwrap_or_else(|| panic!("no golden listing of {head}"))
        .1;
    after.split("== ").next().unwrap().to_owned()
}

fn list(archive: &[u8]) -> Result<String, Error> {
    let (mut reader, mut listing) = (TarReader::new(archive), String::new());
    while let Some(entry) = reader.next()? {
        let mut content = Vec::new();
        let mut buffer = [0; 1000];
        loop {
            match reader.read(&mut buffer)? {
                0 => break,
                count => content.extend_from_slice(&buffer[..count]),
            }
        }
        line(&mut listing, &entry, &content);
    }
    reader.finish()?;
    Ok(listing)
}

fn line(listing: &mut String, entry: &Entry, content: &[u8]) {
    let kind = match entry.kind {
        EntryKind::BlockDevice => '4',
        EntryKind::CharDevice => '3',
        EntryKind::Directory => '5',
        EntryKind::Fifo => '6',
        EntryKind::File => '0',
        EntryKind::Hardlink => '1',
        EntryKind::Symlink => '2',
    };
    let Entry {
        mode,
        uid,
        gid,
        size,
        mtime,
        ..
    } = entry;
    let (path, link) = (escaped(&entry.path), escaped(&entry.link));
    let (seconds, nanos) = (mtime.seconds, mtime.nanos);
    write!(
        listing,
        "{kind} {mode:o} {uid} {gid} {size} {seconds}.{nanos:09} \"{path}\" \"{link}\""
    )
    .unwrap();
    for (name, value) in &entry.xattrs {
        write!(listing, " {}={}", escaped(name), escaped(value)).unwrap();
    }
    if *size <= 4096 {
        write!(
            listing,
            " {}",
            Digest::sha256(&expanded(entry, content)).encoded_string()
        )
        .unwrap();
    }
    listing.push('\n');
}

/// The content with its holes.
fn expanded(entry: &Entry, mut content: &[u8]) -> Vec<u8> {
    let Some(segments) = &entry.sparse else {
        return content.to_vec();
    };
    let mut whole = vec![0; usize::try_from(entry.size).unwrap()];
    for segment in segments {
        let (offset, len) = (
            usize::try_from(segment.offset).unwrap(),
            usize::try_from(segment.len).unwrap(),
        );
        let (part, rest) = content.split_at(len);
        whole[offset..offset + len].copy_from_slice(part);
        content = rest;
    }
    whole
}

fn escaped(text: &[u8]) -> String {
    text.iter().fold(String::new(), |mut shown, byte| {
        match byte {
            b' '..=b'~' if *byte != b'"' && *byte != b'\\' => shown.push(char::from(*byte)),
            byte => write!(shown, "\\x{byte:02x}").unwrap(),
        }
        shown
    })
}

const GOLDEN: &str = include_str!("../../tests/golden/listings.txt");
