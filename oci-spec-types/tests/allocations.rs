//! What reading costs in memory: how many allocations an operation makes, and how much is in use at most.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use allocation_counter::{AllocationInfo, measure};
use oci_spec_types::{
    Annotations, Descriptor, Digest, Document, DocumentType, Extra, ImageConfig, ImageIndex, ImageManifest, Limits,
    MediaType, Reference, validate::Validate,
};

#[test]
fn reading_allocates_for_what_is_kept_and_no_more() {
    let digest = Digest::sha256(b"").to_string();
    let full = format!("registry.example.com:5000/team/project/application:v1.2.3@{digest}");
    let descriptor = serde_json::to_vec(&entry(0)).unwrap();
    let index = Document::from_value(ImageIndex::new((0..100).map(entry).collect())).unwrap();
    let manifest = ImageManifest::new(layer(0), (0..100).map(layer).collect());
    let manifest = Document::from_value(manifest).unwrap();
    // The first familiar reference makes the host that all share.
    drop(Reference::familiar("busybox"));
    for (operation, most, found) in [
        ("a digest", 0, count(|| digest.parse::<Digest>().unwrap())),
        (
            "a short reference: the repository",
            1,
            count(|| Reference::familiar("busybox").unwrap()),
        ),
        (
            "a full reference: host, repository, tag",
            3,
            count(|| full.parse::<Reference>().unwrap()),
        ),
        // The list of annotations, and the name and value of each of two.
        (
            "an entry of an index",
            5,
            count(|| serde_json::from_slice::<Descriptor>(&descriptor).unwrap()),
        ),
        // The bytes and the stack of names; the list, which grows six times; and its entries.
        (
            "an index of 100",
            2 + 6 + 5 * 100,
            count(|| parsed::<ImageIndex>(index.bytes(), MediaType::IMAGE_INDEX)),
        ),
        (
            "a manifest of 100 layers",
            2 + 6,
            count(|| parsed::<ImageManifest>(manifest.bytes(), MediaType::IMAGE_MANIFEST)),
        ),
        // An empty list of findings, and of places that are settled.
        ("the rules of an index", 0, count(|| index.findings())),
    ] {
        assert!(
            found.count_total <= most,
            "{operation}: {found:?}, not {most} allocations"
        );
        assert_eq!((found.count_current, found.bytes_current), (0, 0), "{operation} leaks");
    }
}

#[test]
fn hostile_documents_take_a_small_multiple_of_their_size() {
    for (shape, most, kind, text) in hostile() {
        for (verdict, text) in [("read", text.clone()), ("refused", spoilt(&text))] {
            let (bytes, limit) = (text.len() as u64, Limits::DOCUMENT_BYTES as u64);
            let mut read = false;
            let found = measure(|| read = kind.read(&text)).bytes_max;
            assert_eq!(read, verdict == "read", "{shape}");
            let fits = found <= most * bytes && found <= 8 * limit;
            assert!(fits, "{shape}, {verdict}: {found} for {bytes} bytes");
        }
    }
}

#[test]
fn unknown_fields_are_written_as_they_were_read() {
    let text = r#"{"z":[1, 2.5,-3,true,null,"é\u0041"],"a":{"c":{},"b":[[]]},"0":18446744073709551615}"#;
    let json = format!(r#"{{"schemaVersion":2,"manifests":[],{}"#, &text[1..]);
    let document = parsed::<ImageIndex>(json.as_bytes(), MediaType::IMAGE_INDEX);
    let again = serde_json::to_string(document.value()).unwrap();
    assert_eq!(
        again,
        r#"{"schemaVersion":2,"manifests":[],"0":18446744073709551615,"a":{"c":{},"b":[[]]},"z":[1,2.5,-3,true,null,"éA"]}"#
    );
    let again = parsed::<ImageIndex>(again.as_bytes(), MediaType::IMAGE_INDEX);
    assert_eq!(again.value(), document.value());
    let extra: Extra = serde_json::from_str(text).unwrap();
    assert_eq!(extra, document.value().extra, "any deserializer reads the same fields");
    assert_eq!(
        serde_json::to_value(&extra).unwrap(),
        serde_json::from_str::<serde_json::Value>(text).unwrap()
    );
}

/// What a document is read as.
enum Kind {
    Config,
    Index,
    Manifest,
}

impl Kind {
    fn read(&self, text: &str) -> bool {
        match self {
            Self::Config => Document::<ImageConfig>::parse(text.as_bytes(), MediaType::IMAGE_CONFIG).is_ok(),
            Self::Index => Document::<ImageIndex>::parse(text.as_bytes(), MediaType::IMAGE_INDEX).is_ok(),
            Self::Manifest => Document::<ImageManifest>::parse(text.as_bytes(), MediaType::IMAGE_MANIFEST).is_ok(),
        }
    }
}

/// Documents within all limits, each as costly as it can be in one way, and how many times their size they may take. Their bytes
/// are one of these times, and a list that grows takes three times what is in it.
fn hostile() -> Vec<(&'static str, u64, Kind, String)> {
    let mut documents = hostile_manifests();
    documents.extend(hostile_configs());
    documents
}

fn hostile_manifests() -> Vec<(&'static str, u64, Kind, String)> {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(60), "}".repeat(60));
    let entry = format!(
        r#"{},"x":[{}]}}"#,
        BLOB.trim_end_matches('}'),
        list(15, |_| SMALL.into())
    );
    let mut documents = vec![(
        "small objects in entries",
        6,
        Kind::Index,
        format!(
            r#"{{"schemaVersion":2,"manifests":[{}]}}"#,
            list(5_500, |_| entry.clone())
        ),
    )];
    for (shape, most, fields) in [
        ("small objects", 3, unknown(&list(99_000, |_| SMALL.into()))),
        ("empty lists", 3, unknown(&list(199_000, |_| "[]".into()))),
        ("deep objects", 3, unknown(&list(3_200, |_| deep.clone()))),
        ("names", 16, list(199_000, |number| format!(r#""{number}":0"#))),
        (
            "names backwards",
            16,
            list(199_000, |number| format!(r#""{}":0"#, 999_999 - number)),
        ),
    ] {
        let text = format!(r#"{{"schemaVersion":2,"config":{BLOB},"layers":[],{fields}}}"#);
        documents.push((shape, most, Kind::Manifest, text));
    }
    documents
}

fn hostile_configs() -> impl Iterator<Item = (&'static str, u64, Kind, String)> {
    let ports = list(99_000, |port| format!(r#""{port}":{SMALL}"#));
    let labels = list(199_000, |label| format!(r#""{label}":"""#));
    let history = list(16_384, |_| format!(r#"{{"author":"","x":{SMALL}}}"#));
    let shapes = [
        ("ports", 22, format!(r#""config":{{"ExposedPorts":{{{ports}}}}}"#)),
        ("labels", 16, format!(r#""config":{{"Labels":{{{labels}}}}}"#)),
        ("history", 28, format!(r#""history":[{history}]"#)),
    ];
    shapes.into_iter().map(|(shape, most, fields)| {
        let rootfs = r#""rootfs":{"type":"layers","diff_ids":[]}"#;
        let text = format!(r#"{{"architecture":"a","os":"b",{rootfs},{fields}}}"#);
        (shape, most, Kind::Config, text)
    })
}

fn unknown(values: &str) -> String {
    format!(r#""x":[{values}]"#)
}

/// The same document with a fault that only the last look finds.
fn spoilt(text: &str) -> String {
    text.replacen(r#""schemaVersion":2"#, r#""schemaVersion":3"#, 1)
        .replacen(r#""os":"b""#, r#""os":1"#, 1)
}

fn list(len: usize, item: impl Fn(usize) -> String) -> String {
    (0..len).map(item).collect::<Vec<_>>().join(",")
}

fn count<T>(operation: impl FnOnce() -> T) -> AllocationInfo {
    measure(|| drop(operation()))
}

fn parsed<T: DocumentType>(bytes: &[u8], media_type: MediaType) -> Document<T> {
    Document::parse(bytes, media_type).unwrap()
}

fn entry(number: u64) -> Descriptor {
    described(MediaType::IMAGE_MANIFEST, number)
        .with_platform("linux/amd64".parse().unwrap())
        .with_annotation(Annotations::REF_NAME, format!("v1.0.{number}"))
        .with_annotation(Annotations::CREATED, "2026-01-02T03:04:05Z")
}

fn layer(number: u64) -> Descriptor {
    described(MediaType::IMAGE_LAYER_GZIP, number)
}

fn described(media_type: MediaType, number: u64) -> Descriptor {
    Descriptor::new(media_type, Digest::sha256(&number.to_le_bytes()), 1_000 + number)
}

const BLOB: &str = r#"{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}"#;

const SMALL: &str = r#"{"a":0}"#;
