use std::env;
use std::path::{Path, PathBuf};

use oci_client_core::{Error, ErrorKind};

use super::Compression;
use crate::ImageLimits;

/// How layers are made. By default: gzip, all times 1970-01-01, all owners root, modes as they are, neither devices nor extended attributes.
#[derive(Clone, Debug)]
pub struct LayerOptions {
    pub(crate) artifact: bool,
    pub(crate) compression: Compression,
    pub(crate) devices: bool,
    pub(crate) limits: ImageLimits,
    pub(crate) memory: usize,
    pub(crate) modes: bool,
    pub(crate) owners: Owners,
    pub(crate) spool_folder: Option<PathBuf>,
    pub(crate) threads: bool,
    pub(crate) times: Times,
    pub(crate) xattrs: bool,
}

impl LayerOptions {
    /// The default options.
    pub fn new() -> Self {
        Self {
            artifact: false,
            compression: Compression::default(),
            devices: false,
            limits: ImageLimits::new(),
            memory: Self::DEFAULT_MEMORY,
            modes: true,
            owners: Owners::Fixed { gid: 0, uid: 0 },
            spool_folder: None,
            threads: true,
            times: Times::Fixed(0),
            xattrs: false,
        }
    }

    /// How the layer is compressed.
    #[must_use]
    pub const fn with_compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Takes devices and named pipes too, instead of refusing a directory that holds any.
    #[must_use]
    pub const fn with_devices(mut self) -> Self {
        self.devices = true;
        self
    }

    /// How much a layer may hold. The entries of one that is being built are in memory until they are written, a few hundred bytes each.
    #[must_use]
    pub const fn with_limits(mut self, limits: ImageLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Gives directories and files that may be executed the mode 0755 and all other files 0644, so that the result depends neither on the umask of whoever made them nor on set-id bits.
    #[must_use]
    pub const fn with_normalized_modes(mut self) -> Self {
        self.modes = false;
        self
    }

    /// Compresses on the thread that builds the archive, instead of one beside it. The result is the same.
    #[must_use]
    pub const fn with_one_thread(mut self) -> Self {
        self.threads = false;
        self
    }

    /// Who owns the entries.
    #[must_use]
    pub const fn with_owners(mut self, owners: Owners) -> Self {
        self.owners = owners;
        self
    }

    /// Where finished layers are kept until they are stored: the first `memory` bytes in memory, larger ones in a temporary file in `folder`, or where the system has such files.
    #[must_use]
    pub fn with_spool(mut self, memory: usize, folder: Option<&Path>) -> Self {
        self.memory = memory;
        self.spool_folder = folder.map(Path::to_owned);
        self
    }

    /// What time the entries were changed.
    #[must_use]
    pub const fn with_times(mut self, times: Times) -> Self {
        self.times = times;
        self
    }

    /// Keeps the extended attributes `security.capability` and `user.*` of files and directories, on systems that have them; never those that an overlay file system keeps for itself.
    #[must_use]
    pub const fn with_xattrs(mut self) -> Self {
        self.xattrs = true;
        self
    }

    /// How large a finished layer may be to stay in memory by default: 1 MiB.
    pub const DEFAULT_MEMORY: usize = 1 << 20;
}

impl LayerOptions {
    /// For an archive of files that is no layer of an image. Nothing in it is a whiteout, and each name of a file holds the content: not everyone who unpacks such archives finds the targets of
    /// hard links.
    pub(crate) const fn for_artifact(mut self) -> Self {
        self.artifact = true;
        self
    }
}

impl Default for LayerOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Who owns the entries of a layer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Owners {
    /// All the same user and group.
    Fixed {
        /// The group.
        gid: u32,
        /// The user.
        uid: u32,
    },
    /// As on disk; root where the system has no such numbers.
    Kept,
}

/// What time the entries of a layer were changed, in whole seconds since 1970.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Times {
    /// As on disk, but none later than this: what `SOURCE_DATE_EPOCH` [asks for](https://reproducible-builds.org/specs/source-date-epoch/).
    Clamped(u32),
    /// All the same.
    Fixed(u32),
    /// As on disk, fractions of a second left out.
    Kept,
}

impl Times {
    pub(crate) fn of(self, found: i64) -> i64 {
        match self {
            Self::Clamped(latest) => found.min(latest.into()),
            Self::Fixed(time) => time.into(),
            Self::Kept => found,
        }
    }
}

/// The time that the environment variable `SOURCE_DATE_EPOCH` gives, in seconds since 1970; `None` if it is not set. Nothing else of this crate reads the environment.
///
/// # Errors
/// Of kind [`Invalid`](ErrorKind::Invalid) if it is not a number of seconds up to 2106-02-07.
pub fn source_date_epoch() -> Result<Option<u32>, Error> {
    let Some(value) = env::var_os("SOURCE_DATE_EPOCH") else {
        return Ok(None);
    };
    let seconds = value.to_str().and_then(|value| value.parse().ok());
    seconds.map(Some).ok_or_else(|| {
        Error::new(
            ErrorKind::Invalid,
            "SOURCE_DATE_EPOCH is not a number of seconds since 1970, up to 4294967295",
        )
    })
}
