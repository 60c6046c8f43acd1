//! Lists as registries cut them up (CD2-CD5, P01, P20): the client follows, and adds nothing of its own.

use bytes::Bytes;
use http::Request;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Digest, RepositoryName, Tag};
use test_support::{Recorder, Reply, Responder, SimRuntime};

use crate::support::{HOST, builder, impatient, repository};

/// Pages, in the order of their numbers: what each lists, and the link that it has.
type Page = (&'static [&'static str], Option<&'static str>);

/// A server that gives `pages` one after the other, wherever it is asked for them, and takes note of where.
fn tags(pages: &[Page]) -> (Vec<String>, Vec<String>) {
    let runtime = SimRuntime::new();
    let mut left: Vec<Reply> = pages.iter().rev().map(reply).collect();
    let recorder = Recorder::new(Responder::new(&runtime, move |_: &Request<Bytes>| left.pop().unwrap()));
    let tags = runtime
        .run(repository(&runtime, recorder.clone()).tags().all())
        .unwrap();
    (recorder.lines(), tags.iter().map(Tag::to_string).collect())
}

fn reply((tags, link): &Page) -> Reply {
    let reply = Reply::new(200).with_json(format!(r#"{{"name":"app","tags":{tags:?}}}"#));
    match link {
        Some(link) => reply.with_header("link", link),
        None => reply,
    }
}

#[test]
fn cd2_cd3_cd4_cd5_the_registry_alone_decides_on_order_and_places() {
    // In no order, neither within a page nor from one to the next, and twice.
    let (lines, found) = tags(&[
        (&["v9", "V10", "v1"], Some("<?n=2&last=17%2fx>; rel=\"next\"")),
        (&["a"], Some("</elsewhere?cursor=b%3D%3D&&x>; rel=next")),
        (&["v9", "_"], None),
    ]);
    let expected = [
        "GET /v2/app/tags/list",
        "GET /v2/app/tags/list?n=2&last=17%2fx",
        "GET /elsewhere?cursor=b%3D%3D&&x",
    ];
    assert_eq!(lines, expected);
    assert_eq!(found, ["v9", "V10", "v1", "a", "v9", "_"]);
    // Without a link the list is complete, however round the number of its entries is.
    let (lines, found) = tags(&[(&["x"; 100], None)]);
    assert_eq!(lines, expected[..1]);
    assert_eq!(found.len(), 100);
}

/// The errors of listing tags, the catalog and referrers at a server that answers each with `reply`, and how much of that was read.
fn failures(reply: impl Fn(usize) -> Reply + Clone + Send + 'static) -> Vec<(Error, u64)> {
    let runtime = SimRuntime::new();
    let mut failures = Vec::new();
    for list in 0..3 {
        let (reply, mut page) = (reply.clone(), 0);
        let server = move |_: &Request<Bytes>| {
            page += 1;
            reply(page)
        };
        let recorder = Recorder::new(Responder::new(&runtime, server));
        let app = impatient(&runtime, recorder.clone());
        let catalog = builder(&runtime, recorder.clone())
            .build()
            .registry(&HOST.parse().unwrap());
        let error = runtime.run(async {
            match list {
                0 => app.tags().all().await.map(drop),
                1 => catalog.catalog().all().await.map(drop),
                _ => app.referrers(&Digest::sha256(b"")).all().await.map(drop),
            }
        });
        failures.push((error.unwrap_err(), recorder.received()));
    }
    failures
}

const EMPTY: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"tags":[],"repositories":[]}"#;

fn page(number: usize) -> Reply {
    Reply::new(200)
        .with_header("content-type", "application/vnd.oci.image.index.v1+json")
        .with_header("link", format!("<?page={number}>; rel=next"))
}

#[test]
fn p01_p20_pages_without_end_are_an_error() {
    let circle = |_| page(1).with_body(EMPTY);
    let counting = |number| page(number).with_body(EMPTY);
    for (error, received) in failures(circle).into_iter().chain(failures(counting)) {
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(received <= 4 * EMPTY.len() as u64, "{received}");
    }
}

#[test]
fn p01_p20_a_page_without_end_is_read_up_to_its_limit() {
    for (error, received) in failures(|number| page(number).with_endless(" ".repeat(1 << 20))) {
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(received <= 17 << 20, "{received}");
    }
}

#[test]
fn p01_p20_what_is_there_before_an_error_is_not_taken_for_the_list() {
    let then_nothing = |number| {
        if number < 3 {
            let name: RepositoryName = format!("a{number}").parse().unwrap();
            let digest = Digest::sha256(name.as_str().as_bytes());
            let entry = format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":1}}"#);
            let listed = EMPTY.replace(r#""manifests":[]"#, &format!(r#""manifests":[{entry}]"#));
            page(number).with_body(listed.replace("[]", &format!(r#"["{name}"]"#)))
        } else {
            Reply::new(404)
        }
    };
    for (error, _) in failures(then_nothing) {
        assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    }
}
