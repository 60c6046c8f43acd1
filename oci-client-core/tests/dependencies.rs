//! The protocol core depends on no executor and no HTTP library, whatever features are on and whatever the platform.
//!
//! Read from the manifests of the workspace and its lock file, so that no package has to be there. The lock file has what any member of the workspace
//! makes a package need: the sets found here are never too small.
#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "tests")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use toml::{Table, Value};

#[test]
fn no_executor_and_no_http_library_under_any_feature() {
    let reachable = Graph::read().reachable("oci-client-core");
    for expected in ["futures-util", "http", "oci-spec-types", "sha2"] {
        assert!(
            reachable.contains(expected),
            "the graph was not read: no {expected} in {reachable:?}"
        );
    }
    for forbidden in ["tokio", "hyper", "hyper-util", "reqwest", "ureq", "async-std", "smol"] {
        assert!(!reachable.contains(forbidden), "oci-client-core depends on {forbidden}");
    }
}

#[test]
fn the_types_depend_on_no_async_code() {
    let reachable = Graph::read().reachable("oci-spec-types");
    assert!(
        reachable.contains("serde_json"),
        "the graph was not read: {reachable:?}"
    );
    for forbidden in ["bytes", "futures-core", "http", "url"] {
        assert!(!reachable.contains(forbidden), "oci-spec-types depends on {forbidden}");
    }
}

#[test]
fn what_must_not_be_found_would_be() {
    let reachable = Graph::read().reachable("oci-transport-reqwest");
    for expected in ["hyper", "oci-client-core", "reqwest", "serde_json", "tokio"] {
        assert!(reachable.contains(expected), "{expected}");
    }
}

/// Of each package its dependencies, by name and, where that does not tell, version.
struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned();
        let lock = parse(root.join("Cargo.lock"));
        let mut graph = BTreeMap::new();
        for package in lock["package"].as_array().unwrap() {
            let (name, version) = (text(&package["name"]), text(&package["version"]));
            let listed = package.get("dependencies").and_then(Value::as_array);
            let mut dependencies: BTreeSet<String> = listed.into_iter().flatten().map(text).collect();
            let manifest = root.join(&name).join("Cargo.toml");
            if package.get("source").is_none() && manifest.exists() {
                // Of our own packages, the lock file has what their tests need, too.
                let needed = normal_dependencies(manifest);
                dependencies.retain(|dependency| needed.contains(name_of(dependency)));
            }
            graph.insert(format!("{name} {version}"), dependencies);
        }
        Self(graph)
    }

    /// The names of all packages that `root` needs to be built and run.
    fn reachable(&self, root: &str) -> BTreeSet<String> {
        let (mut open, mut seen) = (vec![root.to_owned()], BTreeSet::new());
        while let Some(wanted) = open.pop() {
            for (package, dependencies) in &self.0 {
                // Without a version, there is but one.
                let is_wanted = *package == wanted || name_of(package) == wanted;
                if is_wanted && seen.insert(package) {
                    open.extend(dependencies.iter().cloned());
                }
            }
        }
        seen.into_iter().map(|package| name_of(package).to_owned()).collect()
    }
}

/// What a package depends on outside its tests, on any platform and with any feature.
fn normal_dependencies(manifest: PathBuf) -> BTreeSet<String> {
    let manifest = parse(manifest);
    let targets = manifest.get("target").and_then(Value::as_table);
    let tables = targets.into_iter().flat_map(|targets| targets.values());
    let dependencies = tables
        .filter_map(|target| target.get("dependencies"))
        .chain(manifest.get("dependencies"));
    dependencies
        .flat_map(|dependencies| dependencies.as_table().unwrap())
        .map(|(key, dependency)| dependency.get("package").map_or_else(|| key.clone(), text))
        .collect()
}

fn name_of(dependency: &str) -> &str {
    dependency.split(' ').next().unwrap_or(dependency)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn parse(path: PathBuf) -> Table {
    std::fs::read_to_string(path).unwrap().parse().unwrap()
}
