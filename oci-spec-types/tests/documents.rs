//! Hostile and odd documents: what is refused, as what and where, and what is read. Named by the ids of our threat list.
#![expect(clippy::unwrap_used, reason = "tests")]

use oci_spec_types::{
    Algorithm, AnyManifest, Architecture, Descriptor, Digest, Document, DocumentType, EmbeddedData, ImageConfig,
    ImageIndex, ImageManifest, LayoutHeader, Limits, MediaType, Os, ParseError, ParseErrorKind as Kind, RootFs,
    validate::{Severity, Validate, image_findings},
};
use serde_json::{Value, json};

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

fn descriptor_of(media_type: &str, content: &[u8]) -> Value {
    json!({"mediaType": media_type, "digest": Digest::sha256(content).to_string(), "size": content.len()})
}

fn manifest() -> Value {
    json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": descriptor_of("application/vnd.oci.image.config.v1+json", b"config"),
        "layers": [descriptor_of("application/vnd.oci.image.layer.v1.tar", b"layer")],
    })
}

fn index() -> Value {
    json!({"schemaVersion": 2, "manifests": [descriptor_of(MANIFEST, b"manifest")]})
}

fn parse_manifest(text: &str) -> Result<Document<ImageManifest>, ParseError> {
    Document::parse(text.as_bytes(), MediaType::IMAGE_MANIFEST)
}

fn refused<T: DocumentType + std::fmt::Debug>(text: &str, media_type: MediaType) -> (Kind, Option<String>) {
    let error = Document::<T>::parse(text.as_bytes(), media_type).unwrap_err();
    if let (Some(offset), Some(_)) = (error.offset(), error.path()) {
        assert!(offset < text.len(), "{error}");
    }
    (error.kind(), error.path().map(str::to_owned))
}

fn refused_manifest(text: &str) -> (Kind, Option<String>) {
    refused::<ImageManifest>(text, MediaType::IMAGE_MANIFEST)
}

fn at(kind: Kind, path: &str) -> (Kind, Option<String>) {
    (kind, Some(path.to_owned()))
}

/// The valid manifest with the size of its layer replaced by `size`.
fn with_size(size: &str) -> String {
    manifest()
        .to_string()
        .replace(r#""size":5"#, &format!(r#""size":{size}"#))
}

#[test]
fn c08_sizes() {
    for size in [
        "-1",
        "-0",
        "5.0",
        "5e0",
        r#""5""#,
        "true",
        "[5]",
        "0",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "1e400",
    ] {
        let (kind, path) = refused_manifest(&with_size(size));
        match size {
            "1e400" => assert_eq!(kind, Kind::NumberRange),
            _ => assert_eq!((kind, path), at(Kind::InvalidSize, "$.layers[0].size"), "{size}"),
        }
    }
    for size in ["1", "4611686018427387904", "9223372036854775807"] {
        let document = parse_manifest(&with_size(size)).unwrap();
        assert_eq!(document.value().layers[0].size.to_string(), size);
    }
    assert_eq!(
        refused_manifest(&with_size("null")),
        at(Kind::MissingField, "$.layers[0].size")
    );
}

#[test]
fn c08_size_0_is_of_empty_content_alone() {
    let layer = |digest: &str, size: u64| {
        let mut manifest = manifest();
        manifest["layers"] = json!([{"mediaType": "a/b", "digest": digest, "size": size}]);
        parse_manifest(&manifest.to_string())
            .map(|_| ())
            .map_err(|error| error.kind())
    };
    let empty = [Digest::sha256(b""), Digest::sha512(b"")];
    for digest in empty.map(|digest| digest.to_string()) {
        assert_eq!(layer(&digest, 0), Ok(()));
        assert_eq!(layer(&digest, 1), Err(Kind::InvalidSize));
    }
    // Of an algorithm that cannot be computed, nothing can be said.
    assert_eq!(layer("sha384:00", 0), Ok(()));
}

#[test]
fn c09_digests_are_parsed_as_the_document_is_read() {
    for digest in [
        "",
        "sha256",
        "sha256:",
        ":00",
        "sha256:00",
        "sha256:../../../../v2/other/blobs/sha256:00",
        "../sha256:00",
        "sha256:%2f",
        "sha256:00\u{0}",
        "sha256+b64u:a/b",
        "SHA256:00",
    ] {
        let mut manifest = manifest();
        manifest["layers"][0]["digest"] = json!(digest);
        assert_eq!(
            refused_manifest(&manifest.to_string()),
            at(Kind::InvalidDigest, "$.layers[0].digest"),
            "{digest}"
        );
    }
    let upper = Digest::sha256(b"layer")
        .to_string()
        .to_ascii_uppercase()
        .replace("SHA", "sha");
    let mut document = manifest();
    document["layers"][0]["digest"] = json!(upper);
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::InvalidDigest, "$.layers[0].digest")
    );
    document["layers"][0].as_object_mut().unwrap().remove("digest");
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::MissingField, "$.layers[0].digest")
    );

    document["layers"][0]["digest"] = json!("sha256+b64u:LCa0a2j_xo");
    let document = parse_manifest(&document.to_string()).unwrap();
    assert!(!document.value().layers[0].digest.is_verifiable());
}

#[test]
fn c10_manifest_and_index_at_once() {
    let (mut both, mut only_entries, mut with_config) = (manifest(), index(), index());
    both["manifests"] = json!([]);
    only_entries["layers"] = json!([]);
    with_config["config"] = Value::Null;
    for text in [both, only_entries, with_config].map(|document| document.to_string()) {
        assert_eq!(refused_manifest(&text).0, Kind::Ambiguous);
        assert_eq!(refused::<ImageIndex>(&text, MediaType::IMAGE_INDEX).0, Kind::Ambiguous);
        assert_eq!(
            refused::<AnyManifest>(&text, MediaType::DOCKER_MANIFEST).0,
            Kind::Ambiguous
        );
        assert_eq!(
            refused::<AnyManifest>(&text, MediaType::DOCKER_MANIFEST_LIST).0,
            Kind::Ambiguous
        );
    }
    // One as the other lacks what it needs.
    assert_eq!(
        refused_manifest(&index().to_string()),
        at(Kind::MissingField, "$.config")
    );
    let text = manifest()
        .to_string()
        .replace(MANIFEST, MediaType::IMAGE_INDEX.as_str());
    assert_eq!(
        refused::<ImageIndex>(&text, MediaType::IMAGE_INDEX),
        at(Kind::MissingField, "$.manifests")
    );
}

#[test]
fn c11_media_type_inside_and_outside() {
    let types = [
        MediaType::IMAGE_MANIFEST,
        MediaType::DOCKER_MANIFEST,
        MediaType::IMAGE_INDEX,
        MediaType::DOCKER_MANIFEST_LIST,
        MediaType::JSON,
        "text/html".parse().unwrap(),
    ];
    for inside in &types {
        for outside in &types {
            let mut document = if outside.is_index() { index() } else { manifest() };
            document["mediaType"] = json!(inside);
            let result = Document::<AnyManifest>::parse(document.to_string().as_bytes(), outside.clone());
            let kind = result
                .map(|document| document.media_type().clone())
                .map_err(|error| error.kind());
            let expected = match (outside.is_manifest(), inside == outside) {
                (false, _) => Err(Kind::UnsupportedMediaType),
                (true, false) => Err(Kind::MediaTypeMismatch),
                (true, true) => Ok(outside.clone()),
            };
            assert_eq!(kind, expected, "{inside} as {outside}");
        }
    }
    let mut upper = manifest();
    upper["mediaType"] = json!(MANIFEST.to_uppercase());
    assert!(parse_manifest(&upper.to_string()).is_ok());
    upper["mediaType"] = json!(format!("{MANIFEST}; charset=utf-8"));
    assert_eq!(
        refused_manifest(&upper.to_string()),
        at(Kind::InvalidMediaType, "$.mediaType")
    );
}

#[test]
fn c11_without_a_content_type_the_document_must_say_what_it_is() {
    let limits = Limits::new();
    let declared = |document: &Value| {
        Document::<AnyManifest>::parse_declared(document.to_string().as_bytes(), &limits)
            .map(|document| document.media_type().clone())
            .map_err(|error| error.kind())
    };
    assert_eq!(declared(&manifest()), Ok(MediaType::IMAGE_MANIFEST));
    assert_eq!(declared(&index()), Err(Kind::MissingField));
    let mut document = index();
    for (media_type, expected) in [
        (
            json!(MediaType::DOCKER_MANIFEST_LIST),
            Ok(MediaType::DOCKER_MANIFEST_LIST),
        ),
        (json!(MANIFEST), Err(Kind::MissingField)),
        (json!(MediaType::DOCKER_SCHEMA1), Err(Kind::UnsupportedMediaType)),
        (json!("text/html"), Err(Kind::UnsupportedMediaType)),
        (json!("nonsense"), Err(Kind::InvalidMediaType)),
        (json!(""), Err(Kind::MissingField)),
        (json!(null), Err(Kind::MissingField)),
        (json!(5), Err(Kind::WrongType)),
    ] {
        document["mediaType"] = media_type;
        assert_eq!(declared(&document), expected, "{document}");
    }
}

#[test]
fn c11_another_content_type_is_a_warning_where_the_digest_matches() {
    let text = manifest().to_string();
    let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, text.as_bytes());
    let document = Document::<ImageManifest>::parse_verified(text.as_bytes(), &descriptor, &Limits::new()).unwrap();
    assert_eq!(document.media_type_conflict(&MediaType::IMAGE_MANIFEST), None);
    let conflict = document.media_type_conflict(&MediaType::OCTET_STREAM).unwrap();
    assert_eq!(
        (conflict.expected(), conflict.received()),
        (&MediaType::IMAGE_MANIFEST, &MediaType::OCTET_STREAM)
    );
}

#[test]
fn c12_duplicate_names() {
    let text = manifest().to_string();
    for (name, path) in [
        (r#""layers":[]"#, "$.layers"),
        (r#""config":{}"#, "$.config"),
        (r#""mediaType":"x/y""#, "$.mediaType"),
        (r#""\u006cayers":[]"#, "$.layers"),
        (r#""annotations":{"a":"","a":""}"#, "$.annotations.a"),
        (r#""unknown":[{"a":{"b":0,"b":0}}]"#, "$.unknown[0].a.b"),
    ] {
        let text = text.replacen('{', &format!("{{{name},"), 1);
        assert_eq!(refused_manifest(&text), at(Kind::DuplicateName, path), "{name}");
    }
    let text = text.replace(r#""size":5"#, r#""size":5,"digest":"x""#);
    assert_eq!(refused_manifest(&text), at(Kind::DuplicateName, "$.layers[0].digest"));
    let plain = serde_json::from_str::<ImageManifest>(&text.replace("\"digest\":\"x\"", "\"size\":6"));
    assert!(plain.unwrap_err().to_string().contains("duplicate"));
}

#[test]
fn c13_names_that_differ_in_case() {
    let mut upper = manifest();
    upper["LAYERS"] = json!([descriptor_of("a/b", b"another")]);
    assert_eq!(refused_manifest(&upper.to_string()), at(Kind::FoldedName, "$.LAYERS"));
    let mut inside = manifest();
    inside["layers"][0]["Digest"] = json!("x");
    assert_eq!(
        refused_manifest(&inside.to_string()),
        at(Kind::FoldedName, "$.layers[0].Digest")
    );
    let mut kelvin = manifest();
    kelvin["layer\u{17f}"] = json!([]);
    assert_eq!(
        refused_manifest(&kelvin.to_string()),
        at(Kind::FoldedName, r#"$["layerſ"]"#)
    );
    let mut unrelated = manifest();
    unrelated["annotations"] = json!({"com.example.A": "", "com.example.a": ""});
    unrelated["x"] = json!({"LAYERS": 1});
    assert!(parse_manifest(&unrelated.to_string()).is_ok());
}

#[test]
fn c14_bytes_around_and_inside() {
    let text = manifest().to_string();
    for (bytes, kind) in [
        (format!("{text} x"), Kind::TrailingData),
        (format!("{text}{text}"), Kind::TrailingData),
        (format!("\u{feff}{text}"), Kind::ByteOrderMark),
        (text.replace("5}", "NaN}"), Kind::Syntax),
        (text.replacen('{', "{/* no */", 1), Kind::Syntax),
        (text.replacen('{', "{\"x\":\"\\ud800\",", 1), Kind::LoneSurrogate),
        (text.replacen('{', "{\"x\":\"\u{0}\",", 1), Kind::Syntax),
    ] {
        assert_eq!(refused_manifest(&bytes).0, kind, "{bytes}");
    }
    let mut bytes = text.clone().into_bytes();
    bytes.splice(1..1, *b"\"x\":\"\xc3\x28\",");
    let error = Document::<ImageManifest>::parse(bytes, MediaType::IMAGE_MANIFEST).unwrap_err();
    assert_eq!((error.kind(), error.offset()), (Kind::NotUtf8, Some(6)));

    let spaced = format!("\n\t {text}\r\n ");
    let document = parse_manifest(&spaced).unwrap();
    assert_eq!(document.bytes(), spaced.as_bytes());
    assert_eq!(document.digest(), &Digest::sha256(spaced.as_bytes()));
}

#[test]
fn c14_null_and_missing_fields() {
    let mut document = manifest();
    for name in ["mediaType", "artifactType", "subject", "annotations"] {
        document[name] = Value::Null;
    }
    for name in ["urls", "annotations", "data", "artifactType", "platform"] {
        document["layers"][0][name] = Value::Null;
    }
    let nulls = parse_manifest(&document.to_string()).unwrap();
    assert_eq!(nulls.value().media_type, None);
    assert_eq!(nulls.value().layers[0].data, None);
    let written = Document::from_value(nulls.into_value()).unwrap();
    assert!(!String::from_utf8_lossy(written.bytes()).contains("null"));

    document["layers"] = Value::Null;
    assert_eq!(parse_manifest(&document.to_string()).unwrap().value().layers, []);
    document["layers"] = json!([]);
    assert_eq!(parse_manifest(&document.to_string()).unwrap().value().layers, []);
    document.as_object_mut().unwrap().remove("layers");
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::MissingField, "$.layers")
    );
}

#[test]
fn c15_nesting_is_refused_on_a_small_stack() {
    let run = || {
        for open in ["[", r#"{"a":"#, r#"[{"a":"#] {
            let text = format!(r#"{{"schemaVersion":2,"x":{}"#, open.repeat(200_000));
            assert_eq!(refused_manifest(&text).0, Kind::TooDeep);
            assert_eq!(refused::<ImageConfig>(&text, MediaType::IMAGE_CONFIG).0, Kind::TooDeep);
        }
        let deepest = Limits::new().with_depth(usize::MAX);
        let nested = "[".repeat(Limits::MAX_DEPTH - 1) + &"]".repeat(Limits::MAX_DEPTH - 1);
        let text = manifest().to_string().replacen('{', &format!("{{\"x\":{nested},"), 1);
        let document = Document::<ImageManifest>::parse_with(text.as_bytes(), MediaType::IMAGE_MANIFEST, &deepest);
        assert_eq!(
            Document::from_value(document.unwrap().into_value()).unwrap_err().kind(),
            Kind::TooDeep
        );
    };
    std::thread::Builder::new()
        .stack_size(512 * 1024)
        .spawn(run)
        .unwrap()
        .join()
        .unwrap();
}

#[test]
fn c16_documents_are_limited_in_size() {
    let padded = |len: usize| {
        let text = manifest().to_string();
        format!("{text}{}", " ".repeat(len - text.len()))
    };
    assert!(parse_manifest(&padded(Limits::DOCUMENT_BYTES)).is_ok());
    assert_eq!(
        refused_manifest(&padded(Limits::DOCUMENT_BYTES + 1)),
        (Kind::TooLarge, None)
    );
    let small = Limits::new().with_document_bytes(10);
    let error = Document::<ImageManifest>::parse_with(padded(1000).as_bytes(), MediaType::IMAGE_MANIFEST, &small);
    assert_eq!(error.unwrap_err().kind(), Kind::TooLarge);
    // Nothing that is too large is hashed.
    let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, b"another");
    let error = Document::<ImageManifest>::parse_verified(padded(1000).as_bytes(), &descriptor, &small);
    assert_eq!(error.unwrap_err().kind(), Kind::TooLarge);
}

#[test]
fn c18_entries_are_limited_in_number() {
    let mut document = manifest();
    let layer = document["layers"][0].clone();
    document["layers"] = vec![layer.clone(); Limits::LAYERS].into();
    assert_eq!(
        parse_manifest(&document.to_string()).unwrap().value().layers.len(),
        Limits::LAYERS
    );
    document["layers"] = vec![layer; Limits::LAYERS + 1].into();
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::TooManyEntries, "$.layers")
    );

    let mut document = index();
    let entry = document["manifests"][0].clone();
    document["manifests"] = vec![entry.clone(); Limits::INDEX_ENTRIES].into();
    assert!(Document::<ImageIndex>::parse(document.to_string().as_bytes(), MediaType::IMAGE_INDEX).is_ok());
    document["manifests"] = vec![entry; Limits::INDEX_ENTRIES + 1].into();
    assert_eq!(
        refused::<ImageIndex>(&document.to_string(), MediaType::IMAGE_INDEX),
        at(Kind::TooManyEntries, "$.manifests")
    );
}

#[test]
fn c15_values_are_limited_in_number_beyond_the_richest_documents() {
    let digest = Digest::sha256(b"content");
    let annotations = |count: usize| -> serde_json::Map<String, serde_json::Value> {
        (0..count)
            .map(|n| (format!("org.example.name{n}"), json!("value")))
            .collect()
    };
    let entry = json!({
        "mediaType": MediaType::IMAGE_MANIFEST, "digest": digest, "size": 1234,
        "platform": {"architecture": "arm64", "os": "linux", "variant": "v8"},
        "annotations": annotations(5),
    });
    let index = json!({"schemaVersion": 2, "manifests": vec![entry; Limits::INDEX_ENTRIES]}).to_string();
    let layer = json!({
        "mediaType": MediaType::IMAGE_LAYER_GZIP, "digest": digest, "size": 1234, "annotations": annotations(25),
    });
    let config = json!({"mediaType": MediaType::IMAGE_CONFIG, "digest": digest, "size": 7});
    let manifest = json!({"schemaVersion": 2, "config": config, "layers": vec![layer; Limits::LAYERS]}).to_string();
    for text in [&index, &manifest] {
        let share = text.len() * 100 / Limits::DOCUMENT_BYTES;
        assert!((85..=100).contains(&share), "{share} %");
    }
    assert!(Document::<ImageIndex>::parse(index.as_bytes(), MediaType::IMAGE_INDEX).is_ok());
    assert!(parse_manifest(&manifest).is_ok());

    let objects = vec![r#"{"":0}"#; Limits::VALUES / 2].join(",");
    let text = self::manifest()
        .to_string()
        .replacen('{', &format!(r#"{{"com.example":[{objects}],"#), 1);
    assert_eq!(refused_manifest(&text), (Kind::TooManyValues, None));
}

#[test]
fn c20_embedded_data_is_verified() {
    let descriptor = Descriptor::of(MediaType::JSON, b"content");
    let with = |data: &str| {
        let mut value = serde_json::to_value(&descriptor).unwrap();
        value["data"] = json!(data);
        serde_json::from_value::<Descriptor>(value).unwrap()
    };
    assert_eq!(
        with("Y29udGVudA==").embedded_content().unwrap().as_deref(),
        Some(&b"content"[..])
    );
    for wrong in [
        "",
        "e30=",
        "Q29udGVudA==",
        "Y29udGVudHM=",
        "Y29udGVudA",
        "Y29udGVudA=",
        "!",
        "Y29u dGVudA==",
    ] {
        assert!(with(wrong).embedded_content().is_err(), "{wrong}");
    }
    let mut large = descriptor.clone();
    large.data = Some(EmbeddedData::encode(&vec![0; 10 << 20]));
    assert!(large.embedded_content().is_err());
    let opaque: Descriptor =
        serde_json::from_value(json!({"mediaType": "a/b", "digest": "sha384:00", "size": 7, "data": "Y29udGVudA=="}))
            .unwrap();
    assert!(opaque.embedded_content().is_err());
    assert_eq!(descriptor.embedded_content(), Ok(None));
}

#[test]
fn c21_schema_versions() {
    for version in ["1", "3", "\"2\"", "2.0", "-2", "0", "[2]", "20000000000000000000000"] {
        let text = manifest()
            .to_string()
            .replace(r#""schemaVersion":2"#, &format!(r#""schemaVersion":{version}"#));
        assert_eq!(
            refused_manifest(&text),
            at(Kind::UnsupportedSchemaVersion, "$.schemaVersion"),
            "{version}"
        );
    }
    let mut document = manifest();
    document["schemaVersion"] = Value::Null;
    assert_eq!(
        refused_manifest(&document.to_string()),
        at(Kind::MissingField, "$.schemaVersion")
    );
    let schema1 = r#"{"schemaVersion":1,"name":"x","tag":"y","architecture":"amd64","fsLayers":[],"history":[]}"#;
    assert_eq!(
        refused_manifest(schema1),
        at(Kind::UnsupportedSchemaVersion, "$.schemaVersion")
    );
    let error = Document::<AnyManifest>::parse(schema1.as_bytes(), MediaType::DOCKER_SCHEMA1_SIGNED).unwrap_err();
    assert_eq!(error.kind(), Kind::UnsupportedMediaType);
    assert!(error.to_string().contains("schema 1 is obsolete"), "{error}");
}

#[test]
fn c23_errors_show_no_control_characters() {
    let hostile = "\u{1b}]0;x\u{7}\r\n\u{202e}";
    let mut named = manifest();
    named["annotations"] = json!({ hostile: 1 });
    let mut typed = manifest();
    typed["layers"][0]["digest"] = json!(hostile);
    let mut declared = manifest();
    declared["mediaType"] = json!(hostile);
    let twice = format!(r#"{{{0}:1,{0}:2}}"#, json!(hostile));
    for text in [
        named.to_string(),
        typed.to_string(),
        declared.to_string(),
        twice,
        hostile.to_owned(),
    ] {
        let error = parse_manifest(&text).unwrap_err();
        for shown in [
            error.to_string(),
            error.path().unwrap_or_default().to_owned(),
            error.message().to_owned(),
        ] {
            assert!(
                !shown.contains(|c: char| c.is_control() || c == '\u{202e}'),
                "{shown:?}"
            );
            assert!(shown.len() < 2048);
        }
    }
}

#[test]
fn c26_layers_and_their_configuration() {
    let config = |count: usize| {
        let diff_ids = (0..count)
            .map(|layer| Digest::sha256(&[u8::try_from(layer).unwrap()]))
            .collect();
        ImageConfig::new(Os::LINUX, Architecture::AMD64, RootFs::new(diff_ids))
    };
    let manifest = |count: usize| ImageManifest::new(Descriptor::empty(), vec![Descriptor::empty(); count]);
    for (layers, diff_ids) in [(0, 0), (1, 1), (3, 3), (0, 1), (1, 0), (2, 3)] {
        let (manifest, config) = (manifest(layers), config(diff_ids));
        let pairs = config.layers_of(&manifest).map(|pairs| pairs.len());
        let error = pairs.map_err(|error| (error.layers(), error.diff_ids()));
        assert_eq!(
            error,
            if layers == diff_ids {
                Ok(layers)
            } else {
                Err((layers, diff_ids))
            }
        );
        assert_eq!(
            image_findings(&manifest, &config).len(),
            usize::from(layers != diff_ids)
        );
    }
    // Images without layers are written without diff_ids.
    let scratch = r#"{"architecture":"amd64","os":"linux","rootfs":{"type":"layers"},"config":null,"history":null}"#;
    let document = Document::<ImageConfig>::parse(scratch.as_bytes(), MediaType::DOCKER_CONFIG).unwrap();
    assert_eq!(document.value().rootfs.diff_ids, []);
    assert_eq!(document.value().rootfs.chain_id(), None);
    let text = scratch.replace(r#""type":"layers""#, r#""type":"layers","diff_ids":["sha256:00"]"#);
    assert_eq!(
        refused::<ImageConfig>(&text, MediaType::IMAGE_CONFIG),
        at(Kind::InvalidDigest, "$.rootfs.diff_ids[0]")
    );
}

#[test]
fn a_document_has_the_bytes_that_were_received() {
    let text = format!(" {}\n", manifest());
    let descriptor = Descriptor::of(MediaType::IMAGE_MANIFEST, text.as_bytes());
    let document = Document::<ImageManifest>::parse_verified(text.as_bytes(), &descriptor, &Limits::new()).unwrap();
    assert_eq!(document.bytes(), text.as_bytes());
    assert_eq!(document.descriptor(), descriptor);
    assert_eq!(&*document.shared_bytes(), text.as_bytes());

    let sha512 = document.with_algorithm(&Algorithm::SHA512).unwrap();
    assert_eq!(sha512.digest(), &Digest::sha512(text.as_bytes()));
    let again = Document::<ImageManifest>::parse_verified(sha512.bytes(), &sha512.descriptor(), &Limits::new());
    assert_eq!(again.unwrap(), sha512);
    assert!(sha512.with_algorithm(&"md5".parse().unwrap()).is_err());
}

#[test]
fn what_the_descriptor_does_not_name_is_not_read() {
    let text = manifest().to_string();
    let named = Descriptor::of(MediaType::IMAGE_MANIFEST, text.as_bytes());
    let read = |bytes: &[u8], descriptor: &Descriptor| {
        let result = Document::<ImageManifest>::parse_verified(bytes, descriptor, &Limits::new());
        result.map(|_| ()).map_err(|error| error.kind())
    };
    assert_eq!(read(text.as_bytes(), &named), Ok(()));
    assert_eq!(read(text.replace("linux", "Linux").as_bytes(), &named), Ok(()));
    assert_eq!(
        read(text.replace('5', "6").as_bytes(), &named),
        Err(Kind::ContentMismatch)
    );
    assert_eq!(read(format!("{text} ").as_bytes(), &named), Err(Kind::ContentMismatch));
    assert_eq!(read(b"not JSON", &named), Err(Kind::ContentMismatch));
    let opaque = Descriptor::new(MediaType::IMAGE_MANIFEST, "sha384:00".parse().unwrap(), named.size);
    assert_eq!(read(text.as_bytes(), &opaque), Err(Kind::ContentMismatch));
    let blob = Descriptor::new(MediaType::OCTET_STREAM, named.digest, named.size);
    assert_eq!(read(text.as_bytes(), &blob), Err(Kind::UnsupportedMediaType));
}

#[test]
fn unknown_fields_survive_a_change() {
    let mut text = manifest();
    text["com.example.new"] = json!({"nested": [1, 2.5, null, "x"]});
    text["layers"][0]["com.example.layer"] = json!(true);
    text["layers"][0]["platform"] = json!({"architecture": "arm", "os": "linux", "features": ["x"]});
    let mut value = parse_manifest(&text.to_string()).unwrap().into_value();
    value.annotations.insert("com.example.changed", "yes");
    let changed = Document::from_value(value).unwrap();
    text["annotations"] = json!({"com.example.changed": "yes"});
    assert_eq!(serde_json::from_slice::<Value>(changed.bytes()).unwrap(), text);
}

#[test]
fn fields_of_docker_survive_a_change() {
    let text = json!({
        "architecture": "amd64", "os": "linux", "container": "x", "docker_version": "1", "id": "y",
        "config": {
            "Cmd": null, "Entrypoint": [], "Env": ["A=b"], "ExposedPorts": {"80/tcp": {}}, "Labels": null,
            "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1}, "OnBuild": ["RUN x"], "Shell": ["/bin/sh"],
            "Memory": 1, "MemorySwap": 2, "CpuShares": 3, "Hostname": "", "Volumes": {"/v": {}},
        },
        "rootfs": {"type": "layers", "diff_ids": []},
    });
    let document = Document::<ImageConfig>::parse(text.to_string().as_bytes(), MediaType::DOCKER_CONFIG).unwrap();
    let execution = document.value().config.as_ref().unwrap();
    assert_eq!(
        (execution.cmd.as_ref(), execution.entrypoint.as_deref()),
        (None, Some(&[][..]))
    );
    let mut expected = text.clone();
    for null in ["Cmd", "Labels"] {
        expected["config"].as_object_mut().unwrap().remove(null);
    }
    let written = Document::from_value(document.into_value()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(written.bytes()).unwrap(), expected);
}

#[test]
fn known_names_among_the_unknown_fields_are_not_written_twice() {
    let mut manifest = ImageManifest::new(Descriptor::empty(), vec![]).with_artifact_type(MediaType::JSON);
    manifest.extra.insert("layers", json!(["x"]));
    let document = Document::from_value(manifest).unwrap();
    assert!(document.value().extra.is_empty());
}

#[test]
fn values_that_no_one_could_read_are_not_written() {
    let mut manifest = ImageManifest::new(Descriptor::empty(), vec![]);
    manifest.config.size = u64::MAX;
    assert_eq!(
        Document::from_value(manifest.clone()).unwrap_err().kind(),
        Kind::InvalidSize
    );
    manifest.config = Descriptor::empty();
    manifest.extra.insert("manifests", json!([]));
    assert_eq!(
        Document::from_value(manifest.clone()).unwrap_err().kind(),
        Kind::Ambiguous
    );
    manifest.extra.remove("manifests");
    manifest.media_type = Some(MediaType::IMAGE_INDEX);
    assert_eq!(
        Document::from_value(manifest).unwrap_err().kind(),
        Kind::UnsupportedMediaType
    );
}

#[test]
fn an_index_keeps_referrers() {
    let manifest = ImageManifest::artifact(MediaType::JSON, vec![]).with_annotation("com.example.a", "b");
    let document: Document<AnyManifest> = Document::from_value(manifest.clone()).unwrap().into();
    let entry = document.referrer();
    assert_eq!(entry.artifact_type, Some(MediaType::JSON));
    assert_eq!(entry.annotations.get("com.example.a"), Some("b"));
    assert_eq!(
        (&entry.digest, entry.size),
        (document.digest(), document.bytes().len() as u64)
    );

    let mut untyped = manifest;
    untyped.artifact_type = None;
    let untyped: Document<AnyManifest> = Document::from_value(untyped).unwrap().into();
    assert_eq!(untyped.referrer().artifact_type, Some(MediaType::EMPTY_JSON));
    let nested: Document<AnyManifest> = Document::from_value(ImageIndex::new(vec![])).unwrap().into();
    assert_eq!(nested.referrer().artifact_type, None);

    let mut index = ImageIndex::new(vec![]);
    assert!(index.upsert(entry.clone()));
    assert!(!index.upsert(entry.clone()));
    assert!(index.upsert(untyped.referrer()));
    assert!(index.upsert(entry.clone().with_annotation("com.example.c", "d")));
    assert_eq!(index.manifests.len(), 2);
    assert_eq!(index.entries_of_type(&MediaType::JSON).count(), 1);
    assert!(index.remove(&entry.digest));
    assert!(!index.remove(&entry.digest));
    assert_eq!(index.manifests, [untyped.referrer()]);
}

#[test]
fn documents_of_any_type_become_documents_of_one() {
    let image: Document<AnyManifest> =
        Document::parse(manifest().to_string().as_bytes(), MediaType::IMAGE_MANIFEST).unwrap();
    assert_eq!(image.value().children().count(), 2);
    let image = Document::<ImageIndex>::try_from(image).unwrap_err();
    assert_eq!(
        Document::<ImageManifest>::try_from(image.clone()).unwrap().bytes(),
        image.bytes()
    );
    let index: Document<AnyManifest> = Document::parse(index().to_string().as_bytes(), MediaType::IMAGE_INDEX).unwrap();
    assert_eq!(index.value().children().count(), 1);
    let index = Document::<ImageManifest>::try_from(index).unwrap_err();
    assert_eq!(
        Document::<ImageIndex>::try_from(index.clone()).unwrap().digest(),
        index.digest()
    );
}

#[test]
fn layout_headers() {
    let read = |text: &str| Document::<LayoutHeader>::parse(text.as_bytes(), MediaType::LAYOUT_HEADER);
    assert!(
        read(r#"{"imageLayoutVersion":"1.0.0","more":1}"#)
            .unwrap()
            .value()
            .is_supported()
    );
    let newer = read(r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    assert!(!newer.value().is_supported());
    assert_eq!(newer.findings()[0].severity(), Severity::Error);
    assert_eq!(read("{}").unwrap_err().kind(), Kind::MissingField);
    assert_eq!(read("[]").unwrap_err().kind(), Kind::WrongType);
}
