//! What a layer holds, read once to its end whatever is wrong with it.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::hash::{BuildHasher, RandomState};
use std::io::BufReader;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::validate::Severity;
use oci_spec_types::{Descriptor, Digest};

use super::raw::Raw;
use super::report::{Defect, Findings, ImageFinding, Place};
use crate::layer_stream::{BlobStream, Budget, LayerStream};
use crate::path;
use crate::tar_stream::{Entry, EntryKind};

/// A layer to be read.
pub(super) struct Layer {
    pub(super) descriptor: Descriptor,
    /// A digest of the algorithm that the DiffID is to have.
    pub(super) like: Digest,
    pub(super) place: Place,
}

/// What came of reading a layer.
pub(super) struct Examined {
    pub(super) diff_id: Option<Digest>,
    pub(super) findings: Findings,
    /// What is wrong with the blob itself.
    pub(super) problem: Option<(Defect, String)>,
}

impl Layer {
    /// Reads the layer. Blocks.
    pub(super) fn examine(self, blob: BlobStream, budget: &mut Budget) -> Examined {
        let mut findings = Findings::default();
        let raw = match Raw::new(blob, &self.descriptor) {
            Ok(raw) => raw,
            Err(error) => {
                let (diff_id, problem) = (None, Some((Defect::Unreadable, error.to_string())));
                return Examined {
                    diff_id,
                    findings,
                    problem,
                };
            }
        };
        let diff_id = match self.read(&raw, budget, &mut findings) {
            Ok(diff_id) => diff_id,
            Err(error) => {
                // Where the blob is what fails, that is said of the blob.
                if !raw.has_failed() {
                    let finding = ImageFinding::new(defect(&error), &self.place, error.to_string());
                    findings.add(finding);
                }
                None
            }
        };
        let problem = raw.finish();
        Examined {
            // Of another blob than the one that is meant, it says nothing.
            diff_id: diff_id.filter(|_| problem.is_none()),
            findings,
            problem,
        }
    }

    fn read(&self, raw: &Raw, budget: &mut Budget, findings: &mut Findings) -> Result<Option<Digest>, Error> {
        let (media_type, source) = (&self.descriptor.media_type, BufReader::new(raw.clone()));
        let opened = LayerStream::open(source, media_type, &self.like, budget);
        let mut stream = match opened {
            Ok(stream) => stream,
            Err(error) if error.kind() == ErrorKind::Invalid && !raw.has_failed() => {
                findings.error(Defect::MediaType, &self.place, error.to_string());
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut names = Names::new(&self.place);
        loop {
            match stream.next() {
                Ok(Some(entry)) => names.take(&entry, stream.depth(), findings),
                Ok(None) => break,
                Err(error) if defect(&error) == Defect::Archive && !raw.has_failed() => {
                    // What comes after it cannot be told apart, but the digest can.
                    findings.error(Defect::Archive, &self.place, error.to_string());
                    return match stream.drain() {
                        // That has been said.
                        Err(error) if defect(&error) == Defect::Archive => Ok(None),
                        drained => drained.map(|(digest, _)| Some(digest)),
                    };
                }
                Err(error) => return Err(error),
            }
        }
        let (digest, is_zero) = stream.drain()?;
        if !is_zero {
            let message = "there is something after the end of the tar archive";
            findings.error(Defect::Archive, &self.place, message);
        }
        Ok(Some(digest))
    }
}

/// The paths of a layer so far, each as 128 bits that nobody can foresee, and which of them are directories.
struct Names<'a> {
    keys: [RandomState; 2],
    place: &'a Place,
    seen: HashMap<[u64; 2], bool>,
}

impl<'a> Names<'a> {
    fn new(place: &'a Place) -> Self {
        Self {
            keys: [RandomState::new(), RandomState::new()],
            place,
            seen: HashMap::new(),
        }
    }

    fn take(&mut self, entry: &Entry, depth: usize, findings: &mut Findings) {
        let usable = |components: Vec<&[u8]>| {
            path::Place::of(&components, entry.kind)?;
            Ok(self.keys.each_ref().map(|key| key.hash_one(&components)))
        };
        let key = match path::components(&entry.path, depth).and_then(usable) {
            Ok(key) => key,
            Err(error) => {
                let finding = ImageFinding::new(defect(&error), self.place, error.to_string());
                return findings.add(finding.in_file(&entry.path));
            }
        };
        let is_directory = entry.kind == EntryKind::Directory;
        match self.seen.entry(key) {
            Slot::Vacant(slot) => drop(slot.insert(is_directory)),
            Slot::Occupied(slot) => {
                let severity = match is_directory && *slot.get() {
                    true => Severity::Warning,
                    false => Severity::Error,
                };
                let finding = ImageFinding::new(Defect::DuplicatePath, self.place, "two entries have this path");
                findings.add(finding.in_file(&entry.path).with_severity(severity));
            }
        }
    }
}

/// What it means that an archive or entry cannot be read.
fn defect(error: &Error) -> Defect {
    match error.kind() {
        ErrorKind::TooLarge | ErrorKind::Timeout => Defect::Limit,
        ErrorKind::Invalid | ErrorKind::Mismatch | ErrorKind::Unsupported => Defect::Archive,
        _ => Defect::Unreadable,
    }
}
