use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use oci_client_core::{Error, ErrorKind};
use tempfile::TempDir;

use crate::errors::at_path;

/// The directory that an image is unpacked into before it gets its name. It is gone with its owner unless it was committed.
pub(super) struct Staging {
    /// Only for its owner to look into.
    directory: TempDir,
    target: PathBuf,
}

impl Staging {
    pub(super) fn create(target: PathBuf) -> Result<Self, Error> {
        match fs::read_dir(&target).map(|mut entries| entries.next().is_some()) {
            Ok(true) => {
                let message = format!(
                    "{} holds something already; unpack into an empty directory or a new one",
                    target.display()
                );
                return Err(Error::new(ErrorKind::Conflict, message));
            }
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(at_path("read", &target, error)),
            Ok(false) | Err(_) => {}
        }
        let parent = match target.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        fs::create_dir_all(parent).map_err(|error| at_path("create", parent, error))?;
        let private = fs::Permissions::from_mode(0o700);
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(private)
            .tempdir_in(parent);
        let directory = directory.map_err(|error| at_path("create a directory in", parent, error))?;
        Ok(Self { directory, target })
    }

    /// Where the root of the image is made, below the directory that keeps others out.
    pub(super) fn path(&self) -> PathBuf {
        self.directory.path().join(ROOT)
    }

    pub(super) fn commit(&self) -> Result<(), Error> {
        fs::rename(self.path(), &self.target).map_err(|error| at_path("give its name to", &self.target, error))
    }
}

const PREFIX: &str = ".unpack-";

const ROOT: &str = "rootfs";
