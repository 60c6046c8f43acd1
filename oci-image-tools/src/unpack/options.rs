use oci_spec_types::Platform;

use super::id_map::IdMap;
use crate::limits::ImageLimits;

/// How to unpack.
#[derive(Clone, Debug)]
pub struct UnpackOptions {
    pub(super) limits: ImageLimits,
    pub(super) ownership: Ownership,
    pub(super) platform: Option<Platform>,
    pub(super) setuid: bool,
    pub(super) special_files: SpecialFiles,
}

impl UnpackOptions {
    /// What any user can do: files belong to whoever unpacks, no file is setuid or setgid, and devices and pipes are left out.
    pub const fn new() -> Self {
        Self {
            limits: ImageLimits::new(),
            ownership: Ownership::Own,
            platform: None,
            setuid: false,
            special_files: SpecialFiles::Skip,
        }
    }

    /// Everything as the image says, for which one has to be root: owners, setuid and setgid, devices and pipes, file capabilities and access lists.
    pub const fn as_root() -> Self {
        Self {
            limits: ImageLimits::new(),
            ownership: Ownership::Image,
            platform: None,
            setuid: true,
            special_files: SpecialFiles::Create,
        }
    }

    /// What the layers may ask for.
    #[must_use]
    pub const fn with_limits(mut self, limits: ImageLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Whom the files belong to.
    #[must_use]
    pub fn with_ownership(mut self, ownership: Ownership) -> Self {
        self.ownership = ownership;
        self
    }

    /// Which image to unpack where there is an index of several; without it, the one for this machine.
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Whether files may be setuid and setgid, and have capabilities.
    #[must_use]
    pub const fn with_setuid(mut self, setuid: bool) -> Self {
        self.setuid = setuid;
        self
    }

    /// What becomes of devices and pipes.
    #[must_use]
    pub const fn with_special_files(mut self, special_files: SpecialFiles) -> Self {
        self.special_files = special_files;
        self
    }
}

impl Default for UnpackOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// Whom unpacked files belong to.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Ownership {
    /// Whom the image says; takes the right to give files away.
    Image,
    /// Whom the image says, mapped as for a user namespace. An ID that no range covers is an error.
    Mapped(IdMap),
    /// Whoever unpacks.
    #[default]
    Own,
}

/// What becomes of devices and named pipes.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum SpecialFiles {
    /// They are made; devices take the right to.
    Create,
    /// They are an error.
    Refuse,
    /// They are left out, and [`Unpacked::skipped`](super::Unpacked::skipped) names them.
    #[default]
    Skip,
}
