//! Copying the tags of a repository: which, in what order, and what is reported.

use oci_client_core::ErrorKind;
use oci_client_core::store::{
    CopyOptions, MemoryStore, RepositoryCopied, RepositoryCopyOptions, Source, TagOutcome, copy_repository,
};
use oci_registry::Registry;
use oci_spec_types::Tag;
use test_support::{Recorder, SimRuntime};

use crate::copying_referrers::Graph;
use crate::support::{Image, blob_path, repository, tag, target};

/// A store with an image under each of these tags; those that begin alike share a layer.
fn store(tags: &[&str]) -> MemoryStore {
    let store = MemoryStore::new();
    for (seed, tag) in (0..).zip(tags) {
        Image::new(seed, &[100]).add_to(&store, Some(tag));
    }
    store
}

fn outcomes(report: &RepositoryCopied) -> Vec<String> {
    let outcome = |outcome: &TagOutcome| match outcome {
        TagOutcome::Copied(copied) if copied.is_complete() => "copied",
        TagOutcome::Copied(_) => "in part",
        TagOutcome::Failed(_) => "failed",
        TagOutcome::Kept(_) => "kept",
        _ => "unknown",
    };
    let tags = report.tags.iter();
    tags.map(|tag| format!("{} {}", tag.tag, outcome(&tag.outcome)))
        .collect()
}

#[test]
fn the_tags_that_match_are_copied_and_no_others() {
    let names = ["latest", "v1.0", "v1.1", "v1.1-rc1", "v2.0"];
    for (wanted, except, expected) in [
        (&[][..], &[][..], &names[..]),
        (&["*"], &[], &names),
        (&["v1.*"], &[], &["v1.0", "v1.1", "v1.1-rc1"]),
        (&["v1.*"], &["*-rc?"], &["v1.0", "v1.1"]),
        (&["v1.0", "latest"], &[], &["latest", "v1.0"]),
        (&[], &["v*"], &["latest"]),
        (&["x*"], &[], &[]),
    ] {
        let (runtime, source) = (SimRuntime::new(), store(&names));
        let there = repository(&runtime, Registry::in_memory());
        let patterns = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let options = RepositoryCopyOptions::new(CopyOptions::new())
            .with_tags(patterns(wanted))
            .without_tags(patterns(except));
        let report = runtime.run(copy_repository(&source, &there, &options)).unwrap();
        assert!(report.is_complete());
        let copied: Vec<String> = expected.iter().map(|name| format!("{name} copied")).collect();
        assert_eq!(outcomes(&report), copied, "{wanted:?} {except:?}");
        let found = runtime.run(Source::tags(&there));
        let expected: Vec<Tag> = expected.iter().map(|name| tag(name)).collect();
        match found {
            Ok(found) => assert_eq!(found, expected),
            Err(error) => assert_eq!((error.kind(), expected.len()), (ErrorKind::NotFound, 0)),
        }
    }
}

#[test]
fn tags_that_the_target_has_are_left_alone_and_reported_if_so_wanted() {
    let (runtime, source) = (SimRuntime::new(), store(&["a", "b", "c"]));
    let there = repository(&runtime, Registry::in_memory());
    let other = Image::new(9, &[7]);
    let first = RepositoryCopyOptions::new(CopyOptions::new());
    runtime.run(copy_repository(&other.store("b"), &there, &first)).unwrap();
    let careful = first.clone().with_no_clobber();
    let report = runtime.run(copy_repository(&source, &there, &careful)).unwrap();
    assert_eq!(outcomes(&report), ["a copied", "b kept", "c copied"]);
    let TagOutcome::Kept(kept) = &report.tags[1].outcome else {
        panic!("{report:?}");
    };
    assert_eq!(kept, other.digest());
    let resolved = || runtime.run(there.resolve(&target("b"))).unwrap().unwrap().digest;
    assert_eq!(resolved(), *other.digest());
    runtime.run(copy_repository(&source, &there, &first)).unwrap();
    assert_ne!(resolved(), *other.digest());
}

#[test]
fn what_several_tags_share_is_copied_once() {
    let (runtime, source) = (SimRuntime::new(), MemoryStore::new());
    let image = Image::new(1, &[100, 200]);
    for name in ["v1", "v1.0", "latest"] {
        image.add_to(&source, Some(name));
    }
    let recorder = Recorder::new(Registry::in_memory());
    let there = repository(&runtime, recorder.clone());
    let options = RepositoryCopyOptions::new(CopyOptions::new());
    let report = runtime.run(copy_repository(&source, &there, &options)).unwrap();
    assert_eq!(outcomes(&report), ["latest copied", "v1 copied", "v1.0 copied"]);
    let lines = recorder.lines();
    assert_eq!(lines.len(), 3 + 3, "a blob each, a manifest for each tag: {lines:?}");
    assert!(lines.iter().all(|line| !line.contains(&blob_path(image.digest()))));
}

#[test]
fn a_repository_with_referrers_is_copied_whole_and_their_lists_are_the_targets_own() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    let list = graph.root.digest().fallback_tag();
    graph.images[0].add_to(&graph.store, Some(list.as_str()));
    graph.images[0].add_to(&graph.store, Some("plain"));
    let there = repository(&runtime, Registry::in_memory());
    let options = RepositoryCopyOptions::new(CopyOptions::new().with_referrers());
    let report = runtime.run(copy_repository(&graph.store, &there, &options)).unwrap();
    assert_eq!(outcomes(&report), ["plain copied", "v1 copied"]);
    let referrers: usize = report
        .tags
        .iter()
        .map(|tag| match &tag.outcome {
            TagOutcome::Copied(copied) => copied.referrers,
            _ => 0,
        })
        .sum();
    assert_eq!(referrers, 3);
    runtime.run(graph.check(&there));
    // As long as a digest, or made of one, but no list.
    let digest_tag = format!("{list}.sig");
    let commit = format!("commit-{}", &list.as_str()[7..]);
    let others = store(&["sha256-short", &digest_tag, &commit]);
    let report = runtime.run(copy_repository(&others, &there, &options)).unwrap();
    assert_eq!(report.tags.len(), 3);
}

#[test]
fn a_tag_that_fails_ends_the_copy_or_is_reported() {
    let (runtime, source) = (SimRuntime::new(), store(&["a", "c"]));
    // Its config is nowhere.
    source.add_manifest(Image::new(5, &[5]).document, Some(tag("b")));
    let there = repository(&runtime, Registry::in_memory());
    let stopping = RepositoryCopyOptions::new(CopyOptions::new());
    let error = runtime.run(copy_repository(&source, &there, &stopping)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.to_string().contains("`b`"), "{error}");
    let going = RepositoryCopyOptions::new(CopyOptions::new().with_keep_going());
    let report = runtime.run(copy_repository(&source, &there, &going)).unwrap();
    assert_eq!(outcomes(&report), ["a copied", "b in part", "c copied"]);
    assert!(!report.is_complete());
}
