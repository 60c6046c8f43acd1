//! OCI archives.

use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures_executor::block_on;
use futures_util::{FutureExt as _, stream};
use oci_client_core::client::{Chunks, Content};
use oci_client_core::proto::Span;
use oci_client_core::store::{CopyOptions, OciLayout, Source, Stored, Target, copy};
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest, LayoutHeader, MediaType};

use crate::support::{Graph, oci_writer, open_oci, put, read, repository, runtime, tag, target};

#[test]
fn round_trips_keep_digests_from_a_registry_through_a_layout_and_an_archive_to_a_registry() {
    let (graph, folder) = (Graph::new(), tempfile::tempdir().unwrap());
    let (options, v1) = (CopyOptions::new().with_referrers(), tag("v1"));
    let path = folder.path().join("image.tar");
    block_on(async {
        let (first, second) = (repository(), repository());
        let layout = OciLayout::create(folder.path().join("layout"), runtime())
            .await
            .unwrap();
        let writer = oci_writer(&path).await;
        let from = target("v1");
        copy(&graph.store, &from, &first, Some(&v1), &options).await.unwrap();
        copy(&first, &from, &layout, Some(&v1), &options).await.unwrap();
        graph.check(&layout).await;
        copy(&layout, &from, &writer, Some(&v1), &options).await.unwrap();
        writer.finish().await.unwrap();
        let archive = open_oci(&path).await.unwrap();
        graph.check(&archive).await;
        let copied = copy(&archive, &from, &second, Some(&v1), &options).await.unwrap();
        assert_eq!((copied.root.digest(), copied.referrers), (graph.root.digest(), 3));
        graph.check(&second).await;
    });
}

#[test]
fn another_reader_of_tars_finds_the_files_of_a_layout_and_nothing_else() {
    let (graph, folder) = (Graph::new(), tempfile::tempdir().unwrap());
    let path = folder.path().join("image.tar");
    block_on(write(&graph, &path));
    let mut archive = tar::Archive::new(std::fs::File::open(&path).unwrap());
    let mut names = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).unwrap();
        assert_eq!(
            (entry.header().mtime().unwrap(), entry.header().mode().unwrap()),
            (0, 0o644)
        );
        if let Some(hex) = name.strip_prefix("blobs/sha256/") {
            assert_eq!(Digest::sha256(&content).encoded_string(), hex);
        }
        names.push(name);
    }
    assert_eq!(names.first().unwrap(), LayoutHeader::FILE_NAME);
    assert_eq!(names.last().unwrap(), "index.json");
    // Six manifests; configurations and layers of two images with two of the layers in common; three artifacts; an empty configuration.
    assert_eq!(names.len(), 2 + 6 + 6 + 3 + 1);
}

#[test]
fn equal_content_makes_equal_archives() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = ["a.tar", "b.tar"].map(|name| {
        let path = folder.path().join(name);
        block_on(write(&Graph::new(), &path));
        std::fs::read(path).unwrap()
    });
    assert_eq!(bytes[0], bytes[1]);
    assert_eq!(bytes[0].len() % 512, 0);
}

#[test]
fn a_name_longer_than_a_header_holds_is_written_and_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.tar");
    let digest = Digest::sha512(b"content");
    let descriptor = Descriptor::new(MediaType::OCTET_STREAM, digest, 7);
    block_on(async {
        let writer = oci_writer(&path).await;
        let content = Arc::new(Bytes::from_static(b"content"));
        writer.put_blob(&descriptor, content).await.unwrap();
        writer.finish().await.unwrap();
        let archive = open_oci(&path).await.unwrap();
        assert_eq!(read(&archive, &descriptor).await.unwrap(), b"content");
    });
}

#[test]
fn c01_a_blob_that_fails_or_is_given_up_half_way_leaves_nothing_and_what_follows_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    let large = vec![7; 700_000];
    let wanted = Descriptor::of(MediaType::OCTET_STREAM, &large);
    block_on(async {
        let writer = oci_writer(&path).await;
        let before = put(&writer, b"before").await;
        let wrong: Arc<dyn Content> = Arc::new(Bytes::from(vec![8; 700_000]));
        let error = writer.put_blob(&wanted, wrong).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Mismatch);
        let error = writer
            .put_blob(&wanted, Arc::new(Hanging(ErrorKind::Store.into())))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Store);
        // A future that is dropped in the middle.
        let mut given_up = Box::pin(writer.put_blob(&wanted, Arc::new(Hanging(None))));
        for _ in 0..1000 {
            assert!(given_up.as_mut().now_or_never().is_none());
        }
        drop(given_up);
        let after = put(&writer, b"after").await;
        assert_eq!(
            writer
                .put_blob(&wanted, Arc::new(Bytes::from(large.clone())))
                .await
                .unwrap(),
            Stored::New
        );
        assert_eq!(
            writer.put_blob(&wanted, Arc::new(Hanging(None))).await.unwrap(),
            Stored::Present
        );
        writer.finish().await.unwrap();
        let archive = open_oci(&path).await.unwrap();
        for (blob, content) in [(&before, &b"before"[..]), (&after, b"after"), (&wanted, &large)] {
            assert_eq!(read(&archive, blob).await.unwrap(), content);
        }
        let mut entries = tar::Archive::new(std::fs::File::open(&path).unwrap());
        assert_eq!(entries.entries().unwrap().map(Result::unwrap).count(), 5);
    });
}

#[test]
fn only_a_finished_archive_takes_the_place_of_what_was_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    std::fs::write(&path, "before").unwrap();
    block_on(async {
        let writer = oci_writer(&path).await;
        put(&writer, b"content").await;
        drop(writer);
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        oci_writer(&path).await.finish().await.unwrap();
        assert!(open_oci(&path).await.unwrap().entries().is_empty());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    });
}

#[test]
fn parts_of_a_blob_are_read_in_place_and_none_outside_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    block_on(async {
        let writer = oci_writer(&path).await;
        let blob = put(&writer, b"0123456789").await;
        put(&writer, b"the next one").await;
        writer.finish().await.unwrap();
        let content = open_oci(&path).await.unwrap().blob(&blob).await.unwrap();
        let part = |start, len| {
            let content = content.clone();
            async move {
                let chunks: Vec<Bytes> =
                    futures_util::TryStreamExt::try_collect(content.open(Span::new(start, len)).await?).await?;
                Ok::<_, Error>(chunks.concat())
            }
        };
        assert_eq!(part(3, 4).await.unwrap(), b"3456");
        assert_eq!(part(10, 0).await.unwrap(), b"");
        for (start, len) in [(0, 11), (10, 1), (11, 0), (u64::MAX, 1), (1, u64::MAX)] {
            assert_eq!(part(start, len).await.unwrap_err().kind(), ErrorKind::Store);
        }
    });
}

#[test]
fn what_is_not_there_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("image.tar");
    block_on(async {
        write(&Graph::new(), &path).await;
        let archive = open_oci(&path).await.unwrap();
        let missing = Descriptor::of(MediaType::OCTET_STREAM, b"missing");
        let by_digest = target(&missing.digest.to_string());
        for error in [
            archive.manifest(&target("v9")).await.unwrap_err(),
            archive.manifest(&by_digest).await.unwrap_err(),
            archive.blob(&missing).await.err().unwrap(),
            open_oci(&folder.path().join("none.tar")).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
            assert!(error.to_string().contains(".tar"), "{error}");
        }
    });
}

pub(crate) async fn write(graph: &Graph, path: &Path) {
    let writer = oci_writer(path).await;
    let options = CopyOptions::new().with_referrers().with_jobs(1);
    copy(&graph.store, &target("v1"), &writer, Some(&tag("v1")), &options)
        .await
        .unwrap();
    writer.finish().await.unwrap();
}

/// Some content, and then an error, or nothing more for ever.
struct Hanging(Option<ErrorKind>);

#[async_trait]
impl Content for Hanging {
    async fn open(&self, _: Span) -> Result<Chunks, Error> {
        use futures_util::StreamExt as _;

        let some = stream::iter([Ok(Bytes::from(vec![7; 300_000]))]);
        Ok(match self.0 {
            Some(kind) => some.chain(stream::iter([Err(Error::new(kind, "gone"))])).boxed(),
            None => some.chain(stream::pending()).boxed(),
        })
    }
}
