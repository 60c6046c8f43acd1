use std::sync::mpsc;

use http::StatusCode;
use oci_registry::Limits;
use oci_registry::storage::KeptKind;
use oci_spec_types::{Algorithm, Descriptor, Digest, ImageIndex, ImageManifest, MediaType};

use crate::fixture::{Fixture, image, json, on_every_storage};
use crate::intercepted::Step;

on_every_storage!(
    rm1_nested_indexes_of_both_algorithms,
    rm1_unknown_fields,
    rm2_rm3_a_manifest_by_sha512,
    rm3_s09_a_wrong_digest,
    rm6_missing_references_are_taken_if_that_is_wanted,
    rm6_non_distributable_layers_may_be_missing,
    rm6_repeated_references_are_looked_for_once,
    rm6_s09_missing_references,
    rm7_s09_four_mebibytes_are_taken_and_one_byte_more_is_not,
    rm8_tag_parameters,
    rm8_too_many_tag_parameters,
    rr3_a_referrer_by_sha512,
    s02_tags_outside_the_grammar,
    s09_bodies_that_are_no_manifest,
    s09_s20_content_types_that_are_no_manifest,
);

fn rm3_s09_a_wrong_digest(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let content = json(&image("one"));
    let named = Digest::sha256(b"other").to_string();
    for reference in [
        named.as_str(),
        "sha256:baddigeststring",
        "md5:d41d8cd98f00b204e9800998ecf8427e",
    ] {
        let put = fixture.push_manifest("a", reference, &MediaType::IMAGE_MANIFEST, &content);
        put.expect_error(StatusCode::BAD_REQUEST, "DIGEST_INVALID");
    }
    for digest in [&named, &Digest::sha256(&content).to_string()] {
        fixture
            .get(format!("/v2/a/manifests/{digest}"))
            .send()
            .expect(StatusCode::NOT_FOUND);
    }
}

fn s02_tags_outside_the_grammar(fixture: &Fixture) {
    let long = "a".repeat(129);
    for reference in [".tag", "-tag", "ta%20g", "ta+g", &long, ""] {
        let put = fixture.push_manifest("a", reference, &MediaType::IMAGE_MANIFEST, &json(&image("one")));
        put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
    }
}

fn s09_bodies_that_are_no_manifest(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let config = r#"{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,
        "digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}"#;
    let bodies = [
        String::new(),
        "nonsense".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        format!(r#"{{"schemaVersion":1,"config":{config},"layers":[]}}"#),
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[]}} trailing"#),
        format!(r#"{{"schemaVersion":2,"config":{config},"config":{config},"layers":[]}}"#),
        format!(r#"{{"schemaVersion":2,"config":{config},"layers":[],"manifests":[]}}"#),
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{}","config":{config},"layers":[]}}"#,
            MediaType::IMAGE_INDEX
        ),
        format!(
            r#"{{"schemaVersion":2,"config":{config},"layers":[],"x":{}{}}}"#,
            "[".repeat(999),
            "]".repeat(999)
        ),
        format!(
            r#"{{"schemaVersion":2,"config":{},"layers":[]}}"#,
            config.replace("\"size\":2", "\"size\":-2")
        ),
    ];
    for body in bodies {
        let put = fixture.push_manifest("a", "latest", &MediaType::IMAGE_MANIFEST, body.as_bytes());
        put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
    }
    fixture
        .get("/v2/a/manifests/latest")
        .send()
        .expect(StatusCode::NOT_FOUND);
}

fn s09_s20_content_types_that_are_no_manifest(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    for content_type in [
        "text/html",
        "application/octet-stream",
        "nonsense",
        "",
        "application/json",
    ] {
        let put = fixture
            .put("/v2/a/manifests/latest")
            .header("content-type", content_type);
        put.body(json(&image("one")))
            .send()
            .expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
    }
    let put = fixture.put("/v2/a/manifests/latest").body(json(&image("one"))).send();
    put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
    let index = fixture.push_manifest("a", "latest", &MediaType::IMAGE_INDEX, &json(&image("one")));
    index.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
}

/// 4 MiB are taken, one byte more is not.
fn rm7_s09_four_mebibytes_are_taken_and_one_byte_more_is_not(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let many = |manifest: ImageManifest, number| manifest.with_annotation(format!("key-{number}"), "A".repeat(10_000));
    let mut content = json(&(0..390).fold(image("large"), many));
    content.resize(Limits::MANIFEST_SIZE, b' ');
    let put = |content: &[u8]| fixture.push_manifest("a", "large", &MediaType::IMAGE_MANIFEST, content);
    put(&content).expect(StatusCode::CREATED);
    content.push(b' ');
    put(&content).expect_error(StatusCode::PAYLOAD_TOO_LARGE, "MANIFEST_INVALID");
    assert_eq!(
        fixture.get("/v2/a/manifests/large").send().content().len(),
        Limits::MANIFEST_SIZE
    );
}

fn rm6_s09_missing_references(fixture: &Fixture) {
    let manifest = image("one");
    let put = fixture.push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, &json(&manifest));
    put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
    fixture.push_blob("b", b"{}");
    let put = fixture.push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, &json(&manifest));
    put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
    fixture.push_blob("a", b"{}");
    let layer = Descriptor::of(MediaType::IMAGE_LAYER, b"layer");
    let with_layer = ImageManifest::new(manifest.config.clone(), vec![layer]);
    let put = fixture.push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, &json(&with_layer));
    put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
    fixture.push_blob("a", b"layer");
    fixture.push_image("a", "v1", &with_layer);
    let child = Descriptor::of(MediaType::IMAGE_MANIFEST, &json(&manifest));
    let index = json(&ImageIndex::new(vec![child]));
    let put = fixture.push_manifest("a", "all", &MediaType::IMAGE_INDEX, &index);
    put.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN");
    fixture.push_image("a", "v2", &manifest);
    fixture
        .push_manifest("a", "all", &MediaType::IMAGE_INDEX, &index)
        .expect(StatusCode::CREATED);
}

fn rm6_missing_references_are_taken_if_that_is_wanted(fixture: &Fixture) {
    let fixture = fixture.with(Limits::new(), true);
    let put = fixture.push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, &json(&image("one")));
    put.expect(StatusCode::CREATED);
    let child = Descriptor::of(MediaType::IMAGE_MANIFEST, b"absent");
    let index = json(&ImageIndex::new(vec![child]));
    fixture
        .push_manifest("a", "all", &MediaType::IMAGE_INDEX, &index)
        .expect(StatusCode::CREATED);
    fixture.get("/v2/a/manifests/all").send().expect(StatusCode::OK);
}

fn rm6_non_distributable_layers_may_be_missing(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let mut layer = Descriptor::of(MediaType::NONDISTRIBUTABLE_LAYER_GZIP, b"elsewhere");
    layer.urls.push("https://store.example.com/layer".to_owned());
    let manifest = ImageManifest::new(image("one").config, vec![layer]);
    fixture.push_image("a", "v1", &manifest);
}

/// What the spec does not know, and content that lies in its descriptor, are kept as they are.
fn rm1_unknown_fields(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let content = br#"{"schemaVersion":2,"x":[{"y":null}],"config":{"mediaType":"application/vnd.oci.image.config.v1+json",
        "size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","data":"e30=","z":1},
        "layers":[]}"#;
    fixture
        .push_manifest("a", "v1", &MediaType::IMAGE_MANIFEST, content)
        .expect(StatusCode::CREATED);
    assert_eq!(fixture.get("/v2/a/manifests/v1").send().content(), content);
}

fn rm1_nested_indexes_of_both_algorithms(fixture: &Fixture) {
    let mut content = json(&ImageIndex::new(Vec::new()));
    for algorithm in [Algorithm::SHA512, Algorithm::SHA256, Algorithm::SHA512] {
        let mut hasher = algorithm.hasher().unwrap();
        hasher.update(&content);
        let digest = hasher.finish();
        let put = fixture.push_manifest("a", &digest.to_string(), &MediaType::IMAGE_INDEX, &content);
        put.expect(StatusCode::CREATED);
        let child = Descriptor::new(MediaType::IMAGE_INDEX, digest, content.len() as u64);
        content = json(&ImageIndex::new(vec![child]));
    }
}

fn rm2_rm3_a_manifest_by_sha512(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let content = json(&image("one"));
    let digest = Digest::sha512(&content);
    let put = fixture.push_manifest("a", &digest.to_string(), &MediaType::IMAGE_MANIFEST, &content);
    let put = put.expect(StatusCode::CREATED);
    assert_eq!(put.header("docker-content-digest"), Some(digest.to_string()));
    let answer = fixture
        .get(put.header("location").unwrap())
        .send()
        .expect(StatusCode::OK);
    assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
    assert_eq!(answer.content(), content);
}

fn rm8_tag_parameters(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let content = json(&image("one"));
    for digest in [Digest::sha256(&content), Digest::sha512(&content)] {
        let tags: Vec<String> = (0..12)
            .map(|number| format!("{}-{number}", digest.algorithm()))
            .collect();
        let query: String = tags.iter().map(|tag| format!("&tag={tag}")).collect();
        let reference = format!("{digest}?{}", query.trim_start_matches('&'));
        let put = fixture.push_manifest("a", &reference, &MediaType::IMAGE_MANIFEST, &content);
        assert_eq!(put.expect(StatusCode::CREATED).headers("oci-tag"), tags);
        for tag in tags {
            let answer = fixture
                .get(format!("/v2/a/manifests/{tag}"))
                .send()
                .expect(StatusCode::OK);
            assert_eq!(answer.header("docker-content-digest"), Some(digest.to_string()));
        }
    }
    let digest = Digest::sha256(&content);
    let put = |reference: &str| fixture.push_manifest("a", reference, &MediaType::IMAGE_MANIFEST, &content);
    for bad in [".bad", "", "a%2fb", "x:y", "%C3%A4"] {
        let invalid = put(&format!("{digest}?tag=good&tag={bad}"));
        invalid.expect_error(StatusCode::BAD_REQUEST, "MANIFEST_INVALID");
        fixture.get("/v2/a/manifests/good").send().expect(StatusCode::NOT_FOUND);
    }
    // They are for pushes by digest.
    assert!(
        put("by-tag?tag=good")
            .expect(StatusCode::CREATED)
            .headers("oci-tag")
            .is_empty()
    );
    fixture.get("/v2/a/manifests/good").send().expect(StatusCode::NOT_FOUND);
    assert_eq!(
        put(&format!("{digest}?tag=x&tag=x"))
            .expect(StatusCode::CREATED)
            .headers("oci-tag"),
        ["x"]
    );
}

fn rm8_too_many_tag_parameters(fixture: &Fixture) {
    let fixture = fixture.with(Limits::new().with_tag_parameters(2), false);
    fixture.push_blob("a", b"{}");
    let content = json(&image("one"));
    let put = |query: &str| {
        let reference = format!("{}?{query}", Digest::sha256(&content));
        fixture.push_manifest("a", &reference, &MediaType::IMAGE_MANIFEST, &content)
    };
    put("tag=a&tag=b&tag=c").expect_error(StatusCode::URI_TOO_LONG, "UNSUPPORTED");
    put("tag=a&tag=b").expect(StatusCode::CREATED);
}

/// What a manifest names many times is looked for once, and not opened.
fn rm6_repeated_references_are_looked_for_once(fixture: &Fixture) {
    let (steps, seen) = mpsc::channel();
    let fixture = fixture.observed(move |_, step| {
        if step != Step::Other {
            steps.send(step).unwrap();
        }
    });
    let layer = fixture.push_blob("a", b"layer");
    let layer = Descriptor::new(MediaType::IMAGE_LAYER, layer, 5);
    let manifest = ImageManifest::new(image("one").config, vec![layer.clone(); 1000]);
    let digest = fixture.push_image("a", "v1", &manifest);
    let mut found: Vec<Step> = seen.try_iter().collect();
    let mut expected = [manifest.config.digest, layer.digest].map(|digest| Step::Refresh(KeptKind::Blob, digest));
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let child = Descriptor::new(MediaType::IMAGE_MANIFEST, digest, json(&image("one")).len() as u64);
    let index = json(&ImageIndex::new(vec![child; 1000]));
    fixture
        .push_manifest("a", "all", &MediaType::IMAGE_INDEX, &index)
        .expect(StatusCode::CREATED);
    assert_eq!(seen.try_iter().count(), 1);
}

/// The entry of a manifest that was pushed by another algorithm has that digest.
fn rr3_a_referrer_by_sha512(fixture: &Fixture) {
    fixture.push_blob("a", b"{}");
    let subject = Descriptor::of(MediaType::IMAGE_MANIFEST, b"missing");
    let content = json(&image("one").with_subject(subject.clone()));
    let digest = Digest::sha512(&content).to_string();
    let put = fixture.push_manifest("a", &digest, &MediaType::IMAGE_MANIFEST, &content);
    put.expect(StatusCode::CREATED);
    let list = fixture.get(format!("/v2/a/referrers/{}", subject.digest)).send().json();
    assert_eq!(list["manifests"][0]["digest"], digest);
    assert_eq!(list["manifests"][0]["size"], content.len());
}
