use std::cmp::Ordering;

use super::Tree;
use super::node::Node;

/// A path at which two trees differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    kind: ChangeKind,
    path: Vec<u8>,
}

impl Change {
    /// How they differ.
    pub const fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// The path below the root.
    pub fn path(&self) -> &[u8] {
        &self.path
    }
}

/// How two trees differ at a path.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Only the second has it.
    Added,
    /// Both have it, with different content, or it is another kind of file.
    Content,
    /// Both have it, with the same content; mode, owner, time or extended attributes differ.
    Metadata,
    /// Only the first has it.
    Removed,
}

impl Tree {
    /// Where `other` differs from this tree, sorted by path. Contents are compared by their digests.
    ///
    /// How many names a file has is not compared, and of sparse files it matters where they have holes.
    pub fn diff<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = Change> {
        let mut left = self.nodes.walk().peekable();
        let mut right = other.nodes.walk().peekable();
        std::iter::from_fn(move || {
            loop {
                let order = match (left.peek(), right.peek()) {
                    (None, None) => return None,
                    (None, Some(_)) => Ordering::Greater,
                    (Some(_), None) => Ordering::Less,
                    (Some((one, ..)), Some((other, ..))) => by_component(one, other),
                };
                let one = if order.is_le() { left.next() } else { None };
                let other = if order.is_ge() { right.next() } else { None };
                if let Some(change) = change(
                    one.map(|(path, _, node)| (path, node)),
                    other.map(|(path, _, node)| (path, node)),
                ) {
                    return Some(change);
                }
            }
        })
    }
}

/// The order in which a tree is walked: `a/b` comes before `a-b`, as `a` does.
fn by_component(one: &[u8], other: &[u8]) -> Ordering {
    let slash = |byte: &u8| *byte == b'/';
    one.split(slash).cmp(other.split(slash))
}

fn change(one: Option<(Vec<u8>, &Node)>, other: Option<(Vec<u8>, &Node)>) -> Option<Change> {
    let (path, kind) = match (one, other) {
        (Some((path, one)), Some((_, other))) => (path, difference(one, other)?),
        (Some((path, _)), None) => (path, ChangeKind::Removed),
        (None, Some((path, _))) => (path, ChangeKind::Added),
        (None, None) => return None,
    };
    Some(Change { kind, path })
}

fn difference(one: &Node, other: &Node) -> Option<ChangeKind> {
    let digest = |node: &Node| node.content.as_ref().map(|content| content.digest.clone());
    let content = |node: &Node| (node.kind, node.size, node.link.clone(), node.device, digest(node));
    let metadata = |node: &Node| (node.mode, node.uid, node.gid, node.mtime);
    if content(one) != content(other) {
        Some(ChangeKind::Content)
    } else if metadata(one) != metadata(other) || one.xattrs != other.xattrs {
        Some(ChangeKind::Metadata)
    } else {
        None
    }
}
