//! Entries out of other archives, as far as they mean something to whoever unpacks them.

use std::collections::BTreeMap;
use std::io::Write;

use oci_client_core::{Error, ErrorKind};
use tar::{EntryType, Header};

use super::{LARGEST_7, LARGEST_11, NAME, TarWriter, WRITING, ascii, failed, set_link, set_size};
use crate::layer::pax::Records;
use crate::tar_stream::{EntryKind, Segment, Timestamp};

/// What an archive says of a file, besides its name and content.
#[derive(Clone, Copy)]
pub(crate) struct Attributes<'a> {
    pub(crate) device: (i64, i64),
    pub(crate) gid: i64,
    pub(crate) kind: EntryKind,
    pub(crate) link: &'a [u8],
    pub(crate) mode: u32,
    pub(crate) mtime: Timestamp,
    pub(crate) uid: i64,
    pub(crate) xattrs: &'a BTreeMap<Vec<u8>, Vec<u8>>,
}

impl<W: Write> TarWriter<W> {
    /// An entry without content.
    pub(crate) fn plain(&mut self, path: &[u8], attributes: &Attributes<'_>) -> Result<(), Error> {
        let mut records = Records::default();
        let header = attributes.header(&mut records)?;
        self.header(path, header, records)
    }

    /// An entry with content, which `read` gives piece by piece: of a sparse file what is not a hole.
    pub(crate) fn with_content(
        &mut self,
        path: &[u8],
        attributes: &Attributes<'_>,
        size: u64,
        sparse: Option<&[Segment]>,
        mut read: impl FnMut(&mut [u8]) -> Result<usize, Error>,
    ) -> Result<(), Error> {
        let mut records = Records::default();
        let mut header = attributes.header(&mut records)?;
        let stored = match sparse {
            None => {
                set_size(&mut header, size, &mut records);
                self.header(path, header, records)?;
                size
            }
            Some(segments) => {
                let map = map(segments)?;
                let stored = segments
                    .iter()
                    .fold(0_u64, |sum, segment| sum.saturating_add(segment.len));
                let whole = stored.saturating_add(map.len() as u64);
                set_size(&mut header, whole, &mut records);
                describe_holes(path, size, &mut records);
                self.header(&stand_in(path), header, records)?;
                self.write(&map)?;
                stored
            }
        };
        let room = usize::try_from(stored).unwrap_or(BUFFER).min(BUFFER);
        let (mut buffer, mut written) = (vec![0; room], 0_u64);
        loop {
            let count = read(&mut buffer)?;
            if count == 0 {
                break;
            }
            self.write(buffer.get(..count).unwrap_or_default())?;
            written = written.saturating_add(count as u64);
        }
        if written != stored {
            let message = format!("an entry has {written} bytes instead of {stored}");
            return Err(Error::new(ErrorKind::Mismatch, message));
        }
        self.pad(stored)
    }

    /// A further name of what has been written as `target`, or lies in a layer below.
    pub(crate) fn hard_link(&mut self, path: &[u8], target: &[u8], attributes: &Attributes<'_>) -> Result<(), Error> {
        let attributes = Attributes {
            kind: EntryKind::Hardlink,
            link: target,
            ..*attributes
        };
        self.plain(path, &attributes)
    }

    /// A whiteout of this path.
    pub(crate) fn whiteout(&mut self, path: &[u8]) -> Result<(), Error> {
        let attributes = Attributes {
            device: (0, 0),
            gid: 0,
            kind: EntryKind::File,
            link: &[],
            mode: 0o644,
            mtime: Timestamp::default(),
            uid: 0,
            xattrs: &BTreeMap::new(),
        };
        self.plain(path, &attributes)
    }
}

impl Attributes<'_> {
    fn header(&self, records: &mut Records) -> Result<Header, Error> {
        let mut header = Header::new_ustar();
        header.set_mode(self.mode & 0o7777);
        header.set_size(0);
        header.set_mtime(self.time(records));
        header.set_uid(number("uid", self.uid, records)?);
        header.set_gid(number("gid", self.gid, records)?);
        for (name, value) in self.xattrs {
            records.insert([b"SCHILY.xattr.", name.as_slice()].concat(), value.as_slice());
        }
        header.set_entry_type(match self.kind {
            EntryKind::BlockDevice => EntryType::Block,
            EntryKind::CharDevice => EntryType::Char,
            EntryKind::Directory => EntryType::Directory,
            EntryKind::Fifo => EntryType::Fifo,
            EntryKind::File => EntryType::Regular,
            EntryKind::Hardlink => EntryType::Link,
            EntryKind::Symlink => EntryType::Symlink,
        });
        match self.kind {
            EntryKind::BlockDevice | EntryKind::CharDevice => self.set_device(&mut header)?,
            EntryKind::Hardlink | EntryKind::Symlink => set_link(&mut header, self.link, records),
            _ => {}
        }
        Ok(header)
    }

    /// What the header has of the time; all of it is in a record if that is not enough.
    fn time(&self, records: &mut Records) -> u64 {
        let Timestamp { seconds, nanos } = self.mtime;
        let plain = u64::try_from(seconds).ok().filter(|seconds| *seconds <= LARGEST_11);
        if plain.is_none() || nanos != 0 {
            records.insert("mtime", decimal(seconds, nanos));
        }
        plain.unwrap_or_default()
    }

    fn set_device(&self, header: &mut Header) -> Result<(), Error> {
        let part = |part: i64| u32::try_from(part).ok().filter(|part| *part <= LARGEST_7);
        let (major, minor) = self.device;
        let (Some(major), Some(minor)) = (part(major), part(minor)) else {
            let message = format!("a device with the numbers {major} and {minor} cannot be in an archive");
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        header.set_device_major(major).map_err(|error| failed(error, WRITING))?;
        header.set_device_minor(minor).map_err(|error| failed(error, WRITING))
    }
}

fn number(key: &str, id: i64, records: &mut Records) -> Result<u64, Error> {
    match u64::try_from(id) {
        Ok(id) if id <= LARGEST_7.into() => Ok(id),
        Ok(id) => {
            records.insert(key, id.to_string());
            Ok(0)
        }
        Err(_) => Err(Error::new(
            ErrorKind::Unsupported,
            format!("an entry with the {key} {id} cannot be in an archive"),
        )),
    }
}

/// Seconds with a fraction. Those before 1970 count backwards in both.
fn decimal(seconds: i64, nanos: u32) -> String {
    let nanos = i128::from(seconds) * 1_000_000_000 + i128::from(nanos);
    let (sign, nanos) = if nanos < 0 { ("-", -nanos) } else { ("", nanos) };
    let text = format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The map of a sparse file in the form 1.0 of GNU tar: in front of the content, filled up to a block.
fn map(segments: &[Segment]) -> Result<Vec<u8>, Error> {
    let mut text = format!("{}\n", segments.len());
    for segment in segments {
        text.push_str(&format!("{}\n{}\n", segment.offset, segment.len));
    }
    let mut map = text.into_bytes();
    map.resize(map.len().next_multiple_of(super::BLOCK), 0);
    if map.len() <= MAX_MAP {
        return Ok(map);
    }
    let message = "a sparse file has more holes than an archive can tell of";
    Err(Error::new(ErrorKind::TooLarge, message))
}

fn describe_holes(path: &[u8], size: u64, records: &mut Records) {
    records.insert("GNU.sparse.major", "1");
    records.insert("GNU.sparse.minor", "0");
    records.insert("GNU.sparse.name", path);
    records.insert("GNU.sparse.realsize", size.to_string());
}

/// What a sparse file is called for readers that do not know of such.
fn stand_in(path: &[u8]) -> Vec<u8> {
    let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let mut name = [b"GNUSparseFile.0/", ascii(name).as_slice()].concat();
    name.truncate(NAME);
    name
}

const BUFFER: usize = 128 << 10;

/// As much of a map as readers take: 1 MiB.
const MAX_MAP: usize = 1 << 20;
