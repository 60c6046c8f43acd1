//! The tar that is being written. Everything here blocks.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use oci_client_core::{Error, ErrorKind};
use tar::{Builder, EntryType, Header};
use tempfile::NamedTempFile;

use crate::archive::files::failed;

/// Entries before `end` are whole. What follows is the one that is being written, and is overwritten if that ends half-way.
pub(super) struct Output {
    end: u64,
    entry: u64,
    file: Option<NamedTempFile>,
    path: PathBuf,
    /// How much of the entry is missing.
    missing: u64,
    size: u64,
}

impl Output {
    pub(super) fn create(path: PathBuf) -> Result<Self, Error> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".partial-");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;

            // As any new file, less what the umask takes away.
            builder.permissions(std::fs::Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder);
        let file = file.map_err(|error| failed("create a file in", folder, error))?;
        Ok(Self {
            end: 0,
            entry: 0,
            file: Some(file),
            path,
            missing: 0,
            size: 0,
        })
    }

    /// Begins a file behind the last whole one; gives its number.
    pub(super) fn begin(&mut self, name: &str, size: u64) -> Result<u64, Error> {
        self.entry = self.entry.saturating_add(1);
        let written = header(name, size).and_then(|header| self.write_header(&header));
        written.map_err(|error| failed("write", &self.path, error))?;
        (self.missing, self.size) = (size, size);
        Ok(self.entry)
    }

    /// Writes a piece of the entry with this number. A write that comes after another entry has been begun belongs to one that was given up.
    pub(super) fn write(&mut self, entry: u64, piece: &[u8]) -> Result<(), Error> {
        let left = self
            .missing
            .checked_sub(piece.len() as u64)
            .filter(|_| entry == self.entry);
        self.missing = left.ok_or_else(|| {
            Error::new(
                ErrorKind::Misuse,
                "the entry of an archive is not the last one, or too long",
            )
        })?;
        let written = self.file().and_then(|mut file| file.write_all(piece));
        written.map_err(|error| failed("write", &self.path, error))
    }

    /// Ends the entry with this number, all of which is there.
    pub(super) fn commit(&mut self, entry: u64) -> Result<(), Error> {
        if entry != self.entry || self.missing != 0 {
            return Err(Error::new(ErrorKind::Misuse, "the entry of an archive is not whole"));
        }
        let padding = self.size.next_multiple_of(BLOCK).saturating_sub(self.size);
        let padded = self.file().and_then(|mut file| {
            let zeros = io::Read::take(io::repeat(0), padding);
            io::copy(&mut { zeros }, &mut file)?;
            file.stream_position()
        });
        self.end = padded.map_err(|error| failed("write", &self.path, error))?;
        Ok(())
    }

    /// Writes a whole file.
    pub(super) fn document(&mut self, name: &str, content: &[u8]) -> Result<(), Error> {
        let entry = self.begin(name, content.len() as u64)?;
        self.write(entry, content)?;
        self.commit(entry)
    }

    /// Writes the end of the archive, and gives the file its name once all of it is on disk.
    pub(super) fn finish(&mut self) -> Result<(), Error> {
        let ended = self.write_header(&[0; 2 * BLOCK as usize]);
        let synced = ended.and_then(|()| self.file()?.sync_all());
        synced.map_err(|error| failed("write", &self.path, error))?;
        let file = self
            .file
            .take()
            .ok_or_else(|| Error::new(ErrorKind::Misuse, "the archive is finished"))?;
        file.persist(&self.path)
            .map_err(|error| failed("rename a file to", &self.path, error.error))?;
        Ok(())
    }

    fn write_header(&mut self, header: &[u8]) -> io::Result<()> {
        let mut file = self.file()?;
        file.set_len(self.end)?;
        file.seek(SeekFrom::Start(self.end))?;
        file.write_all(header)
    }

    fn file(&self) -> io::Result<&std::fs::File> {
        let file = self.file.as_ref().map(NamedTempFile::as_file);
        file.ok_or_else(|| io::Error::other("the archive is finished"))
    }
}

/// A header, with another before it where the name is too long for one.
fn header(name: &str, size: u64) -> io::Result<Vec<u8>> {
    let mut header = Header::new_gnu();
    header.set_entry_type(EntryType::Regular);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    header.set_size(size);
    let mut builder = Builder::new(Vec::new());
    builder.append_data(&mut header, name, io::empty())?;
    // Without the end of an archive, which dropping the builder would add.
    Ok(std::mem::take(builder.get_mut()))
}

const BLOCK: u64 = 512;
