//! Holding a layout to what it says.

use oci_spec_types::Descriptor;

use super::OciLayout;
use super::files::Files;
use super::reachable::Reachable;
use crate::client::hash_file;
use crate::partial_file::failed;
use crate::{Error, ErrorKind};

impl OciLayout {
    /// Reads everything that `index.json` leads to, and says what is missing or is not what its descriptor says. Layers that may not be distributed need not be there.
    ///
    /// # Errors
    /// Only if `index.json` cannot be read: whatever else is wrong is in the report.
    ///
    /// # Cancellation
    /// Nothing is changed; the reading of the file that it was at goes on to its end.
    pub async fn verify(&self) -> Result<LayoutReport, Error> {
        let reachable = self
            .blocking(|files| Ok(Reachable::find(files, &files.read_index()?)))
            .await?;
        let mut report = LayoutReport::default();
        for (descriptor, read) in reachable.manifests {
            let checked = read.and_then(|document| same_size(&descriptor, document.bytes().len() as u64));
            report.add(descriptor, checked);
        }
        let mut blobs: Vec<Descriptor> = reachable.blobs.into_values().collect();
        blobs.sort_by(|one, other| one.digest.cmp(&other.digest));
        for descriptor in blobs {
            let wanted = descriptor.clone();
            match self.blocking(move |files| check_blob(files, &wanted)).await {
                Err(error) if error.kind() == ErrorKind::NotFound && descriptor.media_type.is_nondistributable() => {}
                checked => report.add(descriptor, checked),
            }
        }
        Ok(report)
    }
}

/// What [`OciLayout::verify`] has found.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct LayoutReport {
    /// How many bytes are right.
    pub bytes: u64,
    /// What is wrong: manifests first, then blobs.
    pub problems: Vec<LayoutProblem>,
    /// How many manifests and blobs are right.
    pub valid: usize,
}

impl LayoutReport {
    /// Whether all is right.
    pub const fn is_valid(&self) -> bool {
        self.problems.is_empty()
    }

    fn add(&mut self, descriptor: Descriptor, checked: Result<(), Error>) {
        match checked {
            Ok(()) => {
                self.bytes = self.bytes.saturating_add(descriptor.size);
                self.valid = self.valid.saturating_add(1);
            }
            Err(error) => self.problems.push(LayoutProblem { descriptor, error }),
        }
    }
}

/// Something in a layout that is not as it should be.
#[derive(Debug)]
#[non_exhaustive]
pub struct LayoutProblem {
    /// What should be there.
    pub descriptor: Descriptor,
    /// What is wrong with it.
    pub error: Error,
}

fn check_blob(files: &Files, descriptor: &Descriptor) -> Result<(), Error> {
    let path = files.find_blob(descriptor)?;
    let (found, _) = hash_file(&path, &descriptor.digest.algorithm()).map_err(|error| failed("read", &path, error))?;
    if found == descriptor.digest {
        return Ok(());
    }
    let message = format!("{} has the digest {found}", path.display());
    Err(Error::new(ErrorKind::Mismatch, message))
}

fn same_size(descriptor: &Descriptor, found: u64) -> Result<(), Error> {
    if descriptor.size == found {
        return Ok(());
    }
    let message = format!("{} has {found} bytes instead of {}", descriptor.digest, descriptor.size);
    Err(Error::new(ErrorKind::Mismatch, message))
}
