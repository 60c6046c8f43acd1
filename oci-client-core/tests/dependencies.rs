//! The protocol core depends on no executor and no HTTP library, whatever features are on.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::collections::{HashMap, HashSet};
use std::process::Command;

use serde_json::Value;

#[test]
fn no_executor_and_no_http_library_under_any_feature() {
    let metadata = metadata();
    let names = names(&metadata);
    let reachable = reachable(&metadata, &names, "oci-client-core");
    assert!(
        reachable.contains("http") && reachable.contains("futures-util"),
        "the graph was not read: {reachable:?}"
    );
    for forbidden in ["tokio", "hyper", "hyper-util", "reqwest", "ureq", "async-std", "smol"] {
        assert!(!reachable.contains(forbidden), "oci-client-core depends on {forbidden}");
    }
}

#[test]
fn the_types_depend_on_no_async_code() {
    let metadata = metadata();
    let names = names(&metadata);
    let reachable = reachable(&metadata, &names, "oci-spec-types");
    assert!(
        reachable.contains("serde_json"),
        "the graph was not read: {reachable:?}"
    );
    for forbidden in ["bytes", "futures-core", "http", "url"] {
        assert!(!reachable.contains(forbidden), "oci-spec-types depends on {forbidden}");
    }
}

/// The resolved graph of the workspace with every feature on.
fn metadata() -> Value {
    let cargo = std::env::var("CARGO").unwrap();
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--all-features",
            "--offline",
            "--locked",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn names(metadata: &Value) -> HashMap<&str, &str> {
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package["name"].as_str().unwrap()))
        .collect()
}

/// The names of all packages that `root` needs to be built and run.
fn reachable<'a>(metadata: &'a Value, names: &HashMap<&str, &'a str>, root: &str) -> HashSet<&'a str> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let by_id: HashMap<&str, &Value> = nodes.iter().map(|node| (node["id"].as_str().unwrap(), node)).collect();
    let mut open: Vec<&str> = names
        .iter()
        .filter(|(_, name)| **name == root)
        .map(|(id, _)| *id)
        .collect();
    let mut seen = HashSet::new();
    while let Some(id) = open.pop() {
        if !seen.insert(names[id]) {
            continue;
        }
        for dependency in by_id[id]["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            // A kind of null is a normal dependency; tests may use what they like.
            if kinds.iter().any(|kind| kind["kind"].is_null()) {
                open.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    seen
}
