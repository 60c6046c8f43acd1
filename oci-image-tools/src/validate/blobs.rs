//! The blobs of manifests: asked for or read, each once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use oci_client_core::Error;
use oci_client_core::proto::Span;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::Source;
use oci_spec_types::validate::Severity;
use oci_spec_types::{Descriptor, Digest};

use super::ValidateOptions;
use super::layer::{Examined, Layer};
use super::report::{Defect, Findings, ImageFinding, Place};
use crate::layer_stream::{Budget, with_blob};

/// A blob that a manifest names.
pub(super) struct Blob {
    descriptor: Descriptor,
    diff_id: Option<Digest>,
    place: Place,
}

impl Blob {
    pub(super) fn new(descriptor: &Descriptor, place: Place) -> Self {
        Self {
            descriptor: descriptor.clone(),
            diff_id: None,
            place,
        }
    }

    pub(super) fn with_diff_id(mut self, diff_id: Option<&Digest>) -> Self {
        self.diff_id = diff_id.cloned();
        self
    }
}

/// Checks blobs, and remembers what came of it.
pub(super) struct Blobs<'a> {
    known: HashMap<Digest, Known>,
    options: &'a ValidateOptions,
    runtime: &'a Arc<dyn Runtime>,
    source: &'a dyn Source,
}

/// What is known of a blob.
#[derive(Clone, Debug, Default)]
struct Known {
    /// The digest of what it is without its compression, if it is a layer that was read to its end.
    diff_id: Option<Digest>,
    /// What is wrong with the blob itself, wherever it is named.
    problem: Option<(Defect, String)>,
    size: u64,
}

impl<'a> Blobs<'a> {
    pub(super) fn new(source: &'a dyn Source, runtime: &'a Arc<dyn Runtime>, options: &'a ValidateOptions) -> Self {
        Self {
            known: HashMap::new(),
            options,
            runtime,
            source,
        }
    }

    /// How many different blobs were checked.
    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    /// Checks the blobs of one manifest.
    pub(super) async fn check(&mut self, blobs: Vec<Blob>, findings: &mut Findings) {
        if self.options.fast {
            self.look_for(&blobs).await;
        }
        let mut budget = Budget::new(self.options.limits, self.runtime.clone());
        for blob in &blobs {
            if !self.known.contains_key(&blob.descriptor.digest) {
                let known;
                (known, budget) = self.read(blob, budget, findings).await;
                self.known.insert(blob.descriptor.digest.clone(), known);
            }
            if let Some(known) = self.known.get(&blob.descriptor.digest) {
                known.report(blob, findings);
            }
        }
    }

    /// Asks for those that are not known, several at a time.
    async fn look_for(&mut self, blobs: &[Blob]) {
        let (source, mut asked) = (self.source, HashSet::new());
        let unknown = blobs.iter().map(|blob| &blob.descriptor);
        let unknown = unknown.filter(|wanted| !self.known.contains_key(&wanted.digest) && asked.insert(&wanted.digest));
        let unknown: Vec<&Descriptor> = unknown.collect();
        let answers = stream::iter(unknown).map(|wanted| async move { (wanted, source.check_blob(wanted).await) });
        let answers: Vec<_> = answers.buffered(AT_ONCE).collect().await;
        for (wanted, answer) in answers {
            self.known.insert(wanted.digest.clone(), Known::of(wanted, answer));
        }
    }

    async fn read(&self, blob: &Blob, mut budget: Budget, findings: &mut Findings) -> (Known, Budget) {
        let descriptor = &blob.descriptor;
        if !descriptor.media_type.is_layer() {
            let read = read_plain(self.source, descriptor).await;
            return (Known::of(descriptor, read), budget);
        }
        let layer = Layer {
            descriptor: descriptor.clone(),
            // There is one of each layer, unless the configuration is missing or out of step.
            like: blob.diff_id.clone().unwrap_or_else(|| descriptor.digest.clone()),
            place: blob.place.clone(),
        };
        let limits = self.options.limits;
        let examined = with_blob(self.source, &**self.runtime, descriptor, move |blob| {
            let examined = layer.examine(blob, &mut budget);
            Ok((examined, budget))
        });
        match examined.await {
            Ok((examined, budget)) => {
                let Examined {
                    diff_id,
                    findings: found,
                    problem,
                } = examined;
                findings.extend(found);
                let size = descriptor.size;
                (Known { diff_id, problem, size }, budget)
            }
            Err(error) => {
                let budget = Budget::new(limits, self.runtime.clone());
                (Known::of(descriptor, Err(error)), budget)
            }
        }
    }
}

impl Known {
    fn of(descriptor: &Descriptor, read: Result<(), Error>) -> Self {
        Self {
            diff_id: None,
            problem: read.err().map(|error| (Defect::of(&error), error.to_string())),
            size: descriptor.size,
        }
    }

    /// What this means where the blob is named.
    fn report(&self, blob: &Blob, findings: &mut Findings) {
        let Blob {
            descriptor,
            diff_id,
            place,
        } = blob;
        if let Some((defect, message)) = &self.problem {
            let may_be_missing = *defect == Defect::Missing && descriptor.media_type.is_nondistributable();
            let severity = if may_be_missing {
                Severity::Warning
            } else {
                Severity::Error
            };
            findings.add(ImageFinding::new(*defect, place, message.as_str()).with_severity(severity));
        } else if self.size != descriptor.size {
            let message = format!("the blob has {} bytes elsewhere, {} here", self.size, descriptor.size);
            findings.error(Defect::Size, place, message);
        }
        if let (Some(said), Some(found)) = (diff_id, &self.diff_id)
            && said.algorithm() == found.algorithm()
            && said != found
        {
            let message = format!("without compression the layer is {found}, but the configuration says {said}");
            findings.error(Defect::DiffId, place, message);
        }
    }
}

/// Reads a blob that is no layer.
async fn read_plain(source: &dyn Source, descriptor: &Descriptor) -> Result<(), Error> {
    let mut verifier = descriptor.verifier()?;
    let mut chunks = source
        .blob(descriptor)
        .await?
        .open(Span::new(0, descriptor.size))
        .await?;
    while let Some(chunk) = chunks.try_next().await? {
        verifier.update(&chunk)?;
    }
    Ok(verifier.finish()?)
}

/// How many blobs are asked for at once.
const AT_ONCE: usize = 8;
