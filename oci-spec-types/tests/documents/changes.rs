//! What stays when documents are changed, and what layers and configuration say of each other.

use oci_spec_types::validate::image_findings;
use oci_spec_types::{
    Algorithm, AnyManifest, Architecture, Descriptor, Digest, Document, ImageConfig, ImageIndex, ImageManifest, Limits,
    MediaType, Os, ParseErrorKind as Kind, RootFs,
};
use serde_json::{Value, json};

use crate::support::{at, manifest, parse_manifest, refused};

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
