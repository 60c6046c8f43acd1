//! Which images of an index are copied.

use std::collections::HashSet;

use oci_spec_types::{AnyManifest, Digest, Document, ImageIndex, Platform, PlatformMatcher, TagOrDigest};

use super::job::Job;
use super::options::Platforms;
use crate::{Error, ErrorKind};

impl Job<'_> {
    /// The root that is wanted of what was found, and the digest of the index that it was made from, if it was.
    pub(super) async fn choose(
        &mut self,
        found: Document<AnyManifest>,
    ) -> Result<(Document<AnyManifest>, Option<Digest>), Error> {
        self.chosen = None;
        let AnyManifest::Index(index) = found.value() else {
            return Ok((found, None));
        };
        match &self.options.platforms {
            Platforms::All => Ok((found, None)),
            Platforms::Single(platform) => {
                let chosen = select(index, platform)?;
                Ok((self.read(&TagOrDigest::Digest(chosen)).await?, None))
            }
            Platforms::Sparse(platforms) => {
                self.chosen = Some(wanted(index, platforms)?);
                Ok((found, None))
            }
            Platforms::Stripped(platforms) => {
                let wanted = wanted(index, platforms)?;
                strip(found, &wanted)
            }
        }
    }
}

/// The entries for the platforms, and those that attest to them.
fn wanted(index: &ImageIndex, platforms: &[Platform]) -> Result<HashSet<Digest>, Error> {
    let images = platforms.iter().map(|platform| select(index, platform));
    let mut wanted: HashSet<Digest> = images.collect::<Result<_, _>>()?;
    let attests = |digest: &str| wanted.iter().any(|wanted| wanted.to_string() == digest);
    let attestations: Vec<Digest> = index
        .manifests
        .iter()
        .filter(|entry| entry.annotations.get(ATTESTS_TO).is_some_and(attests))
        .map(|entry| entry.digest.clone())
        .collect();
    wanted.extend(attestations);
    Ok(wanted)
}

fn select(index: &ImageIndex, platform: &Platform) -> Result<Digest, Error> {
    let chosen = index.select(&PlatformMatcher::new(platform.clone())).map_err(|error| {
        Error::new(ErrorKind::NotFound, "the index has no image for the platform").with_source(error)
    })?;
    Ok(chosen.digest.clone())
}

/// The index without the other entries. What it says besides stays, and so does the algorithm of its digest.
fn strip(
    found: Document<AnyManifest>,
    wanted: &HashSet<Digest>,
) -> Result<(Document<AnyManifest>, Option<Digest>), Error> {
    let AnyManifest::Index(index) = found.value() else {
        return Ok((found, None));
    };
    if index.manifests.iter().all(|entry| wanted.contains(&entry.digest)) {
        return Ok((found, None));
    }
    let mut index = index.clone();
    index.manifests.retain(|entry| wanted.contains(&entry.digest));
    // Where the source does not say its type in the document, it said it beside it.
    index.media_type.get_or_insert_with(|| found.media_type().clone());
    let made = Document::from_value(AnyManifest::Index(index)).map_err(|error| {
        Error::new(ErrorKind::Invalid, "the index cannot be written without the others").with_source(error)
    })?;
    let made = made.with_algorithm(&found.digest().algorithm())?;
    Ok((made, Some(found.digest().clone())))
}

/// The annotation by which BuildKit says which image of an index an entry attests to.
const ATTESTS_TO: &str = "vnd.docker.reference.digest";
