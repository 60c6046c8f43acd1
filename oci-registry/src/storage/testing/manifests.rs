use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oci_spec_types::{Descriptor, Digest, MediaType, TagOrDigest};

use super::super::{DeleteReference, Precondition, PutManifest, Referrer, StorageError, StorageErrorKind};
use super::Finding;
use super::samples::{Bench, done, ensure, manifest, tag};

pub(super) fn exact<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let content = b"{\n \"a\": 1 }\n";
        let digest = bench.put(content, &[]).await?;
        let other = done(bench.storage.manifest(&bench.second, &digest).await)?;
        ensure(other.is_none(), "another repository has it too")?;
        let found = done(bench.storage.manifest(&bench.first, &digest).await)?;
        let found = found.ok_or("it is not there")?;
        let exact = found.content() == &Bytes::from_static(content);
        ensure(exact, "it has other bytes")?;
        ensure(
            *found.media_type() == MediaType::IMAGE_MANIFEST,
            "it has another media type",
        )?;
        ensure(
            delete(bench, &TagOrDigest::Digest(digest.clone())).await?,
            "it could not be deleted",
        )?;
        let found = done(bench.storage.manifest(&bench.first, &digest).await)?;
        ensure(found.is_none(), "it is there after it was deleted")?;
        let again = delete(bench, &TagOrDigest::Digest(digest)).await?;
        ensure(!again, "it could be deleted twice")
    }
    .boxed()
}

pub(super) fn tags<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let first = bench.put(b"{\"a\":1}", &["moved", "kept", "Kept"]).await?;
        let second = bench.put(b"{\"a\":2}", &["moved"]).await?;
        let target = async |text| done(bench.storage.tag(&bench.first, &tag(text)).await);
        ensure(target("moved").await?.as_ref() == Some(&second), "a tag has not moved")?;
        let tagged = done(bench.storage.tagged_manifest(&bench.first, &tag("moved")).await)?;
        let found = tagged.map(|(digest, manifest)| (digest, manifest.map(|manifest| manifest.content().clone())));
        let expected = (second, Some(Bytes::from_static(b"{\"a\":2}")));
        ensure(found == Some(expected), "a tag leads to another manifest")?;
        let missing = done(bench.storage.tagged_manifest(&bench.first, &tag("missing")).await)?;
        ensure(missing.is_none(), "a tag leads to a manifest though it was never set")?;
        ensure(target("kept").await?.as_ref() == Some(&first), "a tag points elsewhere")?;
        ensure(
            delete(bench, &TagOrDigest::Tag(tag("Kept"))).await?,
            "a tag could not be deleted",
        )?;
        ensure(target("Kept").await?.is_none(), "a tag is there after it was deleted")?;
        ensure(target("kept").await?.is_some(), "a tag has gone with another one")?;
        let manifest = done(bench.storage.manifest(&bench.first, &first).await)?;
        ensure(manifest.is_some(), "a manifest has gone with a tag")?;
        delete(bench, &TagOrDigest::Digest(first)).await?;
        ensure(
            target("kept").await?.is_none(),
            "a tag is there after its manifest was deleted",
        )?;
        ensure(
            target("moved").await?.is_some(),
            "a tag has gone with a manifest that it does not point to",
        )
    }
    .boxed()
}

pub(super) fn preconditions<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let reference = TagOrDigest::Tag(tag("v1"));
        let absent = || Precondition::new(reference.clone()).with_if_none_match("*");
        let is = |digest: &Digest| Precondition::new(reference.clone()).with_if_match(format!("\"{digest}\""));
        let put = |content, precondition| {
            let put = manifest(&bench.first, content).with_tags(vec![tag("v1")]);
            bench
                .storage
                .put_manifest(PutManifest::with_precondition(put, Some(precondition)))
        };
        let [first, second] = [&b"{\"a\":1}"[..], b"{\"a\":2}"].map(Digest::sha256);
        done(put(b"{\"a\":1}", absent()).await)?;
        ensure(is_refused(put(b"{\"a\":2}", absent()).await), "a push was not refused")?;
        ensure(
            is_refused(put(b"{\"a\":2}", is(&second)).await),
            "a push was not refused",
        )?;
        let nothing = done(bench.storage.manifest(&bench.first, &second).await)?;
        ensure(nothing.is_none(), "a push that was refused has stored its manifest")?;
        done(put(b"{\"a\":2}", is(&first)).await)?;
        let delete = |digest| {
            let delete = DeleteReference::new(bench.first.clone(), reference.clone());
            bench
                .storage
                .delete_reference(delete.with_precondition(Some(is(digest))))
        };
        ensure(is_refused(delete(&first).await.map(drop)), "a deletion was not refused")?;
        ensure(done(delete(&second).await)?, "a deletion was refused")?;
        let again = done(delete(&second).await)?;
        ensure(!again, "what is not there could be deleted")
    }
    .boxed()
}

pub(super) fn referrers<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let subject = Digest::sha256(b"subject");
        let mut digests = Vec::new();
        for content in [&b"{\"a\":1}"[..], b"{\"a\":2}", b"{\"a\":3}"] {
            let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, content);
            let put = manifest(&bench.first, content).with_referrer(Some(Referrer::new(subject.clone(), descriptor)));
            digests.push(put.digest.clone());
            done(bench.storage.put_manifest(put).await)?;
        }
        digests.sort_unstable();
        ensure(
            list(bench, &subject).await? == digests,
            "the list has not exactly the referrers, in order",
        )?;
        let lost = digests.remove(1);
        delete(bench, &TagOrDigest::Digest(lost)).await?;
        ensure(
            list(bench, &subject).await? == digests,
            "a referrer that was deleted is listed",
        )?;
        let other = done(bench.storage.referrers(&bench.second, &subject, None, 10).await)?;
        ensure(other.items().is_empty(), "another repository lists them too")
    }
    .boxed()
}

/// The referrers of a subject, read in pages of one.
async fn list(bench: &Bench<'_>, subject: &Digest) -> Result<Vec<Digest>, String> {
    let mut digests: Vec<Digest> = Vec::new();
    loop {
        let after = digests.last().map(ToString::to_string);
        let page = bench
            .storage
            .referrers(&bench.first, subject, after.as_deref(), 1)
            .await;
        let page = done(page)?;
        digests.extend(page.items().iter().map(|descriptor| descriptor.digest.clone()));
        if !page.has_more() {
            return Ok(digests);
        }
        ensure(!page.items().is_empty(), "a page with more behind it is empty")?;
    }
}

async fn delete(bench: &Bench<'_>, reference: &TagOrDigest) -> Result<bool, String> {
    let delete = DeleteReference::new(bench.first.clone(), reference.clone());
    done(bench.storage.delete_reference(delete).await)
}

fn is_refused(result: Result<(), StorageError>) -> bool {
    result.is_err_and(|error| error.kind() == StorageErrorKind::PreconditionFailed)
}
