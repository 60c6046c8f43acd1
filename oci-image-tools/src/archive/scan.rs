//! Where the files of a tar are, without reading their content.

use std::collections::HashMap;
use std::io::{self, Read, Seek, SeekFrom};

use tar::{EntryType, Header, PaxExtensions};

/// What a tar holds under each name; of several, the last, as it would be after unpacking.
#[derive(Debug, Default)]
pub(super) struct Listing {
    pub(super) entries: HashMap<String, Found>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Found {
    /// Another name of something, from the root of the archive; hard and symbolic links.
    Link(String),
    /// A plain file.
    Place(Place),
}

/// Where the content of a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Place {
    pub(super) size: u64,
    pub(super) start: u64,
}

/// Lists the entries of a tar. What is neither a file nor a link is left out; what cannot be read in one way only is an error.
pub(super) fn scan(tar: &mut (impl Read + Seek)) -> io::Result<Listing> {
    let end = tar.seek(SeekFrom::End(0))?;
    check_not_compressed(tar)?;
    let (mut listing, mut next, mut at) = (Listing::default(), Overrides::default(), 0_u64);
    let mut headers = 0_usize;
    while let Some(header) = read_header(tar, at, end)? {
        headers = headers.saturating_add(1);
        if headers > MAX_HEADERS {
            return Err(too_large("it has more than 200,000 entries"));
        }
        let kind = header.entry_type();
        let size = match (is_header_only(kind), next.size) {
            (true, _) => 0,
            (false, Some(size)) if !is_extension(kind) => size,
            (false, _) => header.entry_size()?,
        };
        let start = at.saturating_add(BLOCK);
        let blocks = size.checked_next_multiple_of(BLOCK);
        let after = blocks.and_then(|blocks| start.checked_add(blocks));
        let place = Place { size, start };
        match after {
            Some(_) if start.saturating_add(size) <= end => {}
            _ => return Err(invalid("it ends within an entry")),
        }
        at = after.unwrap_or(end);
        if is_extension(kind) {
            next.read(kind, tar, place)?;
            continue;
        }
        enter(&mut listing, std::mem::take(&mut next), &header, place)?;
    }
    if next.is_set() {
        return Err(invalid("it ends behind the header of an entry that does not follow"));
    }
    Ok(listing)
}

/// What extension headers say of the entry that follows them.
#[derive(Default)]
struct Overrides {
    link: Option<Vec<u8>>,
    name: Option<Vec<u8>>,
    size: Option<u64>,
}

impl Overrides {
    fn read(&mut self, kind: EntryType, tar: &mut (impl Read + Seek), place: Place) -> io::Result<()> {
        if place.size > MAX_EXTENSION {
            return Err(too_large("the extension of a header has more than 1 MiB"));
        }
        let mut content = Vec::new();
        tar.seek(SeekFrom::Start(place.start))?;
        tar.take(place.size).read_to_end(&mut content)?;
        match kind {
            EntryType::GNULongName => self.name = Some(until_nul(&content)),
            EntryType::GNULongLink => self.link = Some(until_nul(&content)),
            EntryType::XGlobalHeader => return self.refuse_global(&content),
            _ => return self.read_pax(&content),
        }
        Ok(())
    }

    fn read_pax(&mut self, content: &[u8]) -> io::Result<()> {
        for extension in PaxExtensions::new(content) {
            let extension = extension?;
            let value = extension.value_bytes();
            match extension.key_bytes() {
                b"path" => self.name = Some(value.to_vec()),
                b"linkpath" => self.link = Some(value.to_vec()),
                b"size" => self.size = Some(decimal(value)?),
                key if key.starts_with(b"GNU.sparse.") => return Err(sparse()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Readers do not agree on what a global name or size would mean.
    fn refuse_global(&self, content: &[u8]) -> io::Result<()> {
        for extension in PaxExtensions::new(content) {
            if [b"path".as_slice(), b"linkpath", b"size"].contains(&extension?.key_bytes()) {
                return Err(invalid("a global header names or measures all entries"));
            }
        }
        Ok(())
    }

    const fn is_set(&self) -> bool {
        self.link.is_some() || self.name.is_some() || self.size.is_some()
    }
}

fn enter(listing: &mut Listing, said: Overrides, header: &Header, place: Place) -> io::Result<()> {
    let name = said.name.unwrap_or_else(|| header.path_bytes().into_owned());
    // Names that are no UTF-8 are none that a layout has.
    let Ok(name) = String::from_utf8(name) else {
        return Ok(());
    };
    let name = name.strip_prefix("./").unwrap_or(&name).to_owned();
    let target = said.link.or_else(|| header.link_name_bytes().map(Into::into));
    let target = target.and_then(|target| String::from_utf8(target).ok());
    let found = match (header.entry_type(), target) {
        (EntryType::Continuous | EntryType::Regular, _) if !name.ends_with('/') => Some(Found::Place(place)),
        (EntryType::Symlink, Some(target)) => beside(&name, &target).map(Found::Link),
        (EntryType::Link, Some(target)) => Some(Found::Link(target.strip_prefix("./").unwrap_or(&target).to_owned())),
        (EntryType::GNUSparse, _) => return Err(sparse()),
        _ => None,
    };
    if let Some(found) = found {
        listing.entries.insert(name, found);
    }
    Ok(())
}

/// What a symbolic link at `name` leads to, from the root of the archive; `None` if that is outside of it.
fn beside(name: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = match target.starts_with('/') {
        true => Vec::new(),
        false => name.split('/').collect(),
    };
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// `None` at the end: at a block of zeros, or where the file ends.
fn read_header(tar: &mut (impl Read + Seek), at: u64, end: u64) -> io::Result<Option<Header>> {
    if at == end {
        return Ok(None);
    }
    let mut header = Header::new_old();
    tar.seek(SeekFrom::Start(at))?;
    tar.read_exact(header.as_mut_bytes())
        .map_err(|_| invalid("it ends within a header"))?;
    if header.as_bytes().iter().all(|byte| *byte == 0) {
        return Ok(None);
    }
    let bytes = header.as_bytes().iter().enumerate();
    // The field of the sum itself counts as spaces.
    let sum: u32 = bytes
        .map(|(place, byte)| match (148..156).contains(&place) {
            true => u32::from(b' '),
            false => u32::from(*byte),
        })
        .sum();
    if header.cksum().ok() != Some(sum) {
        return Err(invalid("it is no tar, or the sum of a header is wrong"));
    }
    Ok(Some(header))
}

fn check_not_compressed(tar: &mut (impl Read + Seek)) -> io::Result<()> {
    let mut start = Vec::new();
    tar.seek(SeekFrom::Start(0))?;
    tar.take(4).read_to_end(&mut start)?;
    for (magic, program) in COMPRESSED {
        if start.starts_with(magic) {
            let message = format!("it is compressed as a whole; decompress it first (`{program} -d`)");
            return Err(io::Error::new(io::ErrorKind::Unsupported, message));
        }
    }
    Ok(())
}

/// Entries that have no content, whatever their headers say.
const fn is_header_only(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::Block
            | EntryType::Char
            | EntryType::Directory
            | EntryType::Fifo
            | EntryType::Link
            | EntryType::Symlink
    )
}

const fn is_extension(kind: EntryType) -> bool {
    matches!(
        kind,
        EntryType::GNULongLink | EntryType::GNULongName | EntryType::XGlobalHeader | EntryType::XHeader
    )
}

fn decimal(text: &[u8]) -> io::Result<u64> {
    let digits = std::str::from_utf8(text)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
    let size = digits.and_then(|text| text.parse().ok());
    size.ok_or_else(|| invalid("the extension of a header has a size that is no number"))
}

fn until_nul(text: &[u8]) -> Vec<u8> {
    text.iter().copied().take_while(|byte| *byte != 0).collect()
}

fn invalid(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, message)
}

fn too_large(message: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::FileTooLarge, message)
}

fn sparse() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "it has sparse files; write it without them")
}

const BLOCK: u64 = 512;

const COMPRESSED: [(&[u8], &str); 4] = [
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bzip2"),
    (b"\xfd7zX", "xz"),
];

/// The most of a header's extension: names and numbers, which take no more than that.
const MAX_EXTENSION: u64 = 1 << 20;

/// How many headers are read; it bounds what a small file of many makes of memory.
const MAX_HEADERS: usize = 200_000;
