//! What refers to a manifest.

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest};

use super::failure::FailureKind;
use super::{Failure, Prepared, Wanted};
use crate::error::ApiError;

/// A list is an index over manifests, and only those that were fetched and verified are in it.
pub(super) async fn prepare(wanted: &Wanted, subject: &Digest) -> Result<Prepared, ApiError> {
    let key = wanted.key(format!("referrers {subject}"));
    let (task, digest) = (wanted.clone(), subject.clone());
    let age = wanted.upstream.settings.tag_age;
    let asked = wanted
        .ask(key, age, || async move { fetch(&task, &digest).await })
        .await;
    match asked {
        Ok(()) => Ok(Prepared::stored()),
        Err(failure) => match failure.kind {
            FailureKind::Absent => Ok(Prepared::stored()),
            FailureKind::Broken => Ok(Prepared::stale(&wanted.upstream)),
            FailureKind::Refused => Err(failure.into()),
        },
    }
}

async fn fetch(wanted: &Wanted, subject: &Digest) -> Result<(), Failure> {
    let failure = |error: &Error| wanted.failure(error, ApiError::manifest_unknown(subject));
    let mut listed = wanted.there.referrers(subject);
    let mut count = 0_usize;
    while let Some(page) = listed.page().await.map_err(|error| failure(&error))? {
        count = count.saturating_add(page.len());
        if count > REFERRERS {
            let what = format!("{subject} has more than {REFERRERS} referrers");
            return Err(failure(&Error::new(ErrorKind::TooLarge, what)));
        }
        for descriptor in &page {
            keep(wanted, subject, descriptor).await?;
        }
    }
    Ok(())
}

/// Gets one of them. Anybody may have written into the list, so what is wrong in it is left out, and holds up no other.
async fn keep(wanted: &Wanted, subject: &Digest, listed: &Descriptor) -> Result<(), Failure> {
    if wanted.has_manifest(&listed.digest).await? {
        return Ok(());
    }
    match wanted.there.referrer(subject, listed).await {
        Ok(document) => wanted.put_manifest(&document, None).await,
        Err(error) if matches!(error.kind(), ErrorKind::Mismatch | ErrorKind::NotFound) => {
            tracing::warn!(digest = %listed.digest, error = &error as &dyn std::error::Error, "a referrer is left out");
            Ok(())
        }
        Err(error) => Err(wanted.failure(&error, ApiError::manifest_unknown(subject))),
    }
}

/// How many manifests are fetched for one list.
const REFERRERS: usize = 1000;
