use std::io::{self, Read};

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::Sanitized;

use super::entry::{Entry, EntryKind, Timestamp};
use super::header::{BLOCK, Format, Header, text};
use super::pax::Pax;
use super::{numbers, sparse};
use crate::errors::Fault;

/// Reads an archive from front to back.
pub(crate) struct TarReader<R> {
    /// Bytes of the current entry's content that have not been read, and of what fills up its last block.
    left: u64,
    padding: u64,
    position: u64,
    source: R,
}

impl<R: Read> TarReader<R> {
    pub(crate) const fn new(source: R) -> Self {
        Self {
            left: 0,
            padding: 0,
            position: 0,
            source,
        }
    }

    /// The next entry, after what is left of the one before; `None` at the end of the archive.
    pub(crate) fn next(&mut self) -> Result<Option<Entry>, Error> {
        self.pass(self.left)?;
        self.pass(self.padding)?;
        (self.left, self.padding) = (0, 0);
        let start = self.position;
        self.find()
            .map_err(|fault| fault.into_error(|| format!("the tar archive cannot be used at byte {start}")))
    }

    /// Reads on in the content of the current entry: what the archive holds of it, without holes.
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        let want = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let buffer = buffer.get_mut(..want).unwrap_or_default();
        let count = retry(|| self.source.read(buffer))
            .map_err(Fault::from)
            .map_err(|fault| fault.into_error(cut_off))?;
        if count == 0 && want > 0 {
            return Err(Fault::from("the archive ends within an entry").into_error(cut_off));
        }
        self.advance(count);
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }

    /// What follows the end of the archive, which must be zeros only; then the source.
    pub(crate) fn finish(mut self) -> Result<R, Error> {
        let mut buffer = vec![0; SKIP];
        loop {
            let read = retry(|| self.source.read(&mut buffer)).map_err(Fault::from);
            let count = read.map_err(|fault| fault.into_error(|| "the layer cannot be read to its end".to_owned()))?;
            if count == 0 {
                return Ok(self.source);
            }
            if buffer.iter().take(count).any(|byte| *byte != 0) {
                return Err(Error::new(
                    ErrorKind::Invalid,
                    "there is something after the end of the tar archive",
                ));
            }
        }
    }

    /// The source, wherever the reading of the archive has got to.
    pub(crate) fn into_source(self) -> R {
        self.source
    }

    pub(crate) const fn source(&self) -> &R {
        &self.source
    }

    pub(crate) const fn source_mut(&mut self) -> &mut R {
        &mut self.source
    }

    fn find(&mut self) -> Result<Option<Entry>, Fault> {
        let mut extensions = Extensions::default();
        loop {
            let Some(block) = self.header_block()? else {
                return if extensions.is_empty() {
                    Ok(None)
                } else {
                    Err("an extended header belongs to no entry".into())
                };
            };
            let header = Header::parse(&block)?;
            match header.type_flag {
                b'K' => set(&mut extensions.link, text(&self.special(header.size)?))?,
                b'L' => set(&mut extensions.name, text(&self.special(header.size)?))?,
                b'g' => {
                    if Pax::parse(&self.special(header.size)?)?.changes_entries() {
                        return Err("a global header changes what all entries after it are".into());
                    }
                }
                b'x' => set(&mut extensions.pax, Pax::parse(&self.special(header.size)?)?)?,
                _ => return self.entry(header, &block, extensions).map(Some),
            }
        }
    }

    fn entry(&mut self, header: Header, block: &[u8; BLOCK], extensions: Extensions) -> Result<Entry, Fault> {
        let Extensions { link, name, pax } = extensions;
        let pax = pax.unwrap_or_default();
        let path = one_of(header.name, name, pax.value(b"path"))?;
        let kind = kind_of(header.type_flag, &path)?;
        let number = |key: &[u8], value| pax.number(key).map(|found| found.unwrap_or(value));
        let mut size = match pax.number(b"size")? {
            Some(size) => u64::try_from(size).map_err(|_| "its size is negative")?,
            None => header.size,
        };
        if kind != EntryKind::File {
            size = 0;
        }
        (self.left, self.padding) = (size, padding(size));
        let mtime = match pax.value(b"mtime") {
            Some(time) => numbers::time(time)?,
            None => Timestamp {
                seconds: header.mtime,
                nanos: 0,
            },
        };
        let mut entry = Entry {
            device: header.device,
            gid: number(b"gid", header.gid)?,
            kind,
            link: one_of(header.link, link, pax.value(b"linkpath"))?,
            mode: u32::try_from(header.mode & 0o7777).unwrap_or_default(),
            mtime,
            path,
            size,
            sparse: None,
            uid: number(b"uid", header.uid)?,
            xattrs: pax.xattrs(),
        };
        if header.type_flag == b'S' && header.format != Format::Gnu {
            return Err("it is sparse in a way that is not known".into());
        }
        self.map_holes(&mut entry, (header.type_flag == b'S').then_some(block), &pax)?;
        Ok(entry)
    }

    /// Finds the map of a sparse file, which changes its size and perhaps its name.
    fn map_holes(&mut self, entry: &mut Entry, gnu: Option<&[u8; BLOCK]>, pax: &Pax) -> Result<(), Fault> {
        let place = sparse::MapPlace::of(pax)?;
        let segments = match (gnu, place) {
            (None, sparse::MapPlace::None) => return Ok(()),
            (Some(block), sparse::MapPlace::None) => {
                let (segments, size) = sparse::in_gnu_header(block, || self.block())?;
                entry.size = size;
                segments
            }
            (Some(_), _) => return Err("it is sparse in two ways".into()),
            (None, place) => {
                if let Some(name) = pax.value(b"GNU.sparse.name") {
                    entry.path = name.to_vec();
                }
                let size = pax.number(b"GNU.sparse.size")?;
                let size = size.map_or_else(|| pax.number(b"GNU.sparse.realsize"), |size| Ok(Some(size)))?;
                entry.size = size
                    .map_or(Ok(entry.size), u64::try_from)
                    .map_err(|_| "its size is negative")?;
                match place {
                    sparse::MapPlace::Content => sparse::in_content(|| self.content_block())?,
                    _ => sparse::in_header(pax)?,
                }
            }
        };
        if entry.kind != EntryKind::File {
            return Err("it is sparse and no file".into());
        }
        sparse::check(&segments, entry.size, self.left)?;
        entry.sparse = Some(segments);
        Ok(())
    }

    /// The block of the next header; `None` where the archive ends: at two blocks of zeros, or where there is nothing left.
    fn header_block(&mut self) -> Result<Option<[u8; BLOCK]>, Fault> {
        let Some(block) = self.try_block()? else {
            return Ok(None);
        };
        if block != [0; BLOCK] {
            return Ok(Some(block));
        }
        match self.try_block()? {
            Some(block) if block != [0; BLOCK] => Err("something follows a block of zeros".into()),
            _ => Ok(None),
        }
    }

    /// The content of an entry that is about another one.
    fn special(&mut self, size: u64) -> Result<Vec<u8>, Fault> {
        if size > MAX_SPECIAL {
            return Err(Fault::TooLarge("an extended header is longer than 1 MiB"));
        }
        let mut content = Vec::new();
        let count = (&mut self.source).take(size).read_to_end(&mut content)?;
        self.advance(count);
        if content.len() as u64 != size {
            return Err("the archive ends within an extended header".into());
        }
        self.pass_fault(padding(size))?;
        Ok(content)
    }

    /// A block out of the entry's content.
    fn content_block(&mut self) -> Result<[u8; BLOCK], Fault> {
        let left = self
            .left
            .checked_sub(BLOCK as u64)
            .ok_or("the map of a sparse file is cut off")?;
        let block = self.block()?;
        self.left = left;
        self.padding = padding(left);
        Ok(block)
    }

    fn block(&mut self) -> Result<[u8; BLOCK], Fault> {
        self.try_block()?.ok_or_else(|| "the archive ends too early".into())
    }

    fn try_block(&mut self) -> Result<Option<[u8; BLOCK]>, Fault> {
        let (mut block, mut filled) = ([0; BLOCK], 0);
        while filled < BLOCK {
            let rest = block.get_mut(filled..).unwrap_or_default();
            let count = retry(|| self.source.read(rest))?;
            match (count, filled) {
                (0, 0) => return Ok(None),
                (0, _) => return Err("the archive ends within a block".into()),
                _ => filled += count,
            }
        }
        self.advance(BLOCK);
        Ok(Some(block))
    }

    fn pass(&mut self, count: u64) -> Result<(), Error> {
        self.pass_fault(count).map_err(|fault| fault.into_error(cut_off))
    }

    fn pass_fault(&mut self, count: u64) -> Result<(), Fault> {
        let passed = io::copy(&mut (&mut self.source).take(count), &mut io::sink())?;
        self.position = self.position.saturating_add(passed);
        if passed == count {
            Ok(())
        } else {
            Err("the archive ends within an entry".into())
        }
    }

    const fn advance(&mut self, count: usize) {
        self.position = self.position.saturating_add(count as u64);
    }
}

/// What precedes an entry and is about it.
#[derive(Default)]
struct Extensions {
    link: Option<Vec<u8>>,
    name: Option<Vec<u8>>,
    pax: Option<Pax>,
}

impl Extensions {
    const fn is_empty(&self) -> bool {
        self.link.is_none() && self.name.is_none() && self.pax.is_none()
    }
}

fn set<T>(field: &mut Option<T>, value: T) -> Result<(), &'static str> {
    match field.replace(value) {
        Some(_) => Err("two extended headers of one kind are about one entry"),
        None => Ok(()),
    }
}

/// The value of a field that one extended header at most may replace.
fn one_of(plain: Vec<u8>, gnu: Option<Vec<u8>>, pax: Option<&[u8]>) -> Result<Vec<u8>, &'static str> {
    match (gnu.filter(|value| !value.is_empty()), pax) {
        (Some(_), Some(_)) => Err("two extended headers name one entry differently"),
        (Some(value), None) => Ok(value),
        (None, Some(value)) => Ok(value.to_vec()),
        (None, None) => Ok(plain),
    }
}

fn kind_of(type_flag: u8, path: &[u8]) -> Result<EntryKind, Fault> {
    let slash = path.ends_with(b"/");
    match type_flag {
        0 if slash => Ok(EntryKind::Directory),
        b'0' | b'7' | b'S' if slash => Err("a file's name ends in `/`".into()),
        0 | b'0' | b'7' | b'S' => Ok(EntryKind::File),
        b'1' => Ok(EntryKind::Hardlink),
        b'2' => Ok(EntryKind::Symlink),
        b'3' => Ok(EntryKind::CharDevice),
        b'4' => Ok(EntryKind::BlockDevice),
        b'5' => Ok(EntryKind::Directory),
        b'6' => Ok(EntryKind::Fifo),
        other => {
            let shown = char::from(other).to_string();
            Err(Fault::Unsupported(format!(
                "entries of type `{}` are not known",
                Sanitized::new(&shown)
            )))
        }
    }
}

const fn padding(size: u64) -> u64 {
    size.next_multiple_of(BLOCK as u64) - size
}

fn cut_off() -> String {
    "the content of a tar entry cannot be read".to_owned()
}

/// Goes on after a signal.
fn retry(mut read: impl FnMut() -> io::Result<usize>) -> io::Result<usize> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// The longest extended header.
const MAX_SPECIAL: u64 = 1 << 20;

const SKIP: usize = 64 << 10;
