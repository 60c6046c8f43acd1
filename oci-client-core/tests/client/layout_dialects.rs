//! Layouts as other tools write them: referrers as entries without a name (ORAS), or in a list under the fallback tag (regclient).

use std::path::Path;
use std::sync::Arc;

use oci_client_core::store::{CopyOptions, MemoryStore, OciLayout, Source, Target, copy};
use oci_spec_types::{AnyManifest, Document, ImageIndex};
use serde_json::{Value, json};
use test_support::SimRuntime;

use crate::copying_referrers::Graph;
use crate::support::{document, tag, target};

#[test]
fn the_referrers_of_every_dialect_are_found_listed_once_and_copied() {
    let (graph, runtime) = (Graph::new(), SimRuntime::new());
    for (name, dialect) in DIALECTS {
        let folder = tempfile::tempdir().unwrap();
        dialect(folder.path(), &graph);
        runtime.run(async {
            let layout = OciLayout::open(folder.path(), Arc::new(runtime.clone())).await.unwrap();
            graph.check(&layout).await;
            assert_eq!(layout.referrers(graph.images[0].digest()).await.unwrap(), [], "{name}");
            let memory = MemoryStore::new();
            let options = CopyOptions::new().with_referrers();
            let copied = copy(&layout, &target("v1"), &memory, Some(&tag("v1")), &options).await;
            assert_eq!(copied.unwrap().referrers, 3, "{name}");
            graph.check(&memory).await;
            assert!(layout.verify().await.unwrap().is_valid(), "{name}");
        });
    }
}

/// What another tool has entered stays in its form when something is added, and is found together with that.
#[test]
fn what_is_added_to_another_dialect_is_found_beside_what_was_there() {
    let runtime = SimRuntime::new();
    for (name, dialect) in DIALECTS {
        let (mut graph, folder) = (Graph::new(), tempfile::tempdir().unwrap());
        dialect(folder.path(), &graph);
        let subject = graph.root.descriptor();
        graph.attach(subject, "added");
        let (_, added) = graph.referrers.last().unwrap();
        runtime.run(async {
            let layout = OciLayout::open(folder.path(), Arc::new(runtime.clone())).await.unwrap();
            let options = CopyOptions::new();
            let from = added.digest().clone().into();
            copy(&graph.store, &from, &layout, None, &options).await.unwrap();
            let listed = layout.referrers(graph.root.digest()).await.unwrap();
            let mut digests: Vec<_> = listed.iter().map(|listed| &listed.digest).collect();
            let mut expected = [graph.referrers[0].1.digest(), added.digest()];
            digests.sort();
            expected.sort();
            assert_eq!(digests, expected, "{name}");
            // A collection keeps all of them.
            layout.gc(std::time::Duration::ZERO).await.unwrap();
            assert_eq!(layout.referrers(graph.root.digest()).await.unwrap().len(), 2, "{name}");
        });
    }
}

/// A list may be older than what it lists, and lists lie.
#[test]
fn a_fallback_list_is_held_to_the_manifests_that_it_lists() {
    let (graph, runtime, folder) = (Graph::new(), SimRuntime::new(), tempfile::tempdir().unwrap());
    let subject = graph.root.digest();
    let (_, referrer) = &graph.referrers[0];
    let mut gone = referrer.referrer();
    gone.digest = oci_spec_types::Digest::sha256(b"gone");
    let mut renamed = referrer.referrer();
    renamed.artifact_type = Some("application/vnd.lie".parse().unwrap());
    let wrong = graph.images[0].document.descriptor();
    let list = document(ImageIndex::new(vec![gone, wrong, renamed]));
    write_all(folder.path(), &graph);
    write(folder.path(), &list);
    let entries = [
        tagged(&graph.root, "v1"),
        tagged(&list, subject.fallback_tag().as_str()),
    ];
    write_index(folder.path(), &json!({"schemaVersion": 2, "manifests": entries}));
    runtime.run(async {
        let layout = OciLayout::open(folder.path(), Arc::new(runtime.clone())).await.unwrap();
        assert_eq!(layout.referrers(subject).await.unwrap(), [referrer.referrer()]);
    });
}

type Dialect = fn(&Path, &Graph);

const DIALECTS: [(&str, Dialect); 3] = [
    ("ORAS", |path, graph| lay_out(path, graph, true, false)),
    ("regclient", |path, graph| lay_out(path, graph, false, true)),
    ("both", |path, graph| lay_out(path, graph, true, true)),
];

fn lay_out(path: &Path, graph: &Graph, untagged: bool, lists: bool) {
    write_all(path, graph);
    let mut entries = vec![tagged(&graph.root, "v1")];
    for (subject, referrer) in &graph.referrers {
        if untagged {
            entries.push(serde_json::to_value(referrer.referrer()).unwrap());
        }
        if lists {
            let list = document(ImageIndex::new(vec![referrer.referrer()]));
            write(path, &list);
            entries.push(tagged(&list, subject.fallback_tag().as_str()));
        }
    }
    // One of them writes the type, the other does not.
    let index = match lists {
        true => {
            json!({"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": entries})
        }
        false => json!({"schemaVersion": 2, "manifests": entries}),
    };
    write_index(path, &index);
}

fn tagged(document: &Document<AnyManifest>, name: &str) -> Value {
    json!({
        "mediaType": document.media_type().as_str(),
        "digest": document.digest().to_string(),
        "size": document.bytes().len(),
        "annotations": {"org.opencontainers.image.ref.name": name},
    })
}

/// The documents and blobs of the graph, by a layout of ours whose entries are then taken away.
fn write_all(path: &Path, graph: &Graph) {
    let runtime = SimRuntime::new();
    runtime.run(async {
        let layout = OciLayout::create(path, Arc::new(runtime.clone())).await.unwrap();
        let options = CopyOptions::new().with_referrers();
        copy(&graph.store, &target("v1"), &layout, None, &options)
            .await
            .unwrap();
        layout.put_manifest(&graph.root).await.unwrap();
    });
}

fn write(path: &Path, document: &Document<AnyManifest>) {
    let file = path.join("blobs/sha256").join(document.digest().encoded_string());
    std::fs::write(file, document.bytes()).unwrap();
}

fn write_index(path: &Path, index: &Value) {
    std::fs::write(path.join("index.json"), serde_json::to_vec_pretty(index).unwrap()).unwrap();
}
