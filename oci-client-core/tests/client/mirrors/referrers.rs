//! Lists of referrers where there are mirrors: who is asked, what counts, and that nothing of the registry's is hidden.

use oci_spec_types::{Descriptor, ImageIndex, MediaType};

use super::*;

const KIND: MediaType = MediaType::from_static("application/vnd.example.sbom");

fn lists() -> HostCapabilities {
    both().and(HostCapabilities::REFERRERS)
}

fn listing(number: usize) -> Endpoint {
    mirror(number).with_capabilities(lists())
}

fn subject() -> Digest {
    Digest::sha256(b"subject")
}

fn api() -> String {
    format!("/v2/app/referrers/{}", subject())
}

fn fallback() -> String {
    manifest_path(&subject().fallback_tag())
}

fn entry(name: &str) -> Descriptor {
    Descriptor::of(MediaType::IMAGE_MANIFEST, name.as_bytes()).with_artifact_type(KIND)
}

/// A page with these entries.
fn page(names: &[&str]) -> Reply {
    let mut index = ImageIndex::new(names.iter().map(|name| entry(name)).collect());
    index.media_type = Some(MediaType::IMAGE_INDEX);
    let index = document(index);
    Reply::new(200)
        .with_header("content-type", index.media_type().to_string())
        .with_body(index.bytes().to_vec())
}

fn run(runtime: &SimRuntime, repository: &Repository) -> Result<Vec<Descriptor>, oci_client_core::Error> {
    runtime.run(repository.referrers(&subject()).all())
}

#[test]
fn p28_a_list_comes_from_the_first_mirror_that_lists_anything_with_all_its_pages() {
    let runtime = SimRuntime::new();
    let path = format!("/v2/hub/app/referrers/{}", subject());
    let next = format!("{path}?last=1");
    let linked = page(&["one"]).with_header("link", format!("<{next}>; rel=\"next\""));
    let script = [
        Exchange::get(api(), page(&[])).at(M0),
        Exchange::get(&path, linked).at(M1),
        // A page that fails is asked for again, there and nowhere else.
        Exchange::get(&next, Reply::new(403)).at(M1),
        Exchange::get(&next, page(&["two"])).at(M1),
    ];
    let second = listing(1).with_repository_prefix("hub".parse().unwrap());
    let repository = scripted(&runtime, config([listing(0), second]), script);
    runtime.run(async {
        let mut list = repository.referrers(&subject());
        assert_eq!(list.page().await.unwrap().unwrap(), [entry("one")]);
        assert_eq!(list.page().await.unwrap_err().kind(), ErrorKind::Denied);
        assert_eq!(list.page().await.unwrap().unwrap(), [entry("two")]);
        assert!(list.page().await.unwrap().is_none());
    });
}

#[test]
fn p19_p28_whatever_mirrors_answer_the_registrys_list_is_not_hidden() {
    let mut answers: Vec<(String, Reply, usize)> = ANSWERS
        .iter()
        .map(|answer| (format!("{answer:?}"), answer.reply(), answer.tries()))
        .collect();
    answers.push(("Empty".to_owned(), page(&[]), 1));
    let more = page(&[]).with_header("link", format!("<{}?last=1>; rel=\"next\"", api()));
    answers.push(("Empty, and more behind it".to_owned(), more, 1));
    answers.push(("Unsupported".to_owned(), Reply::new(405), 1));
    for (first_name, first, first_tries) in &answers {
        for (second_name, second, second_tries) in &answers {
            let runtime = SimRuntime::new();
            let at = |reply: &Reply, origin| Exchange::get(api(), reply.clone()).at(origin);
            let script = std::iter::repeat_n(at(first, M0), *first_tries)
                .chain(std::iter::repeat_n(at(second, M1), *second_tries))
                .chain([at(&page(&["one"]), ORIGIN)]);
            let repository = scripted(&runtime, config([listing(0), listing(1)]), script);
            let found = run(&runtime, &repository);
            assert_eq!(found.unwrap(), [entry("one")], "{first_name}, {second_name}");
        }
    }
}

#[test]
fn p19_p28_the_fallback_tag_is_the_registrys_and_a_mirror_without_the_api_is_not_asked_twice() {
    let runtime = SimRuntime::new();
    let script = [
        Exchange::get(api(), Reply::new(404)).at(M0),
        Exchange::get(api(), Reply::new(404)).at(ORIGIN),
        Exchange::get(fallback(), page(&["one"])).at(ORIGIN),
        Exchange::get(fallback(), Reply::new(404)).at(ORIGIN),
    ];
    let repository = scripted(&runtime, config([listing(0)]), script);
    assert_eq!(run(&runtime, &repository).unwrap(), [entry("one")]);
    assert_eq!(run(&runtime, &repository).unwrap(), []);
}

#[test]
fn p19_p28_only_the_registry_says_that_there_are_none_and_its_refusal_is_the_error() {
    let runtime = SimRuntime::new();
    let empty = |origin| Exchange::get(api(), page(&[])).at(origin);
    let script = [empty(M0), Exchange::get(api(), Reply::new(403)).at(M1), empty(ORIGIN)];
    let repository = scripted(&runtime, config([listing(0), listing(1)]), script);
    assert_eq!(run(&runtime, &repository).unwrap(), []);

    for status in [401, 403, 429, 503] {
        let script = [empty(M0), Exchange::get(api(), Reply::new(status)).at(ORIGIN)];
        let repository = scripted(&runtime, config([listing(0)]), script);
        let error = run(&runtime, &repository).unwrap_err();
        assert_eq!(error.status().map(|status| status.as_u16()), Some(status), "{error}");
        assert_eq!(error.mirrors()[0].host(), "m0.test", "{error}");
    }
}

#[test]
fn cr7_p28_a_mirror_that_has_none_of_the_type_asked_for_does_not_hide_those_of_the_registry() {
    let runtime = SimRuntime::new();
    let path = format!("{}?artifactType=a%2Fb", api());
    let other = {
        let mut index = ImageIndex::new(vec![entry("other").with_artifact_type(MediaType::from_static("a/b"))]);
        index.media_type = Some(MediaType::IMAGE_INDEX);
        document(index)
    };
    let reply = Reply::new(200)
        .with_header("content-type", other.media_type().to_string())
        .with_body(other.bytes().to_vec());
    let script = [
        Exchange::get(&path, page(&["one"])).at(M0),
        Exchange::get(&path, reply).at(ORIGIN),
    ];
    let repository = scripted(&runtime, config([listing(0)]), script);
    let list = repository
        .referrers(&subject())
        .artifact_type(MediaType::from_static("a/b"));
    let found = runtime.run(list.all()).unwrap();
    assert_eq!(found[0].digest, entry("other").digest);
}

#[test]
fn p28_who_may_not_be_asked_for_referrers_is_not_except_where_they_are_written() {
    let runtime = SimRuntime::new();
    let profile = HostProfile::new("registry.test".parse().unwrap());
    for registry in [lists(), both(), HostCapabilities::PUSH] {
        let own = Endpoint::new(profile.clone()).with_capabilities(registry);
        let config = HostConfig::of("registry.test".parse().unwrap(), own).with_mirror(mirror(0));
        let script = [Exchange::get(api(), page(&["one"])).at(ORIGIN)];
        let repository = scripted(&runtime, config, script);
        assert_eq!(run(&runtime, &repository).unwrap(), [entry("one")], "{registry}");
    }
    // Where nobody has any, it does not matter that one of them has no API.
    let absent = |path: String, origin| Exchange::get(path, Reply::new(404)).at(origin);
    let script = [
        absent(api(), M1),
        Exchange::get(api(), page(&[])).at(ORIGIN),
        absent(api(), M0),
        absent(fallback(), M0),
    ];
    let taking = mirror(0).with_capabilities(HostCapabilities::PUSH);
    let repository = scripted(&runtime, config([taking, listing(1)]), script);
    assert_eq!(run(&runtime, &repository).unwrap(), []);
    // What is attached where a mirror takes it is found there, by the tag too.
    let script = [
        Exchange::get(api(), Reply::new(404)).at(M0),
        Exchange::get(fallback(), page(&["one"])).at(M0),
    ];
    let taking = mirror(0).with_capabilities(HostCapabilities::ALL);
    let repository = scripted(&runtime, config([taking]), script);
    assert_eq!(run(&runtime, &repository).unwrap(), [entry("one")]);
}
