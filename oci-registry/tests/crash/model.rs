//! What the operations make of the content, as sets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::operation::{Operation, blobs};

/// The repositories that are written to.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Repository {
    A,
    B,
}

impl Repository {
    pub(crate) const ALL: [Self; 2] = [Self::A, Self::B];

    pub(crate) const fn pick(number: u64) -> Self {
        if number == 0 { Self::A } else { Self::B }
    }

    pub(crate) const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::A => "a",
            Self::B => "b/c",
        })
    }
}

/// The content, by the numbers of blobs, images and tags.
#[derive(Clone, Debug, Default)]
pub(crate) struct Model {
    pub(crate) blobs: BTreeSet<(Repository, u64)>,
    pub(crate) images: BTreeSet<(Repository, u64)>,
    pub(crate) tags: BTreeMap<(Repository, u64), u64>,
}

impl Model {
    pub(crate) fn apply(&mut self, operation: &Operation) {
        match *operation {
            Operation::Chunked(repository, blob) | Operation::Push(repository, blob) => {
                self.blobs.insert((repository, blob));
            }
            Operation::Collect => self.collect(),
            Operation::DeleteBlob(repository, blob) => {
                self.blobs.remove(&(repository, blob));
            }
            Operation::DeleteManifest(repository, image) => {
                self.images.remove(&(repository, image));
                self.tags
                    .retain(|(place, _), target| *place != repository || *target != image);
            }
            Operation::DeleteTag(repository, tag) => {
                self.tags.remove(&(repository, tag));
            }
            Operation::Image(repository, image, tag) => {
                self.blobs.extend(blobs(image).map(|blob| (repository, blob)));
                self.images.insert((repository, image));
                self.tags.insert((repository, tag), image);
            }
            Operation::Mount(from, to, blob) => {
                if self.blobs.contains(&(from, blob)) {
                    self.blobs.insert((to, blob));
                }
            }
            Operation::Started(..) => {}
        }
    }

    fn collect(&mut self) {
        let tagged: BTreeSet<_> = self.tags.iter().map(|((place, _), image)| (*place, *image)).collect();
        self.images.retain(|image| tagged.contains(image));
        self.blobs.retain(|(place, blob)| {
            tagged
                .iter()
                .any(|(there, image)| there == place && blobs(*image).contains(blob))
        });
    }
}

/// The number of the blob that every image has as its config.
pub(crate) const CONFIG: u64 = 0;
