//! Memory does not depend on the size of what is moved: measured by counting every allocation.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream;
use oci_client_core::Error;
use oci_client_core::client::{Chunks, Client, Content, PullOptions, Repository};
use oci_client_core::proto::Span;
use oci_client_core::store::{CopyOptions, MemoryStore, OciLayout, Source, Target, copy};
use oci_client_core::transport::Transport;
use oci_registry::Registry;
use oci_registry::storage::DirectoryStorage;
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageManifest, MediaType, TagOrDigest};
use peak_alloc::PeakAlloc;
use test_support::{Reply, Responder, SimRuntime};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The allocator counts for the whole process, so one test measures at a time.
static MEASURING: Mutex<()> = Mutex::new(());

const MIB: usize = 1 << 20;

const SIZE: u64 = 64 << 20;

/// How much more than before was in use at most while `work` ran.
fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let result = work();
    (result, MEMORY.peak_usage().saturating_sub(before))
}

#[test]
fn an_image_of_64_mib_moves_between_registries_and_layouts_in_a_few_mib() {
    let _alone = MEASURING.lock();
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let image = image();
    let root = TagOrDigest::Digest(image.digest.clone());
    let tag = "v1".parse().unwrap();
    let (first, second) = (
        registry(&runtime, &folder.path().join("1")),
        registry(&runtime, &folder.path().join("2")),
    );
    let layout = runtime
        .run(OciLayout::create(
            folder.path().join("layout"),
            Arc::new(runtime.clone()),
        ))
        .unwrap();
    let steps: [(&str, &dyn Source, &dyn Target); 4] = [
        ("memory to registry", &image.store, &first),
        ("registry to layout", &first, &layout),
        ("layout to registry", &layout, &second),
        (
            "registry to registry",
            &first,
            &registry(&runtime, &folder.path().join("3")),
        ),
    ];
    for (name, source, target) in steps {
        let options = CopyOptions::new();
        let (copied, peak) = peak(|| runtime.run(copy(source, &root, target, Some(&tag), &options)));
        assert_eq!(copied.unwrap().root.digest(), &image.digest);
        assert!(peak < 2 * MIB, "{name}: {peak} bytes");
    }
}

#[test]
fn a_blob_of_64_mib_is_saved_in_a_few_mib() {
    let _alone = MEASURING.lock();
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let image = image();
    let there = registry(&runtime, &folder.path().join("registry"));
    runtime.run(there.push_blob(&image.layer, Arc::new(Pattern))).unwrap();
    let path = folder.path().join("layer");
    let (saved, peak) = peak(|| runtime.run(there.blob(&image.layer).unwrap().save(&path)));
    saved.unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().len(), SIZE);
    assert!(peak < MIB, "{peak} bytes");
}

#[test]
fn a_blob_of_64_mib_is_saved_in_eight_parts_at_a_time_in_a_few_mib() {
    let _alone = MEASURING.lock();
    let runtime = SimRuntime::new();
    let folder = tempfile::tempdir().unwrap();
    let image = image();
    let there = registry(&runtime, &folder.path().join("registry"));
    runtime.run(there.push_blob(&image.layer, Arc::new(Pattern))).unwrap();
    let path = folder.path().join("layer");
    let options = PullOptions::new().with_jobs(8).with_part_size(2 << 20);
    for memory in [MIB, PullOptions::DEFAULT_MEMORY] {
        let options = options.with_memory(memory);
        let (saved, peak) = peak(|| runtime.run(there.save_blob(&image.layer, &path, &options)));
        saved.unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), SIZE);
        // Besides what the parts hold there are the pieces that the registry has read for each.
        assert!(peak < memory + 6 * MIB, "{peak} bytes with {memory}");
    }
}

#[test]
fn c16_an_endless_manifest_takes_no_more_than_a_few_times_the_limit() {
    let _alone = MEASURING.lock();
    let endless = Reply::new(200)
        .with_header("content-type", "application/vnd.oci.image.manifest.v1+json")
        .with_endless(vec![b' '; 10_000]);
    let (result, peak) = peak(|| get(endless));
    assert!(result.is_err() && peak < 3 * 4 * MIB, "{peak} bytes");
}

#[test]
fn c06_an_endless_blob_takes_next_to_nothing() {
    let _alone = MEASURING.lock();
    let runtime = SimRuntime::new();
    let endless = Reply::new(200).with_endless(vec![0; 10_000]);
    let app = client(&runtime, Responder::new(&runtime, move |_| endless.clone()));
    let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, b"a small layer");
    let (result, peak) = peak(|| runtime.run(app.blob(&descriptor).unwrap().bytes(100)));
    assert!(result.is_err() && peak < MIB / 4, "{peak} bytes");
}

#[test]
fn c08_a_size_that_is_a_lie_allocates_nothing() {
    let _alone = MEASURING.lock();
    let runtime = SimRuntime::new();
    let app = client(
        &runtime,
        Responder::new(&runtime, |_| Reply::new(200).with_piece("short")),
    );
    let descriptor = Descriptor::new(MediaType::IMAGE_LAYER, Digest::sha256(b"x"), Descriptor::MAX_SIZE);
    let (result, peak) = peak(|| runtime.run(app.blob(&descriptor).unwrap().bytes(usize::MAX)));
    assert!(result.is_err() && peak < MIB / 4, "{peak} bytes");
}

#[test]
fn c18_a_manifest_of_many_layers_takes_memory_in_proportion() {
    let _alone = MEASURING.lock();
    let layer = r#"{"mediaType":"a/b","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2}"#;
    let body = |count: usize| {
        format!(
            r#"{{"schemaVersion":2,"config":{layer},"layers":[{}]}}"#,
            vec![layer; count].join(",")
        )
    };
    let reply = |count| {
        let media_type = "application/vnd.oci.image.manifest.v1+json";
        Reply::new(200)
            .with_header("content-type", media_type)
            .with_body(body(count))
    };
    let (full, too_many) = (reply(4096), reply(30_000));
    let (read, peak_read) = peak(|| get(full));
    let (refused, peak_refused) = peak(|| get(too_many));
    assert!(read.is_ok() && peak_read < 16 * MIB, "{peak_read} bytes");
    assert!(refused.is_err() && peak_refused < 16 * MIB, "{peak_refused} bytes");
}

/// An image with one layer of `SIZE` bytes, which are made up as they are read.
struct Image {
    digest: Digest,
    layer: Descriptor,
    store: MemoryStore,
}

fn image() -> Image {
    let mut hasher = Digest::sha256(b"").hasher().unwrap();
    (0..SIZE)
        .step_by(PIECE)
        .for_each(|offset| hasher.update(&piece(offset)));
    let layer = Descriptor::new(MediaType::IMAGE_LAYER, hasher.finish(), SIZE);
    let store = MemoryStore::new();
    store.add_content(&layer, Arc::new(Pattern));
    let config = store.add_blob(MediaType::IMAGE_CONFIG, &b"{}"[..]);
    let manifest = AnyManifest::Image(ImageManifest::new(config, vec![layer.clone()]));
    let document = Document::from_value(manifest).unwrap();
    let digest = document.digest().clone();
    store.add_manifest(document, None);
    Image { digest, layer, store }
}

/// `SIZE` bytes that are different everywhere and are kept nowhere.
struct Pattern;

#[async_trait]
impl Content for Pattern {
    async fn open(&self, span: Span) -> Result<Chunks, Error> {
        assert_eq!((span.start, span.len), (0, Some(SIZE)));
        Ok(Box::pin(stream::iter(
            (0..SIZE).step_by(PIECE).map(|offset| Ok(piece(offset))),
        )))
    }
}

/// 64 KiB.
const PIECE: usize = 64 << 10;

fn piece(offset: u64) -> Bytes {
    offset.to_le_bytes().repeat(PIECE / 8).into()
}

fn registry(runtime: &SimRuntime, path: &Path) -> Repository {
    let storage = runtime
        .run(DirectoryStorage::open(path, Arc::new(runtime.clone())))
        .unwrap();
    client(runtime, Registry::builder().storage(storage).build())
}

fn client(runtime: &SimRuntime, transport: impl Transport + 'static) -> Repository {
    let client = Client::new(Arc::new(transport), Arc::new(runtime.clone()));
    client
        .registry(&"registry.test".parse().unwrap())
        .repository("app".parse().unwrap())
}

fn get(reply: Reply) -> Result<Document<AnyManifest>, Error> {
    let runtime = SimRuntime::new();
    let app = client(&runtime, Responder::new(&runtime, move |_| reply.clone()));
    runtime.run(app.manifest(&"v1".parse().unwrap()))
}
