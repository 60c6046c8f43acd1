use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oci_spec_types::Digest;

use super::Finding;
use super::samples::{Bench, CHUNK, collect, done, ensure};

pub(super) fn visible_once_committed<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let content = b"content";
        let digest = Digest::sha256(content);
        let (_, mut upload) = bench.begin(&bench.first).await?;
        done(upload.append(Bytes::from_static(content)).await)?;
        let before = bench.read(&bench.first, &digest).await?;
        ensure(before.is_none(), "it is there before the commit")?;
        done(upload.commit(&digest).await)?;
        let after = bench.read(&bench.first, &digest).await?;
        ensure(
            after.is_some_and(|found| found == content[..]),
            "it is not there after the commit",
        )?;
        // Once more is fine.
        bench.push(&bench.first, content).await?;
        let unlinked = done(bench.storage.unlink_blob(&bench.first, &digest).await)?;
        let gone = bench.read(&bench.first, &digest).await?.is_none();
        ensure(unlinked && gone, "it is there after it was unlinked")?;
        let again = done(bench.storage.unlink_blob(&bench.first, &digest).await)?;
        ensure(!again, "it could be unlinked twice")
    }
    .boxed()
}

pub(super) fn membership<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let digest = bench.push(&bench.first, b"content").await?;
        let other = bench.read(&bench.second, &digest).await?;
        ensure(other.is_none(), "another repository has it too")?;
        let absent = Digest::sha256(b"absent");
        let linked = done(bench.storage.link_blob(&bench.first, &bench.second, &absent).await)?;
        ensure(!linked, "a blob could be linked that the source does not have")?;
        let back = done(bench.storage.link_blob(&bench.second, &bench.first, &digest).await)?;
        ensure(!back, "a blob could be linked from a repository that does not have it")?;
        let linked = done(bench.storage.link_blob(&bench.first, &bench.second, &digest).await)?;
        let both = bench.read(&bench.second, &digest).await?.is_some();
        ensure(linked && both, "it is not where it was linked to")?;
        done(bench.storage.unlink_blob(&bench.first, &digest).await)?;
        let kept = bench.read(&bench.second, &digest).await?;
        ensure(kept.is_some(), "it is gone with the repository that it was linked from")
    }
    .boxed()
}

pub(super) fn ranges<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let content: Vec<u8> = (0..150_000_u32).flat_map(u32::to_le_bytes).collect();
        let digest = bench.push(&bench.first, &content).await?;
        let size = content.len();
        for range in [0..size, 0..1, size - 1..size, CHUNK - 1..CHUNK + 1, 5..5, 17..300_000] {
            let blob = done(bench.storage.blob(&bench.first, &digest).await)?.ok_or("it is not there")?;
            ensure(blob.size() == size as u64, "its size is another one")?;
            let found = collect(blob.read(range.start as u64..range.end as u64)).await?;
            ensure(
                content.get(range.clone()) == Some(&found[..]),
                &format!("{range:?} has other bytes"),
            )?;
        }
        Ok(())
    }
    .boxed()
}

pub(super) fn reads_survive<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let content = vec![7; 3 * CHUNK];
        let digest = bench.push(&bench.first, &content).await?;
        let blob = done(bench.storage.blob(&bench.first, &digest).await)?.ok_or("it is not there")?;
        let mut body = blob.read(0..content.len() as u64);
        let first = body
            .chunk()
            .await
            .ok_or("it is empty")?
            .map_err(|error| error.to_string())?;
        done(bench.storage.unlink_blob(&bench.first, &digest).await)?;
        done(bench.storage.reclaim(std::time::SystemTime::now(), false).await)?;
        // An error would do too.
        let rest = body.collect(usize::MAX).await;
        ensure(
            rest.is_err() || rest.is_ok_and(|rest| [first, rest].concat() == content),
            "it has other bytes",
        )
    }
    .boxed()
}
