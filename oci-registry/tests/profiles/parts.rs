//! Large blobs through registries that have ways of their own with the parts of an upload, over links that break.

use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::CONTENT_RANGE;
use http::{Method, Request};
use oci_client_core::proto::HostProfile;
use oci_client_core::transport::Body;
use oci_registry::profile::Profile;
use oci_spec_types::{Descriptor, MediaType};
use test_support::{Fault, Rng};

use crate::round::Driver as _;
use crate::site::{Site, SiteClient};

const MIB: u64 = 1 << 20;
const DAY: Duration = Duration::from_secs(86_400);

/// A client that sends content in parts of so many bytes where it sends it in parts, and waits for up to a day for an answer.
fn client(site: &Site, chunk: u64) -> SiteClient {
    let profile = HostProfile::new(site.registry.profile().host()).with_chunk(chunk);
    site.client_with(|builder| builder.profile(profile).head_timeout(DAY))
}

/// A client that sends everything larger than that in parts of so many bytes.
fn client_in_parts(site: &Site, chunk: u64) -> SiteClient {
    let profile = HostProfile::new(site.registry.profile().host())
        .with_chunk(chunk)
        .with_largest_upload(chunk);
    site.client_with(|builder| builder.profile(profile).head_timeout(DAY))
}

/// Pushes 9 MiB, reads them back, and gives the requests that carried them, or would have: method, place, status.
fn push(site: &Site, client: &SiteClient, seed: u64) -> Vec<String> {
    let content = Bytes::from(Rng::new(seed).bytes(9 << 20));
    let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
    site.recorder.clear();
    client.push_blob(&descriptor, &content).unwrap();
    let requests = site.recorder.requests();
    assert_eq!(client.blob(&descriptor).unwrap(), content);
    let carriers = requests.iter().filter(|request| {
        let upload = request.path.contains("/uploads/");
        upload && matches!(request.method, Method::GET | Method::PATCH | Method::PUT)
    });
    carriers
        .map(|request| {
            let place = request.header(CONTENT_RANGE.as_str()).unwrap_or("-");
            let status = request.status.map_or("lost".to_owned(), |status| status.to_string());
            format!("{} {place} {status}", request.method)
        })
        .collect()
}

fn is_upload(request: &Request<Body>, method: &Method) -> bool {
    request.method() == method && request.uri().path().contains("/uploads/")
}

/// The connection breaks once so much of the next PUT with content has gone up.
fn cut_whole(site: &Site, after: u64) {
    site.link
        .set(Fault::CutUpload { after }, |request| is_upload(request, &Method::PUT));
}

/// The fault happens to the part that begins there.
fn strike_part(site: &Site, fault: Fault, start: u64) {
    let start = format!("{start}-");
    site.link.set(fault, move |request| {
        let place = request.headers().get(CONTENT_RANGE);
        place.is_some_and(|place| place.to_str().unwrap().starts_with(&start))
    });
}

#[test]
fn ghcr_teaches_once_how_large_a_part_may_be() {
    let site = Site::new(Profile::ghcr());
    let client = client_in_parts(&site, 8 * MIB);
    let parts = [
        "PATCH 0-2097151 202",
        "PATCH 2097152-4194303 202",
        "PATCH 4194304-6291455 202",
        "PATCH 6291456-8388607 202",
        "PATCH 8388608-9437183 202",
        "PUT - 201",
    ];
    let refused = ["PATCH 0-8388607 416", "GET - 204", "PATCH 0-4194303 416", "GET - 204"];
    assert_eq!(push(&site, &client, 1), [&refused[..], &parts].concat());
    assert_eq!(push(&site, &client, 2), parts);
}

#[test]
fn ghcr_takes_the_rest_of_what_was_cut_in_parts() {
    let site = Site::new(Profile::ghcr());
    let client = client(&site, 2 * MIB);
    cut_whole(&site, 7 * MIB);
    assert_eq!(
        push(&site, &client, 1),
        ["PUT - lost", "GET - 204", "PATCH 7340032-9437183 202", "PUT - 201"]
    );
}

#[test]
fn ecr_keeps_what_its_range_does_not_say() {
    let site = Site::new(Profile::ecr());
    let client = client_in_parts(&site, 3 * MIB);
    let parts = [
        "PATCH 0-3145727 201",
        "PATCH 3145728-6291455 201",
        "PATCH 6291456-9437183 201",
        "PUT - 201",
    ];
    let twice = "PATCH 3145728-6291455 416";
    assert_eq!(push(&site, &client, 1), [&parts[..2], &[twice], &parts[2..]].concat());
    assert_eq!(push(&site, &client, 2), parts);
    // It does not say either what has arrived of a part that was cut.
    strike_part(&site, Fault::CutUpload { after: MIB }, 3 * MIB);
    let cut = ["PATCH 0-3145727 201", "PATCH 3145728-6291455 lost", "GET - 404"];
    assert_eq!(push(&site, &client, 3), [&cut[..], &parts].concat());
}

#[test]
fn a_password_of_ecr_may_end_in_mid_upload() {
    let site = Site::new(Profile::ecr());
    let client = client_in_parts(&site, 5 * MIB);
    strike_part(&site, Fault::Delayed(DAY / 2), 5 * MIB);
    assert_eq!(
        push(&site, &client, 1),
        [
            "PATCH 0-5242879 201",
            "PATCH 5242880-9437183 401",
            "PATCH 5242880-9437183 201",
            // Its `Range` sticks at the first part, which is believed once.
            "PATCH 5242880-9437183 416",
            "PUT - 201"
        ]
    );
}

#[test]
fn gar_takes_no_parts_and_gets_the_whole() {
    let site = Site::new(Profile::gar());
    let client = client(&site, 2 * MIB);
    cut_whole(&site, MIB);
    let whole = "PUT - 201";
    let lines = push(&site, &client, 1);
    assert_eq!(lines, ["PUT - lost", "GET - 204", "PATCH 1048576-3145727 400", whole]);
    // That is remembered: what is cut again goes up whole again.
    cut_whole(&site, MIB);
    push(&site, &client, 2);
    let outside = site.recorder.count_where(|request| {
        request.method == Method::PUT && request.path.starts_with("/artifacts-uploads/namespaces/")
    });
    assert_eq!(outside, 2);
}

#[test]
fn artifactory_keeps_the_last_part_and_gets_the_whole() {
    let site = Site::new(Profile::artifactory());
    let client = client(&site, 4 * MIB);
    cut_whole(&site, MIB);
    assert_eq!(
        push(&site, &client, 1),
        [
            "PUT - lost",
            "GET - 204",
            "PATCH 1048576-5242879 202",
            "PATCH 5242880-9437183 202",
            "PUT - 400",
            "PUT - 201"
        ]
    );
    let site = Site::new(Profile::artifactory());
    cut_whole(&site, 7 * MIB);
    assert_eq!(
        push(&site, &site.client(), 1),
        [
            "PUT - lost",
            "GET - 204",
            "PATCH 7340032-9437183 202",
            "PUT - 400",
            "PUT - 201"
        ]
    );
}

#[test]
fn gitlab_gets_the_part_again_whose_token_had_ended() {
    let site = Site::new(Profile::gitlab());
    let client = client_in_parts(&site, 3 * MIB);
    strike_part(&site, Fault::Delayed(Duration::from_secs(301)), 3 * MIB);
    assert_eq!(
        push(&site, &client, 1),
        [
            "PATCH 0-3145727 202",
            "PATCH 3145728-6291455 401",
            "PATCH 3145728-6291455 202",
            "PATCH 6291456-9437183 202",
            "PUT - 201"
        ]
    );
    // What was cut is asked about, and the rest alone goes up.
    strike_part(&site, Fault::CutUpload { after: MIB }, 3 * MIB);
    let lines = push(&site, &client, 2);
    assert_eq!(
        lines[1..4],
        ["PATCH 3145728-6291455 lost", "GET - 204", "PATCH 4194304-7340031 202"]
    );
}

#[test]
fn over_bad_links_blobs_arrive_right_or_not_at_all() {
    let mut arrived = 0;
    for name in Profile::NAMES {
        for seed in 0..4 {
            let site = Site::with_faults(Profile::named(name).unwrap(), seed, 25);
            let client = client(&site, MIB / 2);
            for size in [40_000, 3 << 20] {
                let content = Bytes::from(Rng::new(seed).bytes(size));
                let descriptor = Descriptor::of(MediaType::IMAGE_LAYER, &content);
                match client.push_blob(&descriptor, &content) {
                    Ok(()) => arrived += 1,
                    Err(error) => {
                        assert!(error.is_retryable(), "{name}, {seed}: {error}");
                        continue;
                    }
                }
                let stored = site.without_faults().client().blob(&descriptor).unwrap();
                assert_eq!(stored, content, "{name}, {seed}");
            }
        }
    }
    assert!(arrived > 60, "{arrived}");
}

/// A stream of 9 MiB, once and once more: where one request is too large, in parts that are cut from it.
#[test]
fn streams_go_up_whatever_a_request_may_hold() {
    for name in Profile::NAMES {
        let site = Site::new(Profile::named(name).unwrap());
        let client = site.client();
        for seed in 0..2 {
            let content = Bytes::from(Rng::new(seed).bytes(9 << 20));
            push_stream(&site, &client, &content);
            assert_eq!(refused_parts(&site), usize::from(name == "ghcr"), "{name}");
        }
    }
}

#[test]
fn the_parts_of_a_stream_are_as_large_as_is_configured() {
    for name in ["ghcr", "gitlab"] {
        let site = Site::new(Profile::named(name).unwrap());
        let client = client_in_parts(&site, 2 * MIB);
        let content = Bytes::from(Rng::new(1).bytes(9 << 20));
        if name == "gitlab" {
            // The token ends in the middle: that part alone goes up again.
            strike_part(&site, Fault::Delayed(Duration::from_secs(301)), 4 * MIB);
        }
        push_stream(&site, &client, &content);
        assert_eq!(refused_parts(&site), usize::from(name == "gitlab"));
        let parts = site.recorder.requests().into_iter().filter(|request| {
            let accepted = request.status == Some(202);
            accepted && request.method == Method::PATCH
        });
        let parts: Vec<_> = parts
            .map(|part| part.header(CONTENT_RANGE.as_str()).unwrap().to_owned())
            .collect();
        let expected = [
            "0-2097151",
            "2097152-4194303",
            "4194304-6291455",
            "6291456-8388607",
            "8388608-9437183",
        ];
        assert_eq!(parts, expected, "{name}");
    }
}

/// Pushes the content as a stream, and reads it back.
fn push_stream(site: &Site, client: &SiteClient, content: &Bytes) {
    let pieces: Vec<_> = content
        .chunks(1 << 20)
        .map(|piece| Ok(content.slice_ref(piece)))
        .collect();
    let pushed = client
        .repository
        .push_stream(MediaType::IMAGE_LAYER, stream::iter(pieces));
    let descriptor = site.runtime.run(pushed).unwrap();
    assert_eq!(descriptor, Descriptor::of(MediaType::IMAGE_LAYER, content));
    assert_eq!(client.blob(&descriptor).unwrap(), content);
}

fn refused_parts(site: &Site) -> usize {
    site.recorder.count_where(|request| {
        let refused = request.status.is_some_and(|status| status >= 400);
        refused && request.method == Method::PATCH
    })
}
