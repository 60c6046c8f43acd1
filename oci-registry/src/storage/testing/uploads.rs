use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oci_spec_types::Digest;

use super::super::{StorageError, StorageErrorKind, Upload, UploadId};
use super::Finding;
use super::samples::{Bench, collect, done, ensure};

pub(super) fn resumed<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let id = bench.save(&bench.first, b"0123").await?;
        let size = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(size == Some(4), "a saved upload has another size")?;
        let mut upload = resume(bench, id).await?;
        ensure(upload.size() == 4, "a resumed upload has another size")?;
        done(upload.append(Bytes::from_static(b"4567")).await)?;
        let content = collect(done(upload.read().await)?).await?;
        ensure(
            content == b"01234567"[..],
            "an upload has other bytes than were appended",
        )?;
        let digest = Digest::sha256(&content);
        done(upload.commit(&digest).await)?;
        let blob = bench.read(&bench.first, &digest).await?;
        ensure(blob == Some(content), "the blob has other bytes than the upload")?;
        let ended = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(ended.is_none(), "an upload is there after its commit")?;
        let id = bench.save(&bench.first, b"0123").await?;
        done(resume(bench, id).await?.cancel().await)?;
        let ended = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(ended.is_none(), "an upload is there after it was cancelled")
    }
    .boxed()
}

pub(super) fn one_writer<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let id = bench.save(&bench.first, b"0123").await?;
        let first = resume(bench, id).await?;
        let second = bench.storage.resume_upload(&bench.first, id).await;
        let busy = second.is_err_and(|error| error.kind() == StorageErrorKind::Busy);
        ensure(busy, "a second writer is not refused as `Busy`")?;
        let size = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(size == Some(4), "the size is not told while there is a writer")?;
        drop(first);
        done(resume(bench, id).await?.save().await)
    }
    .boxed()
}

pub(super) fn bound<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let id = bench.save(&bench.first, b"0123").await?;
        let resumed = done(bench.storage.resume_upload(&bench.second, id).await)?.is_some();
        let size = done(bench.storage.upload_size(&bench.second, id).await)?.is_some();
        let ended = done(bench.storage.end_upload(&bench.second, id).await)?;
        ensure(!resumed && !size && !ended, "another repository finds it")?;
        resume(bench, id).await.map(drop)
    }
    .boxed()
}

pub(super) fn dropped<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let (id, mut upload) = bench.begin(&bench.first).await?;
        done(upload.append(Bytes::from_static(b"0123")).await)?;
        drop(upload);
        let found = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(found.is_none(), "it is there after it was dropped")?;
        let id = bench.save(&bench.first, b"0123").await?;
        drop(resume(bench, id).await?);
        let found = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(found == Some(4), "one that was saved is gone after it was dropped")
    }
    .boxed()
}

pub(super) fn ended<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let content = b"0123";
        let id = bench.save(&bench.first, content).await?;
        let mut writer = resume(bench, id).await?;
        let ended = done(bench.storage.end_upload(&bench.first, id).await)?;
        let found = done(bench.storage.upload_size(&bench.first, id).await)?;
        ensure(ended && found.is_none(), "it is there after it was ended")?;
        ensure(
            is_ended(writer.append(Bytes::from_static(b"4")).await),
            "its writer can append",
        )?;
        drop(writer);
        let id = bench.save(&bench.first, content).await?;
        let writer = resume(bench, id).await?;
        done(bench.storage.end_upload(&bench.first, id).await)?;
        let digest = Digest::sha256(content);
        ensure(is_ended(writer.commit(&digest).await), "its writer can commit it")?;
        let blob = bench.read(&bench.first, &digest).await?;
        ensure(blob.is_none(), "it has become a blob")?;
        let again = done(bench.storage.end_upload(&bench.first, id).await)?;
        ensure(!again, "it could be ended twice")
    }
    .boxed()
}

pub(super) fn listed<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let empty = bench.save(&bench.first, b"").await?;
        let mut saved = vec![
            (empty, bench.first.clone(), 0),
            (bench.save(&bench.second, b"0123").await?, bench.second.clone(), 4),
            (bench.save(&bench.second, b"01").await?, bench.second.clone(), 2),
        ];
        let _writer = resume(bench, empty).await?;
        let (_, _unsaved) = bench.begin(&bench.first).await?;
        saved.sort_unstable();
        let (mut found, mut after) = (Vec::new(), None);
        loop {
            let page = done(bench.storage.uploads(after, 2).await)?;
            let entries = page.items().iter();
            found.extend(entries.map(|upload| (upload.id(), upload.repository().clone(), upload.size())));
            if !page.has_more() {
                break;
            }
            after = page.items().last().map(|upload| upload.id());
            ensure(after.is_some(), "a page with more behind it is empty")?;
        }
        ensure(
            found == saved,
            "the list has not exactly those that were saved, in order, with their sizes",
        )
    }
    .boxed()
}

async fn resume(bench: &Bench<'_>, id: UploadId) -> Result<Box<dyn Upload>, String> {
    let upload = done(bench.storage.resume_upload(&bench.first, id).await)?;
    upload.ok_or_else(|| "a saved upload cannot be resumed".to_owned())
}

fn is_ended(result: Result<(), StorageError>) -> bool {
    result.is_err_and(|error| error.kind() == StorageErrorKind::Ended)
}
