use std::collections::{BTreeMap, VecDeque};

use oci_spec_types::Digest;

use crate::path::MAX_PATH;
use crate::tar_stream::{Entry, EntryKind, Timestamp};

/// A file of a tree: names lead to it, more than one where there are hard links.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) children: BTreeMap<Vec<u8>, usize>,
    pub(super) content: Option<Location>,
    /// The layer whose entry describes it last; a directory may be there without one.
    pub(super) described: Option<usize>,
    pub(super) device: (i64, i64),
    pub(super) gid: i64,
    pub(super) kind: EntryKind,
    pub(super) link: Vec<u8>,
    pub(super) mode: u32,
    pub(super) mtime: Timestamp,
    pub(super) size: u64,
    pub(super) uid: i64,
    pub(super) xattrs: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// Where the content of a file is: which entry of which layer; and what it is.
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) digest: Digest,
    pub(super) entry: u64,
    pub(super) layer: usize,
}

impl Node {
    pub(super) fn of(entry: Entry, content: Option<Location>, layer: usize) -> Self {
        Self {
            children: BTreeMap::new(),
            content,
            described: Some(layer),
            device: entry.device,
            gid: entry.gid,
            kind: entry.kind,
            link: entry.link,
            mode: entry.mode,
            mtime: entry.mtime,
            size: entry.size,
            uid: entry.uid,
            xattrs: entry.xattrs,
        }
    }

    /// A directory that no entry describes.
    pub(super) const fn implied() -> Self {
        Self {
            children: BTreeMap::new(),
            content: None,
            described: None,
            device: (0, 0),
            gid: 0,
            kind: EntryKind::Directory,
            link: Vec::new(),
            mode: 0o755,
            mtime: Timestamp { seconds: 0, nanos: 0 },
            size: 0,
            uid: 0,
            xattrs: BTreeMap::new(),
        }
    }
}

/// All files of a tree. The root is the first.
#[derive(Clone, Debug)]
pub(super) struct Nodes {
    all: Vec<Node>,
}

impl Nodes {
    pub(super) fn new() -> Self {
        Self {
            all: vec![Node::implied()],
        }
    }

    pub(super) fn get(&self, id: usize) -> Option<&Node> {
        self.all.get(id)
    }

    pub(super) fn get_mut(&mut self, id: usize) -> Option<&mut Node> {
        self.all.get_mut(id)
    }

    pub(super) fn add(&mut self, node: Node) -> usize {
        self.all.push(node);
        self.all.len() - 1
    }

    /// Whether it is there, and a directory.
    pub(super) fn is_directory(&self, id: usize) -> bool {
        self.get(id).is_some_and(|node| node.kind == EntryKind::Directory)
    }

    /// How many there are, those included that no name leads to any more.
    pub(super) const fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn child(&self, parent: usize, name: &[u8]) -> Option<usize> {
        self.get(parent)?.children.get(name).copied()
    }

    /// The file at `path`, links followed to the end.
    pub(super) fn resolve(&self, path: &[u8]) -> Option<usize> {
        let mut walk = Walk::new(path.split(|byte| *byte == b'/'));
        while let Some(step) = walk.advance(self) {
            step.ok()?;
        }
        Some(walk.current())
    }

    /// The directory at `path`, links followed, made where it is missing; `made` learns of it. `None` if something else is in the way.
    pub(super) fn directory(&mut self, path: &[&[u8]], made: &mut dyn FnMut(usize, &[u8])) -> Option<usize> {
        let mut walk = Walk::new(path.iter().copied());
        while let Some(step) = walk.advance(self) {
            if let Err(name) = step {
                let (parent, id) = (walk.current(), self.add(Node::implied()));
                let directory = self.get_mut(parent).filter(|node| node.kind == EntryKind::Directory)?;
                directory.children.insert(name.clone(), id);
                made(parent, &name);
                walk.above.push(id);
            }
        }
        let found = walk.current();
        self.get(found)
            .filter(|node| node.kind == EntryKind::Directory)
            .map(|_| found)
    }

    /// The directory at `path` after those that it is in, links followed.
    pub(super) fn existing(&self, path: &[&[u8]]) -> Option<Vec<usize>> {
        let mut walk = Walk::new(path.iter().copied());
        while let Some(step) = walk.advance(self) {
            step.ok()?;
        }
        self.get(walk.current())
            .filter(|node| node.kind == EntryKind::Directory)?;
        Some(walk.above)
    }

    /// Every path with its file, parents first, by name.
    pub(super) fn walk(&self) -> impl Iterator<Item = (Vec<u8>, usize, &Node)> {
        let mut open: Vec<_> = self
            .get(ROOT)
            .into_iter()
            .map(|root| (Vec::new(), root.children.iter()))
            .collect();
        std::iter::from_fn(move || {
            loop {
                let (prefix, children) = open.last_mut()?;
                let Some((name, &id)) = children.next() else {
                    open.pop();
                    continue;
                };
                let path = if prefix.is_empty() {
                    name.clone()
                } else {
                    [prefix, &b"/"[..], name].concat()
                };
                let node = self.get(id)?;
                if !node.children.is_empty() {
                    open.push((path.clone(), node.children.iter()));
                }
                return Some((path, id, node));
            }
        })
    }
}

/// A way down from the root, links followed.
struct Walk {
    above: Vec<usize>,
    links: usize,
    rest: VecDeque<Vec<u8>>,
}

impl Walk {
    fn new<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Self {
        Self {
            above: vec![ROOT],
            links: 0,
            rest: parts.map(<[u8]>::to_vec).collect(),
        }
    }

    fn current(&self) -> usize {
        self.above.last().copied().unwrap_or(ROOT)
    }

    /// One step; the name that is missing in the current directory, if one is. `None` at the end.
    fn advance(&mut self, nodes: &Nodes) -> Option<Result<(), Vec<u8>>> {
        let part = self.rest.pop_front()?;
        match part.as_slice() {
            b"" | b"." => {}
            b".." if self.above.len() > 1 => drop(self.above.pop()),
            b".." => {}
            _ => {
                let Some(id) = nodes.child(self.current(), &part) else {
                    return Some(Err(part));
                };
                match nodes.get(id).filter(|node| node.kind == EntryKind::Symlink) {
                    None => self.above.push(id),
                    Some(node) => {
                        self.links += 1;
                        if self.links > MAX_LINKS || node.link.len() > MAX_PATH {
                            // Nothing can have this name: the walk ends where nothing is found or made.
                            self.above.push(usize::MAX);
                            self.rest.clear();
                            return Some(Err(part));
                        }
                        if node.link.starts_with(b"/") {
                            self.above.truncate(1);
                        }
                        for part in node.link.split(|byte| *byte == b'/').rev() {
                            self.rest.push_front(part.to_vec());
                        }
                    }
                }
            }
        }
        Some(Ok(()))
    }
}

pub(super) const ROOT: usize = 0;

/// As many links as Linux follows.
const MAX_LINKS: usize = 40;
