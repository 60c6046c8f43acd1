//! Manifests, by digest and by tag.

use std::time::Duration;

use oci_client_core::runtime::Runtime;
use oci_spec_types::{Digest, Tag, TagOrDigest};

use super::failure::FailureKind;
use super::{Failure, Key, Prepared, Wanted};
use crate::error::ApiError;
use crate::storage::DeleteReference;

/// What a digest names never changes, so the upstream is asked for it once.
pub(super) async fn by_digest(wanted: &Wanted, digest: &Digest) -> Result<Prepared, ApiError> {
    if wanted.has_manifest(digest).await? {
        return Ok(Prepared::stored());
    }
    let key = wanted.key(format!("manifest {digest}"));
    let (task, digest) = (wanted.clone(), digest.clone());
    wanted
        .ask(key, Duration::ZERO, || async move {
            if task.has_manifest(&digest).await? {
                return Ok(());
            }
            let document = task.fetch_manifest(&digest).await?;
            task.put_manifest(&document, None).await
        })
        .await?;
    Ok(Prepared::stored())
}

/// What a tag names is looked up again now and then.
pub(super) async fn by_tag(wanted: &Wanted, tag: &Tag) -> Result<Prepared, ApiError> {
    let key = wanted.key(format!("tag {tag}"));
    let (task, name) = (wanted.clone(), tag.clone());
    let age = wanted.upstream.settings.tag_age;
    let asked = wanted.ask(key, age, || async move { follow(&task, &name).await }).await;
    let Err(failure) = asked else {
        return Ok(Prepared::stored());
    };
    let is_here = wanted.service.storage.tag(&wanted.here, tag).await?.is_some();
    if failure.kind == FailureKind::Broken && is_here {
        return Ok(Prepared::stale(&wanted.upstream));
    }
    Err(failure.into())
}

impl Wanted {
    /// Waits for what `make` gets from the upstream, unless it is known what came of it; that is remembered for `age` if it was got.
    pub(super) async fn ask<F>(&self, key: Key, age: Duration, make: impl FnOnce() -> F) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let upstream = &self.upstream;
        let runtime: &dyn Runtime = &**upstream.client.runtime();
        if let Some(known) = upstream.checks.get(runtime.now().monotonic, &key) {
            return known;
        }
        let (task, named) = (self.upstream.clone(), key.clone());
        let flight = move || {
            let flight = make();
            async move {
                // Another one may have landed since the look above.
                if let Some(known) = task.checks.get(task.client.runtime().now().monotonic, &named) {
                    return known;
                }
                let outcome = flight.await;
                task.remember(named, age, outcome.clone());
                outcome
            }
        };
        upstream.flights.join(runtime, key, flight).await
    }
}

impl super::PullThrough {
    /// Remembers what came of asking, for `age` or as long as failures are remembered.
    pub(super) fn remember(&self, key: Key, age: Duration, outcome: Result<(), Failure>) {
        let age = outcome.as_ref().map_or(self.settings.failure_age, |()| age);
        let now = self.client.runtime().now().monotonic;
        self.checks.set(now, key, age, outcome);
    }
}

/// Makes a tag here what it is there.
async fn follow(wanted: &Wanted, tag: &Tag) -> Result<(), Failure> {
    let target = TagOrDigest::Tag(tag.clone());
    let resolved = wanted.there.resolve(&target).await;
    let Some(found) = resolved.map_err(|error| wanted.failure(&error, ApiError::manifest_unknown(tag)))? else {
        let delete = DeleteReference::new(wanted.here.clone(), target);
        wanted.service.storage.delete_reference(delete).await?;
        return Err(Failure::absent(ApiError::manifest_unknown(tag)));
    };
    let here = wanted.service.storage.tag(&wanted.here, tag).await?;
    if here.as_ref() == Some(&found.digest) && wanted.has_manifest(&found.digest).await? {
        return Ok(());
    }
    let document = wanted.fetch_manifest(&found.digest).await?;
    wanted.put_manifest(&document, Some(tag)).await
}
