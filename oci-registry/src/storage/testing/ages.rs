use std::time::{Duration, SystemTime};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oci_spec_types::{Digest, RepositoryName, TagOrDigest};

use super::super::{DeleteReference, KeptKind};
use super::Finding;
use super::samples::{Bench, done, ensure, manifest, tag};

pub(super) fn begin_anew<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let digest = bench.push(&bench.first, b"content").await?;
        let start = now();
        bench.push(&bench.first, b"content").await?;
        ensure(
            age(bench, &bench.first, KeptKind::Blob, &digest).await? >= start,
            "a commit leaves a blob old",
        )?;
        done(bench.storage.link_blob(&bench.first, &bench.second, &digest).await)?;
        let start = now();
        done(bench.storage.link_blob(&bench.first, &bench.second, &digest).await)?;
        ensure(
            age(bench, &bench.second, KeptKind::Blob, &digest).await? >= start,
            "a link leaves a blob old",
        )?;
        let start = now();
        let found = done(bench.storage.refresh(&bench.first, KeptKind::Blob, &digest).await)?;
        ensure(found, "a blob cannot be refreshed")?;
        ensure(
            age(bench, &bench.first, KeptKind::Blob, &digest).await? >= start,
            "a refreshed blob is old",
        )?;
        let manifest = bench.put(b"{}", &[]).await?;
        let start = now();
        bench.put(b"{}", &[]).await?;
        ensure(
            age(bench, &bench.first, KeptKind::Manifest, &manifest).await? >= start,
            "a push leaves a manifest old",
        )?;
        let start = now();
        done(bench.storage.refresh(&bench.first, KeptKind::Manifest, &manifest).await)?;
        ensure(
            age(bench, &bench.first, KeptKind::Manifest, &manifest).await? >= start,
            "a refreshed manifest is old",
        )?;
        for kind in [KeptKind::Blob, KeptKind::Manifest] {
            let found = done(
                bench
                    .storage
                    .refresh(&bench.second, kind, &Digest::sha256(b"absent"))
                    .await,
            )?;
            ensure(!found, "what is not there can be refreshed")?;
        }
        Ok(())
    }
    .boxed()
}

pub(super) fn sweep<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let start = now();
        let blob = bench.push(&bench.first, b"content").await?;
        bench.push(&bench.second, b"content").await?;
        let referred = manifest(&bench.first, b"{}").with_tags(vec![tag("v1")]);
        let digest = referred.digest.clone();
        done(bench.storage.put_manifest(referred).await)?;
        let untag = DeleteReference::new(bench.first.clone(), TagOrDigest::Tag(tag("v1")));
        done(bench.storage.delete_reference(untag).await)?;
        for (kind, digest) in [(KeptKind::Blob, &blob), (KeptKind::Manifest, &digest)] {
            let swept = done(bench.storage.sweep(&bench.first, kind, digest, start).await)?;
            ensure(!swept && there(bench, kind, digest).await?, "what is young was swept")?;
            let swept = done(bench.storage.sweep(&bench.first, kind, digest, later()).await)?;
            ensure(swept && !there(bench, kind, digest).await?, "what is old was not swept")?;
            let again = done(bench.storage.sweep(&bench.first, kind, digest, later()).await)?;
            ensure(!again, "what is not there was swept")?;
        }
        done(bench.storage.reclaim(now(), false).await)?;
        let other = bench.read(&bench.second, &blob).await?;
        ensure(
            other.is_some(),
            "the bytes of a blob are gone although a repository has it",
        )?;
        let untouched = done(bench.storage.unlink_blob(&bench.second, &blob).await)?;
        let dry = done(bench.storage.reclaim(now(), true).await)?;
        let freed = done(bench.storage.reclaim(now(), false).await)?;
        ensure(
            untouched && dry == freed,
            "a dry run frees something, or finds something else",
        )?;
        bench.push(&bench.first, b"content").await?;
        let back = bench.read(&bench.first, &blob).await?;
        ensure(
            back.is_some(),
            "a blob cannot be pushed again after its bytes were freed",
        )
    }
    .boxed()
}

async fn there(bench: &Bench<'_>, kind: KeptKind, digest: &Digest) -> Result<bool, String> {
    let listed = done(bench.storage.kept(&bench.first, kind, None, 10).await)?;
    Ok(listed.items().iter().any(|kept| kept.digest() == digest))
}

async fn age(
    bench: &Bench<'_>,
    repository: &RepositoryName,
    kind: KeptKind,
    digest: &Digest,
) -> Result<SystemTime, String> {
    let listed = done(bench.storage.kept(repository, kind, None, 10).await)?;
    let kept = listed.items().iter().find(|kept| kept.digest() == digest);
    kept.map(|kept| kept.refreshed())
        .ok_or_else(|| "it is not listed".to_owned())
}

/// The time, which has moved on since it was asked for last.
fn now() -> SystemTime {
    let start = SystemTime::now();
    while SystemTime::now() <= start {
        std::hint::spin_loop();
    }
    SystemTime::now()
}

/// A time after everything that a check does.
fn later() -> SystemTime {
    SystemTime::now() + Duration::from_secs(3600)
}
