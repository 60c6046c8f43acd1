use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use oci_spec_types::RepositoryName;

use super::super::KeptKind;
use super::Finding;
use super::samples::{Bench, done, ensure, name};

pub(super) fn pages<'b>(bench: &'b Bench<'b>) -> BoxFuture<'b, Finding> {
    async move {
        let none = done(bench.storage.tags(&bench.first, None, 10).await)?;
        ensure(none.is_none(), "a repository that is not there has tags")?;
        let mut names: Vec<RepositoryName> = ["b", "a/b", "a", "a-b", "a/b/c", "c"].map(name).to_vec();
        for repository in &names {
            bench.push(repository, b"content").await?;
        }
        let untagged = done(bench.storage.tags(&name("b"), None, 10).await)?;
        ensure(
            untagged.is_some_and(|page| page.items().is_empty()),
            "a repository without tags has some, or is not there",
        )?;
        bench.put(b"{}", &["b", "A", "a", "B", "a.1", "_"]).await?;
        names.push(bench.first.clone());
        names.sort_unstable();
        ensure(
            repositories(bench).await? == names,
            "the repositories are not those that were written to, in order",
        )?;
        ensure(
            tags(bench).await? == ["A", "B", "_", "a", "a.1", "b"],
            "the tags are not those that were set, in order",
        )?;
        kept(bench).await
    }
    .boxed()
}

async fn repositories(bench: &Bench<'_>) -> Result<Vec<RepositoryName>, String> {
    let mut found: Vec<RepositoryName> = Vec::new();
    loop {
        let after = found.last().map(|name| name.as_str().to_owned());
        let page = done(bench.storage.repositories(after.as_deref(), 2).await)?;
        ensure(page.items().len() <= 2, "a page of repositories is too long")?;
        let more = page.has_more();
        found.extend(page.into_items());
        if !more {
            return Ok(found);
        }
    }
}

async fn tags(bench: &Bench<'_>) -> Result<Vec<String>, String> {
    let mut found: Vec<String> = Vec::new();
    loop {
        let page = bench
            .storage
            .tags(&bench.first, found.last().map(String::as_str), 2)
            .await;
        let page = done(page)?.ok_or("a repository with tags is not there")?;
        ensure(page.items().len() <= 2, "a page of tags is too long")?;
        found.extend(page.items().iter().map(ToString::to_string));
        if !page.has_more() {
            return Ok(found);
        }
    }
}

/// The blobs and manifests of a repository.
async fn kept(bench: &Bench<'_>) -> Finding {
    let mut pushed = Vec::new();
    for content in [&b"one"[..], b"two", b"three", b"four", b"five"] {
        pushed.push((bench.push(&bench.second, content).await?, content.len() as u64));
    }
    pushed.sort_unstable();
    let mut found = Vec::new();
    loop {
        let after = found.last().map(|(digest, _)| digest);
        let page = done(bench.storage.kept(&bench.second, KeptKind::Blob, after, 2).await)?;
        found.extend(page.items().iter().map(|kept| (kept.digest().clone(), kept.size())));
        if !page.has_more() {
            break;
        }
    }
    ensure(
        found == pushed,
        "the blobs are not those that were pushed, in order, with their sizes",
    )?;
    let manifests = done(bench.storage.kept(&bench.first, KeptKind::Manifest, None, 10).await)?;
    let sizes: Vec<u64> = manifests.items().iter().map(|kept| kept.size()).collect();
    ensure(
        sizes == [2],
        "the manifests are not those that were put, with their sizes",
    )
}
