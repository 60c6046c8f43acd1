//! What people do with a registry, as a list of steps that any client can be driven through.

use std::sync::LazyLock;

use bytes::Bytes;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, ImageManifest, MediaType, Tag, TagOrDigest};
use test_support::Rng;

/// A client on one repository.
pub(crate) trait Driver {
    fn blob(&self, descriptor: &Descriptor) -> Result<Bytes, Error>;
    fn delete(&self, target: &TagOrDigest) -> Result<(), Error>;
    fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error>;
    fn push_blob(&self, descriptor: &Descriptor, content: &Bytes) -> Result<(), Error>;
    fn push_manifest(&self, target: &TagOrDigest, document: &Document<AnyManifest>) -> Result<(), Error>;
    fn referrers(&self, subject: &Digest, artifact_type: Option<&MediaType>) -> Result<Vec<Descriptor>, Error>;
    /// How many requests it has sent so far, for tokens and after redirects too.
    fn requests(&self) -> usize;
    fn tags(&self) -> Result<Vec<Tag>, Error>;
}

/// What is pushed, and what the registry is known to refuse.
pub(crate) struct Round {
    pub(crate) artifact_type: &'static str,
    /// What becomes of attaching where the registry does not take it.
    pub(crate) refuses_attach: Option<ErrorKind>,
    /// What becomes of deleting where the registry does not delete.
    pub(crate) refuses_delete: Option<ErrorKind>,
}

impl Round {
    /// Everything works.
    pub(crate) const fn new() -> Self {
        Self {
            artifact_type: "application/vnd.dev.cosign.artifact.sbom.v1+json",
            refuses_attach: None,
            refuses_delete: None,
        }
    }

    /// Drives a client through all steps; gives how many requests each took.
    pub(crate) fn run(&self, driver: &dyn Driver) -> String {
        let counts = STEPS.map(|(name, step)| {
            let before = driver.requests();
            step(self, driver);
            format!("{name} {}", driver.requests() - before)
        });
        counts.join(", ")
    }
}

/// An image with a small and a large layer, and its content.
pub(crate) struct Image {
    pub(crate) blobs: Vec<(Descriptor, Bytes)>,
    pub(crate) document: Document<AnyManifest>,
}

impl Image {
    pub(crate) fn new(seed: u64, sizes: &[usize]) -> Self {
        let config = Bytes::from(format!(
            r#"{{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[]}},"author":"{seed}"}}"#
        ));
        let config = (Descriptor::of(MediaType::IMAGE_CONFIG, &config), config);
        let mut rng = Rng::new(seed);
        let layers: Vec<_> = sizes
            .iter()
            .map(|size| {
                let content = Bytes::from(rng.bytes(*size));
                (Descriptor::of(MediaType::IMAGE_LAYER_GZIP, &content), content)
            })
            .collect();
        let manifest = ImageManifest::new(
            config.0.clone(),
            layers.iter().map(|(descriptor, _)| descriptor.clone()).collect(),
        );
        Self {
            blobs: std::iter::once(config).chain(layers).collect(),
            document: document(manifest),
        }
    }

    pub(crate) fn push_blobs(&self, driver: &dyn Driver) {
        for (descriptor, content) in &self.blobs {
            driver.push_blob(descriptor, content).unwrap();
        }
    }
}

/// The image that a round pushes.
pub(crate) fn image() -> &'static Image {
    static IMAGE: LazyLock<Image> = LazyLock::new(|| Image::new(1, &[5, 9 << 20]));
    &IMAGE
}

/// An artifact that a round attaches to it.
pub(crate) fn attachment(artifact_type: &str) -> Document<AnyManifest> {
    let artifact = ImageManifest::artifact(artifact_type.parse().unwrap(), Vec::new());
    document(artifact.with_subject(descriptor(&image().document)))
}

/// An image that a round attaches to it, as was done before there were artifact types: all registries take that.
pub(crate) fn attached_image() -> Image {
    let mut attached = Image::new(2, &[]);
    let manifest = attached.document.value().as_image().unwrap().clone();
    attached.document = document(manifest.with_subject(descriptor(&image().document)));
    attached
}

pub(crate) fn document(manifest: ImageManifest) -> Document<AnyManifest> {
    Document::from_value(manifest.into()).unwrap()
}

pub(crate) fn descriptor(document: &Document<AnyManifest>) -> Descriptor {
    Descriptor::of(document.media_type().clone(), document.bytes())
}

pub(crate) fn target(text: &str) -> TagOrDigest {
    text.parse().unwrap()
}

pub(crate) fn by_digest(document: &Document<AnyManifest>) -> TagOrDigest {
    TagOrDigest::Digest(document.digest().clone())
}

fn push_blobs(_: &Round, driver: &dyn Driver) {
    image().push_blobs(driver);
}

fn push_manifest(_: &Round, driver: &dyn Driver) {
    let document = &image().document;
    driver.push_manifest(&by_digest(document), document).unwrap();
    for tag in TAGS {
        driver.push_manifest(&target(tag), document).unwrap();
    }
}

fn pull(_: &Round, driver: &dyn Driver) {
    let image = image();
    for reference in [target("v1"), by_digest(&image.document)] {
        assert_eq!(driver.manifest(&reference).unwrap().bytes(), image.document.bytes());
    }
    for (descriptor, content) in &image.blobs {
        assert_eq!(driver.blob(descriptor).unwrap(), content);
    }
}

fn look(_: &Round, driver: &dyn Driver) {
    assert_eq!(driver.referrers(image().document.digest(), None).unwrap(), []);
}

fn attach(round: &Round, driver: &dyn Driver) {
    let document = attachment(round.artifact_type);
    driver
        .push_blob(&Descriptor::empty(), &Bytes::from_static(b"{}"))
        .unwrap();
    let attached = driver.push_manifest(&by_digest(&document), &document);
    expect(attached, round.refuses_attach);
    if round.refuses_attach.is_none() {
        assert_eq!(
            driver.manifest(&by_digest(&document)).unwrap().bytes(),
            document.bytes()
        );
    }
    let image = attached_image();
    image.push_blobs(driver);
    driver
        .push_manifest(&by_digest(&image.document), &image.document)
        .unwrap();
}

/// Everything that is attached is listed, with its type, and nothing else.
fn list(round: &Round, driver: &dyn Driver) {
    let artifact = attachment(round.artifact_type);
    let artifact = artifact
        .descriptor()
        .with_artifact_type(round.artifact_type.parse().unwrap());
    let artifacts = Vec::from_iter(round.refuses_attach.is_none().then_some(artifact));
    let image = attached_image().document.descriptor();
    let images = vec![image.with_artifact_type(MediaType::IMAGE_CONFIG)];
    for (artifact_type, expected) in [
        (None, [&*artifacts, &images].concat()),
        (Some(round.artifact_type.parse().unwrap()), artifacts.clone()),
        (Some(MediaType::IMAGE_CONFIG), images.clone()),
        (Some("application/vnd.example.other".parse().unwrap()), Vec::new()),
    ] {
        assert_listed(driver, artifact_type.as_ref(), expected);
    }
}

/// What was attached and is deleted is listed no longer.
fn detach(round: &Round, driver: &dyn Driver) {
    let artifact = attachment(round.artifact_type);
    if round.refuses_attach.is_none() {
        expect(driver.delete(&by_digest(&artifact)), round.refuses_delete);
    }
    let artifact_type: MediaType = round.artifact_type.parse().unwrap();
    let left = round.refuses_attach.is_none() && round.refuses_delete.is_some();
    let artifact = artifact.descriptor().with_artifact_type(artifact_type.clone());
    assert_listed(driver, Some(&artifact_type), Vec::from_iter(left.then_some(artifact)));
    let image = attached_image().document.descriptor();
    let images = vec![image.with_artifact_type(MediaType::IMAGE_CONFIG)];
    assert_listed(driver, Some(&MediaType::IMAGE_CONFIG), images);
}

#[track_caller]
fn assert_listed(driver: &dyn Driver, artifact_type: Option<&MediaType>, mut expected: Vec<Descriptor>) {
    let mut listed = driver.referrers(image().document.digest(), artifact_type).unwrap();
    for list in [&mut listed, &mut expected] {
        list.sort_by_key(|descriptor| descriptor.digest.to_string());
    }
    assert_eq!(listed, expected, "{artifact_type:?}");
}

fn tags(_: &Round, driver: &dyn Driver) {
    // A client may have recorded referrers under a tag of its own.
    let tags: Vec<String> = driver.tags().unwrap().iter().map(ToString::to_string).collect();
    let tags: Vec<&str> = tags
        .iter()
        .map(String::as_str)
        .filter(|tag| tag.starts_with('v'))
        .collect();
    assert_eq!(tags, TAGS);
}

fn delete(round: &Round, driver: &dyn Driver) {
    let document = &image().document;
    for tag in TAGS {
        expect(driver.delete(&target(tag)), round.refuses_delete);
    }
    expect(driver.delete(&by_digest(document)), round.refuses_delete);
    if round.refuses_delete.is_none() {
        let gone = driver.manifest(&by_digest(document)).unwrap_err();
        assert_eq!(gone.kind(), ErrorKind::NotFound, "{gone}");
        // The list of its referrers has gone with it, where that was a tag.
        assert_eq!(driver.tags().unwrap(), []);
    }
}

fn expect(outcome: Result<(), Error>, refusal: Option<ErrorKind>) {
    match (outcome, refusal) {
        (Ok(()), None) => {}
        (Err(error), Some(kind)) => assert_eq!(error.kind(), kind, "{error}"),
        (Err(error), None) => panic!("{error}"),
        (Ok(()), Some(kind)) => panic!("it worked, and {kind:?} was expected"),
    }
}

type Step = fn(&Round, &dyn Driver);

const STEPS: [(&str, Step); 10] = [
    ("push", push_blobs),
    // What is there already stays.
    ("again", push_blobs),
    ("manifests", push_manifest),
    ("pull", pull),
    ("look", look),
    ("attach", attach),
    ("list", list),
    ("detach", detach),
    ("tags", tags),
    ("delete", delete),
];

/// More than fit into one page of the registries under test.
pub(crate) const TAGS: [&str; 5] = ["v1", "v2", "v3", "v4", "v5"];
