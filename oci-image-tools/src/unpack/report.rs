use oci_spec_types::Digest;

/// What was unpacked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Unpacked {
    digest: Digest,
    entries: u64,
    skipped: Vec<Skipped>,
    skipped_count: u64,
}

impl Unpacked {
    /// The digest of the image's manifest; of an artifact's directory, that of its layer.
    pub const fn digest(&self) -> &Digest {
        &self.digest
    }

    /// How many entries the layers had, whiteouts included.
    pub const fn entries(&self) -> u64 {
        self.entries
    }

    /// What was left out: the first [`MAX_SKIPPED`](Self::MAX_SKIPPED) of it, in the order of the layers.
    pub fn skipped(&self) -> &[Skipped] {
        &self.skipped
    }

    /// How much was left out in all.
    pub const fn skipped_count(&self) -> u64 {
        self.skipped_count
    }

    /// How much of what was left out is named.
    pub const MAX_SKIPPED: usize = 1000;
}

/// Something that the image has and the directory has not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    path: Vec<u8>,
    reason: SkipReason,
}

impl Skipped {
    /// The path as the archive has it; in an artifact's directory, what comes after the title.
    pub fn path(&self) -> &[u8] {
        &self.path
    }

    /// Why it was left out.
    pub const fn reason(&self) -> &SkipReason {
        &self.reason
    }
}

/// Why something was left out.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SkipReason {
    /// It is an extended attribute of this name, which the options do not allow or the filesystem does not keep.
    Attribute(Vec<u8>),
    /// It belongs to an old storage driver and means nothing to others.
    Meta,
    /// It is a device or a pipe.
    SpecialFile,
}

/// What becomes an [`Unpacked`].
#[derive(Default)]
pub(super) struct Report {
    pub(super) entries: u64,
    skipped: Vec<Skipped>,
    skipped_count: u64,
}

impl Report {
    pub(super) fn skip(&mut self, path: &[u8], reason: SkipReason) {
        self.skipped_count += 1;
        if self.skipped.len() < Unpacked::MAX_SKIPPED {
            self.skipped.push(Skipped {
                path: path.to_vec(),
                reason,
            });
        }
    }

    pub(super) fn of(self, digest: Digest) -> Unpacked {
        let Self {
            entries,
            skipped,
            skipped_count,
        } = self;
        Unpacked {
            digest,
            entries,
            skipped,
            skipped_count,
        }
    }
}
