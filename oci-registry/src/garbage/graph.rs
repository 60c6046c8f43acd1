use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use oci_spec_types::Digest;

use super::KeepManifests;
use crate::storage::Kept;

/// The manifests of a repository, and what holds them.
#[derive(Default)]
pub(super) struct Graph {
    manifests: BTreeMap<Digest, Manifest>,
    /// The manifests with each subject.
    referrers: BTreeMap<Digest, Vec<Digest>>,
}

/// A manifest and what it refers to.
pub(super) struct Manifest {
    pub(super) kept: Kept,
    /// Blobs and manifests.
    pub(super) references: Vec<Digest>,
    pub(super) subject: Option<Digest>,
}

impl Graph {
    pub(super) fn add(&mut self, manifest: Manifest) {
        let digest = manifest.kept.digest().clone();
        if let Some(subject) = &manifest.subject {
            self.referrers.entry(subject.clone()).or_default().push(digest.clone());
        }
        self.manifests.insert(digest, manifest);
    }

    /// The manifests that stay: those that `tags` point to or that are not older than `cutoff`, those that the policy keeps, and all
    /// that belongs to these.
    pub(super) fn live(&self, keep: KeepManifests, tags: BTreeSet<Digest>, cutoff: SystemTime) -> BTreeSet<Digest> {
        let kept = self.manifests.values().filter(|manifest| {
            let by_policy = match keep {
                KeepManifests::All => true,
                KeepManifests::Attached => manifest.subject.is_none(),
                KeepManifests::Tagged => false,
            };
            by_policy || manifest.kept.refreshed() >= cutoff
        });
        let mut live = BTreeSet::new();
        let roots = kept.map(|manifest| manifest.kept.digest().clone()).chain(tags);
        for root in roots {
            self.reach(root, &mut live);
        }
        live
    }

    /// Adds a manifest and all that belongs to it: the manifests that it refers to, and those that refer to it.
    pub(super) fn reach(&self, root: Digest, live: &mut BTreeSet<Digest>) {
        let mut pending = vec![root];
        while let Some(digest) = pending.pop() {
            if self.manifests.contains_key(&digest) && live.insert(digest.clone()) {
                pending.extend(self.belonging(&digest).cloned());
            }
        }
    }

    /// The manifests that are not in `live`, each before those that belong to it, so that none of these goes if it turns out to stay.
    pub(super) fn dead(&self, live: &BTreeSet<Digest>) -> Vec<&Manifest> {
        let mut seen = live.clone();
        let mut after_what_belongs = Vec::new();
        for root in self.manifests.keys() {
            let mut path = vec![(root, false)];
            while let Some((digest, left)) = path.pop() {
                if left {
                    after_what_belongs.extend(self.manifests.get(digest));
                } else if self.manifests.contains_key(digest) && seen.insert(digest.clone()) {
                    path.push((digest, true));
                    path.extend(self.belonging(digest).map(|digest| (digest, false)));
                }
            }
        }
        after_what_belongs.reverse();
        after_what_belongs
    }

    /// Everything that the manifests in `live` refer to.
    pub(super) fn references(&self, live: &BTreeSet<Digest>) -> BTreeSet<&Digest> {
        let manifests = live.iter().filter_map(|digest| self.manifests.get(digest));
        manifests.flat_map(|manifest| &manifest.references).collect()
    }

    fn belonging(&self, digest: &Digest) -> impl Iterator<Item = &Digest> {
        let references = self.manifests.get(digest).map(|manifest| &manifest.references);
        references.into_iter().chain(self.referrers.get(digest)).flatten()
    }
}

#[cfg(test)]
mod tests;
