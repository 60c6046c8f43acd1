//! Entries as an archive has them: a ustar header each, before it an extended one for what does not fit.

mod taken_over;

use std::collections::HashMap;
use std::io::{self, Read, Write};

use oci_client_core::Error;
use tar::{EntryType, Header};

use super::entry::{Device, Entry, Kind};
use super::file_data::{FileData, changed};
use super::metadata;
use super::path::invalid;
use super::pax::Records;
use crate::errors::failed;

pub(crate) use self::taken_over::Attributes;

/// Writes entries, which have to come in their order.
pub(crate) struct TarWriter<W> {
    /// The path of each file that has more than one, by its identity.
    files: HashMap<(u64, u64), Vec<u8>>,
    output: W,
    xattrs: bool,
}

impl<W: Write> TarWriter<W> {
    pub(crate) fn new(output: W, xattrs: bool) -> Self {
        Self {
            files: HashMap::new(),
            output,
            xattrs,
        }
    }

    pub(super) fn entry(&mut self, path: &[u8], entry: &Entry) -> Result<(), Error> {
        let mut records = Records::default();
        if let (true, Some(source)) = (self.xattrs, &entry.source) {
            metadata::xattrs(source, &mut records)?;
        }
        let mut header = header_of(entry, &mut records)?;
        match &entry.kind {
            Kind::Bytes(content) => {
                set_size(&mut header, content.len() as u64, &mut records);
                self.header(path, header, records)?;
                self.padded(content)
            }
            Kind::Directory => self.header(&[path, b"/"].concat(), header, records),
            Kind::File { size, identity } => self.file(path, entry, header, records, *size, *identity),
            Kind::Symlink(target) => {
                set_link(&mut header, target, &mut records);
                self.header(path, header, records)
            }
            Kind::Device(_) => self.header(path, header, records),
        }
    }

    /// Ends the archive.
    pub(crate) fn finish(mut self) -> Result<W, Error> {
        self.write(&[0; 2 * BLOCK])?;
        self.output.flush().map_err(|error| failed(error, WRITING))?;
        Ok(self.output)
    }

    fn file(
        &mut self,
        path: &[u8],
        entry: &Entry,
        mut header: Header,
        mut records: Records,
        size: u64,
        identity: Option<(u64, u64)>,
    ) -> Result<(), Error> {
        if let Some(first) = identity.and_then(|identity| self.files.get(&identity)) {
            header.set_entry_type(EntryType::Link);
            set_link(&mut header, first, &mut records);
            return self.header(path, header, records);
        }
        if let Some(identity) = identity {
            self.files.insert(identity, path.to_vec());
        }
        let Some(source) = &entry.source else {
            return Err(invalid(&String::from_utf8_lossy(path), "it lies nowhere"));
        };
        let mut data = FileData::open(source, size)?;
        set_size(&mut header, size, &mut records);
        self.header(path, header, records)?;
        let copied = io::copy(&mut (&mut data).take(size), &mut self.output);
        if copied.map_err(|error| failed(error, WRITING))? < size || data.has_more()? {
            return Err(changed(source));
        }
        self.pad(size)
    }

    fn header(&mut self, path: &[u8], mut header: Header, mut records: Records) -> Result<(), Error> {
        let fits = path.is_ascii() && path.len() <= NAME;
        if !fits {
            records.insert("path", path);
        }
        if !records.is_empty() {
            self.extended(path, &records.to_bytes())?;
        }
        set_name(&mut header, &ascii(path));
        header.set_cksum();
        self.write(header.as_bytes())
    }

    fn extended(&mut self, path: &[u8], records: &[u8]) -> Result<(), Error> {
        let mut header = Header::new_ustar();
        header.set_entry_type(EntryType::XHeader);
        header.set_mode(0o644);
        header.set_size(records.len() as u64);
        header.set_uid(0);
        header.set_gid(0);
        let last = path.split(|&byte| byte == b'/').rfind(|name| !name.is_empty());
        set_name(
            &mut header,
            &[b"PaxHeaders.0/", ascii(last.unwrap_or(path)).as_slice()].concat(),
        );
        header.set_cksum();
        self.write(header.as_bytes())?;
        self.padded(records)
    }

    fn padded(&mut self, content: &[u8]) -> Result<(), Error> {
        self.write(content)?;
        self.pad(content.len() as u64)
    }

    fn pad(&mut self, size: u64) -> Result<(), Error> {
        let over = (size % BLOCK as u64) as usize;
        match over {
            0 => Ok(()),
            over => self.write([0; BLOCK].get(over..).unwrap_or_default()),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.output.write_all(bytes).map_err(|error| failed(error, WRITING))
    }
}

fn header_of(entry: &Entry, records: &mut Records) -> Result<Header, Error> {
    let mut header = Header::new_ustar();
    let metadata = entry.metadata;
    header.set_mode(metadata.mode & 0o7777);
    header.set_size(0);
    match u64::try_from(metadata.mtime) {
        Ok(mtime) if mtime <= LARGEST_11 => header.set_mtime(mtime),
        _ => {
            header.set_mtime(0);
            records.insert("mtime", metadata.mtime.to_string());
        }
    }
    header.set_uid(owner("uid", metadata.uid, records));
    header.set_gid(owner("gid", metadata.gid, records));
    let kind = match entry.kind {
        Kind::Bytes(_) | Kind::File { .. } => EntryType::Regular,
        Kind::Device(device) => set_device(&mut header, device)?,
        Kind::Directory => EntryType::Directory,
        Kind::Symlink(_) => EntryType::Symlink,
    };
    header.set_entry_type(kind);
    Ok(header)
}

fn owner(key: &str, id: u32, records: &mut Records) -> u64 {
    if id <= LARGEST_7 {
        return id.into();
    }
    records.insert(key, id.to_string());
    0
}

fn set_device(header: &mut Header, device: Device) -> Result<EntryType, Error> {
    let (kind, major, minor) = match device {
        Device::Block { major, minor } => (EntryType::Block, major, minor),
        Device::Character { major, minor } => (EntryType::Char, major, minor),
        Device::Fifo => return Ok(EntryType::Fifo),
    };
    let set = header
        .set_device_major(major)
        .and_then(|()| header.set_device_minor(minor));
    set.map_err(|error| failed(error, WRITING))?;
    Ok(kind)
}

fn set_size(header: &mut Header, size: u64, records: &mut Records) {
    if size <= LARGEST_11 {
        header.set_size(size);
    } else {
        records.insert("size", size.to_string());
    }
}

fn set_link(header: &mut Header, target: &[u8], records: &mut Records) {
    if !target.is_ascii() || target.len() > NAME {
        records.insert("linkpath", target);
    }
    if let Some(ustar) = header.as_ustar_mut() {
        fill(&mut ustar.linkname, &ascii(target));
    }
}

fn set_name(header: &mut Header, name: &[u8]) {
    if let Some(ustar) = header.as_ustar_mut() {
        fill(&mut ustar.name, name);
    }
}

fn fill(field: &mut [u8; NAME], value: &[u8]) {
    field.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
}

/// For readers that do not know extended headers.
fn ascii(path: &[u8]) -> Vec<u8> {
    path.iter().copied().filter(u8::is_ascii).take(NAME).collect()
}

const BLOCK: usize = 512;

/// The bytes of a name in a header.
const NAME: usize = 100;

/// The largest number of 7 octal digits.
const LARGEST_7: u32 = 0o7_777_777;

/// The largest number of 11 octal digits.
const LARGEST_11: u64 = 0o77_777_777_777;

const WRITING: &str = "the layer cannot be written";
