//! Blobs that are as they should be.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use oci_spec_types::{Descriptor, Digest, MediaType};

use super::samples::{blob, check_blob, noise, optional, put, read, same, text};
use super::{Bench, Finding};
use crate::proto::Span;
use crate::store::Stored;

pub(super) async fn whole(bench: Box<dyn Bench>) -> Finding {
    let contents = [0, 1, 100, 300_000].map(|size| noise(size as u64, size));
    for content in &contents {
        let stored = put(bench.target(), &blob(content), content).await?;
        same("storing a new blob", &stored, &Stored::New)?;
    }
    let source = bench.into_source().await;
    for content in &contents {
        check_blob(&*source, &blob(content), content).await?;
        // Once is not enough: it may be needed again.
        check_blob(&*source, &blob(content), content).await?;
    }
    Ok(())
}

pub(super) async fn parts(bench: Box<dyn Bench>) -> Finding {
    let content = noise(1, 10_000);
    let descriptor = blob(&content);
    put(bench.target(), &descriptor, &content).await?;
    let source = bench.into_source().await;
    for (start, length) in [
        (0, Some(10_000)),
        (0, Some(1)),
        (1, None),
        (5000, Some(1000)),
        (9999, Some(1)),
        (9999, None),
        (10_000, None),
    ] {
        let span = match length {
            Some(length) => Span::new(start, length),
            None => Span::from(start),
        };
        let from = usize::try_from(start).map_err(text)?;
        let until = length.map_or(content.len(), |length| from.saturating_add(length as usize));
        let found = read(&*source, &descriptor, span).await;
        let found = found.map_err(|error| format!("{length:?} bytes from {start} cannot be read: {error}"))?;
        if Some(&*found) != content.get(from..until) {
            return Err(format!("{length:?} bytes from {start} are read as others"));
        }
    }
    Ok(())
}

pub(super) async fn algorithms(bench: Box<dyn Bench>) -> Finding {
    let content = noise(1, 1000);
    let described = |digest| Descriptor::new(MediaType::IMAGE_LAYER, digest, content.len() as u64);
    let descriptors = [Digest::sha256(&content), Digest::sha512(&content)].map(described);
    for descriptor in &descriptors {
        put(bench.target(), descriptor, &content).await?;
    }
    let source = bench.into_source().await;
    for descriptor in &descriptors {
        let checked = check_blob(&*source, descriptor, &content).await;
        checked.map_err(|found| format!("{}: {found}", descriptor.digest.algorithm()))?;
    }
    Ok(())
}

pub(super) async fn again(bench: Box<dyn Bench>) -> Finding {
    let contents: Vec<Bytes> = (0..6).map(|seed| noise(seed, 20_000)).collect();
    let each_twice = stream::iter(contents.clone().into_iter().chain(contents.clone()));
    let target = bench.target();
    let writes = each_twice.map(|content| async move { put(target, &blob(&content), &content).await });
    let stored: Vec<Stored> = writes.buffer_unordered(12).try_collect().await?;
    same("the number of writes", &stored.len(), &12)?;
    for content in &contents {
        put(target, &blob(content), content).await?;
    }
    let source = bench.into_source().await;
    for content in &contents {
        check_blob(&*source, &blob(content), content).await?;
    }
    Ok(())
}

pub(super) async fn regardless(bench: Box<dyn Bench>) -> Finding {
    let content = noise(1, 1000);
    let descriptor = blob(&content);
    put(bench.target(), &descriptor, &content).await?;
    let again = bench
        .target()
        .put_blob_regardless(&descriptor, Arc::new(content.clone()))
        .await;
    again.map_err(|error| format!("a blob that is there cannot be written once more: {error}"))?;
    check_blob(&*bench.into_source().await, &descriptor, &content).await
}

pub(super) async fn told(bench: Box<dyn Bench>) -> Finding {
    let (content, other) = (noise(1, 1000), noise(2, 1000));
    put(bench.target(), &blob(&content), &content).await?;
    for (content, expected) in [(&content, true), (&other, false)] {
        let told = optional(
            "a target cannot be asked for a blob",
            bench.target().has_blob(&blob(content)).await,
        )?;
        same("what it says", &told.unwrap_or(expected), &expected)?;
    }
    Ok(())
}
