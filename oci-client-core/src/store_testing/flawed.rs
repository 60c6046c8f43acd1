//! What is wrong, breaks off or is not there.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use oci_spec_types::{Descriptor, MediaType, TagOrDigest};

use super::samples::{Sample, blob, check_absent, check_blob, noise, put, tag, text};
use super::{Bench, Finding};
use crate::client::{Chunks, Content};
use crate::proto::Span;
use crate::{Error, ErrorKind};

pub(super) async fn unverifiable(bench: Box<dyn Bench>) -> Finding {
    let digest = "unknown+algorithm:abcdef".parse().map_err(text)?;
    let descriptor = Descriptor::new(MediaType::IMAGE_LAYER, digest, 3);
    match bench
        .target()
        .put_blob(&descriptor, Arc::new(Bytes::from_static(b"abc")))
        .await
    {
        Err(_) => Ok(()),
        Ok(_) => Err("a blob is stored whose digest nobody can compute".to_owned()),
    }
}

pub(super) async fn wrong(bench: Box<dyn Bench>) -> Finding {
    let right = noise(1, 5000);
    let descriptor = blob(&right);
    let (other, short, long) = (noise(2, 5000), right.slice(..4999), noise(1, 5001));
    for (what, content) in [("other", other), ("less", short), ("more", long), ("no", Bytes::new())] {
        // It gives what it has, whatever is asked for.
        let content = Unruly {
            content,
            then: End::Well,
        };
        if bench.target().put_blob(&descriptor, Arc::new(content)).await.is_ok() {
            return Err(format!("a blob is stored that has {what} content"));
        }
    }
    check_absent(&*bench.into_source().await, &descriptor).await
}

pub(super) async fn broken_off(bench: Box<dyn Bench>) -> Finding {
    let (first, second) = (noise(1, 5000), noise(2, 5000));
    for content in [&first, &second] {
        for length in [0, 1, 4999, 5000] {
            let broken = Unruly {
                content: content.slice(..length),
                then: End::Badly,
            };
            if bench.target().put_blob(&blob(content), Arc::new(broken)).await.is_ok() {
                return Err(format!("a blob is stored whose content broke off after {length} bytes"));
            }
        }
    }
    put(bench.target(), &blob(&first), &first).await?;
    let source = bench.into_source().await;
    check_absent(&*source, &blob(&second)).await?;
    check_blob(&*source, &blob(&first), &first).await
}

pub(super) async fn dropped(bench: Box<dyn Bench>) -> Finding {
    let (first, second) = (noise(1, 5000), noise(2, 5000));
    for content in [&first, &second] {
        for length in [0, 5000] {
            let endless = Unruly {
                content: content.slice(..length),
                then: End::Never,
            };
            let descriptor = blob(content);
            let mut write = bench.target().put_blob(&descriptor, Arc::new(endless));
            for _ in 0..10 {
                if (&mut write).now_or_never().is_some() {
                    return Err("a write ends although its content does not".to_owned());
                }
            }
        }
    }
    put(bench.target(), &blob(&first), &first).await?;
    let source = bench.into_source().await;
    check_absent(&*source, &blob(&second)).await?;
    check_blob(&*source, &blob(&first), &first).await
}

pub(super) async fn absent(bench: Box<dyn Bench>) -> Finding {
    let (stored, missing) = (Sample::new(1)?, Sample::new(2)?);
    stored.put(bench.target(), Some(&tag("there")?)).await?;
    let source = bench.into_source().await;
    for target in [
        TagOrDigest::Tag(tag("absent")?),
        TagOrDigest::Digest(missing.document.digest().clone()),
    ] {
        match source.manifest(&target).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(format!("the error should be of the kind NotFound: {error}")),
            Ok(_) => return Err(format!("there is a manifest for `{target}`, which was never stored")),
        }
    }
    for (descriptor, _) in &missing.blobs {
        check_absent(&*source, descriptor).await?;
    }
    Ok(())
}

/// Content that gives what it has, in pieces, and then does not end as it should.
struct Unruly {
    content: Bytes,
    then: End,
}

#[derive(Clone, Copy)]
enum End {
    Badly,
    Never,
    Well,
}

#[async_trait]
impl Content for Unruly {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        let from = usize::try_from(span.start)
            .unwrap_or(usize::MAX)
            .min(self.content.len());
        let rest = self.content.slice(from..);
        let pieces: Vec<_> = rest.chunks(1000).map(Bytes::copy_from_slice).map(Ok).collect();
        let end = match self.then {
            End::Badly => stream::iter([Err(Error::new(ErrorKind::Transport, "the content broke off"))]).boxed(),
            End::Never => stream::pending().boxed(),
            End::Well => stream::empty().boxed(),
        };
        Ok(stream::iter(pieces).chain(end).boxed())
    }
}
