//! Properties of reading and writing documents.
#![expect(clippy::unwrap_used, reason = "tests")]

use oci_spec_types::{
    Annotations, AnyManifest, Architecture, Descriptor, Digest, Document, EmbeddedData, ExecutionConfig, Extra,
    History, ImageConfig, ImageIndex, ImageManifest, LayoutHeader, Limits, MediaType, Os, Platform, RootFs, Sanitized,
    User,
    distribution::{Catalog, ErrorList, TagList, TokenResponse},
    validate::{DocumentKind, Validate, validate_bytes},
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde_json::{Value, json};

proptest! {
    // A failure is printed as a whole, to be made a test of its own.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn manifests_are_read_as_they_were_written(manifest in manifest()) {
        let document = Document::from_value(manifest.clone()).unwrap();
        prop_assert_eq!(document.value(), &manifest);
        let received = Document::<ImageManifest>::parse(document.bytes(), document.media_type().clone()).unwrap();
        prop_assert_eq!(&received, &document);
        prop_assert_eq!(Document::from_value(received.into_value()).unwrap(), document.clone());
        prop_assert_eq!(validate_bytes(DocumentKind::Manifest, document.bytes()), manifest.findings());
    }

    #[test]
    fn indexes_are_read_as_they_were_written(index in index()) {
        let document = Document::from_value(index.clone()).unwrap();
        prop_assert_eq!(document.value(), &index);
        let received = Document::<AnyManifest>::parse(document.bytes(), document.media_type().clone()).unwrap();
        prop_assert_eq!(received.value().as_index(), Some(&index));
        prop_assert_eq!(validate_bytes(DocumentKind::Index, document.bytes()), index.findings());
    }

    #[test]
    fn configurations_are_read_as_they_were_written(config in config()) {
        let document = Document::from_value(config.clone()).unwrap();
        prop_assert_eq!(document.value(), &config);
        prop_assert_eq!(Document::from_value(document.value().clone()).unwrap(), document);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in vec(any::<u8>(), 0..200)) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_text_of_json_tokens_makes_a_reader_panic(tokens in vec(token(), 0..60)) {
        read_as_everything(tokens.concat().as_bytes());
    }

    #[test]
    fn no_cut_of_a_document_makes_a_reader_panic(manifest in manifest(), at in any::<prop::sample::Index>()) {
        let document = Document::from_value(manifest).unwrap();
        let cut = at.index(document.bytes().len());
        read_as_everything(&document.bytes()[..cut]);
        prop_assert!(Document::<ImageManifest>::parse(&document.bytes()[..cut], MediaType::IMAGE_MANIFEST).is_err());
    }

    #[test]
    fn c23_text_is_shown_on_one_line_and_within_the_limit(text in any::<String>(), max_len in 3..2000_usize) {
        let shown = Sanitized::new(&text).with_max_len(max_len).to_string();
        prop_assert!(shown.len() <= max_len);
        prop_assert!(!shown.contains(char::is_control));
    }

    #[test]
    fn c25_users_are_bounded(text in any::<String>()) {
        if let Ok(User::Id { uid, .. }) = text.parse() {
            prop_assert!(uid <= 2_147_483_647);
        }
    }

    #[test]
    fn c25_user_numbers_are_read_whole_or_not_at_all(uid in any::<u64>()) {
        let parsed = uid.to_string().parse::<User>();
        match u32::try_from(uid) {
            Ok(uid) if uid <= 2_147_483_647 => prop_assert_eq!(parsed, Ok(User::Id { uid, group: None })),
            _ => prop_assert!(parsed.is_err()),
        }
    }

    #[test]
    fn annotations_behave_as_a_map(entries in vec(("[a-c]{1,2}", "[a-z]?"), 0..20), removed in "[a-c]{1,2}") {
        let mut map = std::collections::BTreeMap::new();
        let mut annotations = Annotations::new();
        for (name, value) in &entries {
            prop_assert_eq!(annotations.insert(name, value), map.insert(name.clone(), value.clone()));
        }
        prop_assert_eq!(&entries.iter().cloned().collect::<Annotations>(), &annotations);
        prop_assert_eq!(annotations.remove(&removed), map.remove(&removed));
        prop_assert!(annotations.iter().eq(map.iter().map(|(name, value)| (name.as_str(), value.as_str()))));
        prop_assert_eq!(annotations.get("a"), map.get("a").map(String::as_str));
    }
}

fn read_as_everything(bytes: &[u8]) {
    let limits = Limits::new();
    let _ = Document::<AnyManifest>::parse_declared(bytes, &limits);
    let _ = Document::<AnyManifest>::parse(bytes, MediaType::IMAGE_MANIFEST);
    let _ = Document::<ImageConfig>::parse(bytes, MediaType::IMAGE_CONFIG);
    let _ = Document::<ImageIndex>::parse(bytes, MediaType::DOCKER_MANIFEST_LIST);
    let _ = Document::<LayoutHeader>::parse(bytes, MediaType::LAYOUT_HEADER);
    let _ = (
        Catalog::parse(bytes),
        ErrorList::parse(bytes),
        TagList::parse(bytes),
        TokenResponse::parse(bytes),
    );
    for kind in DocumentKind::ALL {
        for finding in validate_bytes(kind, bytes) {
            assert!(!finding.to_string().contains(char::is_control));
        }
    }
    if let Ok(text) = str::from_utf8(bytes) {
        let _ = text.parse::<Platform>();
    }
}

fn token() -> impl Strategy<Value = String> {
    let fixed = select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "null",
        "true",
        "-0",
        "1.5e3",
        "\"layers\":",
        "\"manifests\":",
        "\"config\":{",
        "\"schemaVersion\":2,",
        "\"size\":",
        "\"digest\":\"sha256:00\",",
        "\"mediaType\":\"a/b\",",
        "\"\\ud83d\\ude00\"",
        "\"errors\":[",
        "\"tags\":",
        "\"token\":\"x\"",
    ]);
    prop_oneof![
        fixed.prop_map(str::to_owned),
        any::<String>().prop_map(|text| json!(text).to_string())
    ]
}

fn media_type() -> impl Strategy<Value = MediaType> {
    "[a-z]{1,5}/[a-z][a-z.+-]{0,9}".prop_map(|text| text.parse().unwrap())
}

fn annotations() -> impl Strategy<Value = Annotations> {
    vec((any::<String>(), any::<String>()), 0..3).prop_map(Annotations::from_iter)
}

fn extra() -> impl Strategy<Value = Extra> {
    let value = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!({"a": [null, true, {"b": 1.5}]})),
    ];
    vec(("x-[a-zé\"]{1,5}", value), 0..3).prop_map(Extra::from_iter)
}

fn platform() -> impl Strategy<Value = Platform> {
    (
        any::<String>(),
        any::<String>(),
        option::of("v[0-9]"),
        vec(any::<String>(), 0..2),
        extra(),
    )
        .prop_map(|(os, architecture, variant, os_features, extra)| {
            let mut platform = Platform::new(os.into(), architecture.into());
            (platform.variant, platform.os_features, platform.extra) = (variant, os_features, extra);
            platform
        })
}

fn descriptor() -> impl Strategy<Value = Descriptor> {
    let own = (
        media_type(),
        any::<[u8; 4]>(),
        vec("https://[a-z]{1,5}", 0..2),
        annotations(),
    );
    (
        own,
        any::<bool>(),
        option::of(media_type()),
        option::of(platform()),
        extra(),
    )
        .prop_map(
            |((media_type, content, urls, annotations), embedded, artifact_type, platform, extra)| {
                let mut descriptor = Descriptor::of(media_type, &content);
                if embedded {
                    descriptor.data = Some(EmbeddedData::encode(&content));
                } else {
                    descriptor.digest = Digest::sha512(&content);
                }
                (descriptor.urls, descriptor.annotations, descriptor.extra) = (urls, annotations, extra);
                (descriptor.artifact_type, descriptor.platform) = (artifact_type, platform);
                descriptor
            },
        )
}

fn manifest() -> impl Strategy<Value = ImageManifest> {
    let parts = (descriptor(), vec(descriptor(), 0..3), option::of(descriptor()));
    (parts, option::of(media_type()), annotations(), extra()).prop_map(
        |((config, layers, subject), artifact_type, annotations, extra)| {
            let mut manifest = ImageManifest::new(config, layers);
            (manifest.subject, manifest.artifact_type) = (subject, artifact_type);
            (manifest.annotations, manifest.extra) = (annotations, extra);
            manifest
        },
    )
}

fn index() -> impl Strategy<Value = ImageIndex> {
    (
        vec(descriptor(), 0..4),
        option::of(descriptor()),
        annotations(),
        extra(),
    )
        .prop_map(|(manifests, subject, annotations, extra)| {
            let mut index = ImageIndex::new(manifests);
            (index.subject, index.annotations, index.extra) = (subject, annotations, extra);
            index
        })
}

fn config() -> impl Strategy<Value = ImageConfig> {
    let execution = (
        option::of(any::<String>()),
        vec(any::<String>(), 0..2),
        option::of(vec(any::<String>(), 0..2)),
        extra(),
    );
    let execution = execution.prop_map(|(user, env, cmd, extra)| {
        let mut execution = ExecutionConfig::default();
        (execution.user, execution.env, execution.cmd) = (user, env, cmd);
        execution.exposed_ports.insert("80/tcp".to_owned(), extra);
        execution
    });
    (
        option::of(execution),
        vec(any::<[u8; 2]>(), 0..3),
        option::of(any::<String>()),
        extra(),
    )
        .prop_map(|(execution, layers, created, extra)| {
            let diff_ids = layers.iter().map(|layer| Digest::sha256(layer)).collect();
            let mut config = ImageConfig::new(Os::LINUX, Architecture::RISCV64, RootFs::new(diff_ids));
            config.history = vec![History::default(); layers.len()];
            (config.config, config.created, config.extra) = (execution, created, extra);
            config
        })
}
