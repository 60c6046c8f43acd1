use std::time::Duration;

use super::*;

fn digest(name: &str) -> Digest {
    Digest::sha256(name.as_bytes())
}

fn graph(manifests: &[(&str, &[&str], Option<&str>)]) -> Graph {
    let mut graph = Graph::default();
    for (name, references, subject) in manifests {
        graph.add(Manifest {
            kept: Kept::new(digest(name), 1, SystemTime::UNIX_EPOCH),
            references: references.iter().map(|name| digest(name)).collect(),
            subject: subject.map(digest),
        });
    }
    graph
}

/// S12, S19: what each policy keeps of an index with a child, a chain of referrers, and referrers of nothing.
#[test]
fn what_stays() {
    let graph = graph(&[
        ("index", &["child"], None),
        ("child", &["layer"], None),
        ("signature", &["config"], Some("child")),
        ("countersignature", &[], Some("signature")),
        ("loose", &["loose layer"], None),
        ("orphan", &[], Some("missing")),
        ("orphan's", &[], Some("orphan")),
    ]);
    let cutoff = SystemTime::UNIX_EPOCH + Duration::from_secs(1);
    let live = |keep, tag: &str| graph.live(keep, BTreeSet::from([digest(tag)]), cutoff);
    let names = |names: &[&str]| names.iter().map(|name| digest(name)).collect::<BTreeSet<_>>();
    let tagged = names(&["index", "child", "signature", "countersignature"]);
    assert_eq!(live(KeepManifests::Tagged, "index"), tagged);
    let mut attached = tagged.clone();
    attached.insert(digest("loose"));
    assert_eq!(live(KeepManifests::Attached, "index"), attached);
    assert_eq!(live(KeepManifests::All, "index").len(), 7);
    assert_eq!(live(KeepManifests::Tagged, "orphan"), names(&["orphan", "orphan's"]));
    let young = graph.live(KeepManifests::Tagged, BTreeSet::new(), SystemTime::UNIX_EPOCH);
    assert_eq!(young.len(), 7);
    let references: BTreeSet<Digest> = graph.references(&tagged).into_iter().cloned().collect();
    assert_eq!(references, names(&["child", "layer", "config"]));
}

/// S12: what is removed goes before what belongs to it; a ring, which a referrer that names its subject among its children makes, ends.
#[test]
fn order_of_removal() {
    let graph = graph(&[
        ("a child", &[], None),
        ("index", &["a child"], None),
        ("signature", &[], Some("index")),
        ("ring", &["subject"], Some("subject")),
        ("subject", &[], None),
    ]);
    let dead = graph.dead(&BTreeSet::new());
    assert_eq!(dead.len(), 5);
    let place = |name| dead.iter().position(|manifest| *manifest.kept.digest() == digest(name));
    assert!(place("index") < place("a child"));
    assert!(place("index") < place("signature"));
}
