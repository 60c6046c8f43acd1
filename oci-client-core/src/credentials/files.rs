//! Configuration files: read whole within a limit, and replaced whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::temporary_file::TemporaryFile;
use crate::{Error, ErrorKind};

/// The text of the file at `path`, without a byte order mark; `None` if there is no file.
///
/// # Errors
/// If it cannot be read, is no file, or is larger than 4 MiB; of another kind if it is not UTF-8.
pub(super) fn read(path: &Path) -> Result<Option<Zeroizing<String>>, Error> {
    let unreadable = |error| Error::new(ErrorKind::Store, format!("cannot read {}", path.display())).with_source(error);
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    // Opening a named pipe would wait for somebody to write to it.
    if !metadata.is_file() {
        return Err(unreadable(io::Error::other("it is no file")));
    }
    let size = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    let mut bytes = Zeroizing::new(Vec::with_capacity(size.min(SIZE_LIMIT).saturating_add(1)));
    let file = File::open(path).map_err(unreadable)?;
    file.take(SIZE_LIMIT as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > SIZE_LIMIT {
        let message = format!("{} is larger than {SIZE_LIMIT} bytes", path.display());
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    let text = std::str::from_utf8(&bytes)
        .map_err(|_| Error::new(ErrorKind::Invalid, format!("{} is not UTF-8", path.display())))?;
    Ok(Some(Zeroizing::new(
        text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text).to_owned(),
    )))
}

/// Replaces the text of the file at `path` by what `edit` makes of it; `None` leaves it alone. A symbolic link stays one: the file that it leads to is replaced.
///
/// Writers wait for each other at a lock file beside it. The new file gets its name once it is on disk, and is for its owner alone, who stays
/// the same where root changes it.
pub(super) fn replace<T>(
    path: &Path,
    edit: impl FnOnce(Option<&str>) -> Result<(Option<Zeroizing<String>>, T), Error>,
) -> Result<T, Error> {
    let path = target(path)?;
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let unwritable = |error: io::Error| {
        let message = format!("cannot replace {}; it is as it was", path.display());
        Error::new(ErrorKind::Store, message).with_source(error)
    };
    create_folder(folder).map_err(unwritable)?;
    let _locked = lock(&path).map_err(unwritable)?;
    let (text, result) = edit(read(&path)?.as_deref().map(String::as_str))?;
    if let Some(text) = text {
        write(&path, folder, &text).map_err(unwritable)?;
    }
    Ok(result)
}

fn write(path: &Path, folder: &Path, text: &str) -> io::Result<()> {
    let mut file = TemporaryFile::private(folder, ".config-")?;
    file.file_mut().write_all(text.as_bytes())?;
    #[cfg(unix)]
    keep_owner(path, file.file());
    file.file().sync_all()?;
    file.persist(path)
}

/// Leaves the file to whom it belongs where root changes it, as under `sudo`. Nobody else may give a file away, or has to.
#[cfg(unix)]
fn keep_owner(path: &Path, file: &File) {
    use std::os::unix::fs::{MetadataExt as _, fchown};

    if let Ok(owner) = fs::metadata(path) {
        let _ = fchown(file, Some(owner.uid()), Some(owner.gid()));
    }
}

/// Where a symbolic link leads.
fn target(path: &Path) -> Result<PathBuf, Error> {
    match fs::canonicalize(path) {
        Ok(path) => Ok(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => Ok(path.to_owned()),
        Err(error) => {
            let message = format!("cannot tell which file {} is", path.display());
            Err(Error::new(ErrorKind::Store, message).with_source(error))
        }
    }
}

/// Holds the lock until it is dropped. The file stays: another writer may be waiting for it. Whoever else could open it could lock it for ever.
fn lock(path: &Path) -> io::Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;

        options.mode(0o600);
    }
    let file = options.open(name)?;
    file.lock()?;
    Ok(file)
}

fn create_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt as _;

        builder.mode(0o700);
    }
    builder.create(folder)
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// The largest configuration file that is read: 4 MiB.
const SIZE_LIMIT: usize = 4 << 20;
