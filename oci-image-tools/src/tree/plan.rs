//! What an archive has to hold so that, on top of one tree, it makes another.

use std::collections::{BTreeMap, HashMap};

use super::node::{Nodes, ROOT};
use crate::path::MAX_PATH;

/// The name of a file and the directory that it is in.
pub(super) type Name = (usize, Vec<u8>);

/// Entries in the order in which they are written: directories, each with its whiteouts, then what has no content, then files as the layers have them.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Where each directory is.
    directories: HashMap<usize, Name>,
    /// The files whose content is taken over: by layer, and by the number of the entry in it.
    pub(super) files: Vec<BTreeMap<u64, Planned>>,
    pub(super) steps: Vec<Step>,
}

/// A file and the names that it is to get; the first of them with the content.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) id: usize,
    pub(super) names: Vec<Name>,
}

/// An entry without content.
#[derive(Debug)]
pub(super) enum Step {
    Directory(usize),
    /// Hides what is below in this directory.
    Hide(usize),
    /// One more name for a file that has one, here or below.
    Link {
        id: usize,
        name: Name,
        to: Name,
    },
    Node {
        id: usize,
        name: Name,
    },
    Remove(Name),
}

impl Plan {
    /// What leads from `base` to `full`, which is the same with the layers from number `below` on.
    pub(super) fn new(base: &Nodes, full: &Nodes, below: usize) -> Self {
        let mut plan = Self::default();
        let new = plan.walk(base, full, below);
        let kept = Self::kept(base, full, &new);
        for (id, names) in new {
            plan.file(full, id, names, kept.get(&id));
        }
        plan
    }

    /// The path of an entry; `None` if it is longer than any reader takes.
    pub(super) fn path(&self, (directory, name): &Name) -> Option<Vec<u8>> {
        let (mut parts, mut len, mut directory) = (vec![name.as_slice()], name.len(), *directory);
        while let Some((above, name)) = self.directories.get(&directory) {
            len = len.saturating_add(name.len()).saturating_add(1);
            if len > MAX_PATH {
                return None;
            }
            parts.push(name);
            directory = *above;
        }
        parts.reverse();
        (len <= MAX_PATH).then(|| parts.join(&b'/'))
    }

    /// The path of a directory, as far as it goes in front of a name: that of the root is `.`.
    pub(super) fn directory(&self, id: usize) -> Option<Vec<u8>> {
        match self.directories.get(&id) {
            Some(name) => self.path(name),
            None => Some(b".".to_vec()),
        }
    }

    /// Goes through the directories, parents first; what else is new comes back, in the order in which it was made.
    fn walk(&mut self, base: &Nodes, full: &Nodes, below: usize) -> BTreeMap<usize, Vec<Name>> {
        let (mut new, mut open) = (BTreeMap::<usize, Vec<Name>>::new(), vec![Visit::root(full, below)]);
        while let Some(visit) = open.pop() {
            self.enter(base, full, &visit);
            let mut inside = Vec::new();
            for (name, &id) in full.get(visit.id).into_iter().flat_map(|node| &node.children) {
                let old = base.child(visit.id, name).filter(|_| visit.is_old);
                if full.is_directory(id) {
                    self.directories.insert(id, (visit.id, name.clone()));
                    inside.push(Visit::new(base, full, below, id, old));
                } else if old != Some(id) {
                    new.entry(id).or_default().push((visit.id, name.clone()));
                }
            }
            open.extend(inside.into_iter().rev());
        }
        new
    }

    /// The entry of a directory, and those of what is gone from it.
    fn enter(&mut self, base: &Nodes, full: &Nodes, visit: &Visit) {
        if visit.is_entry {
            self.steps.push(Step::Directory(visit.id));
        }
        if visit.hides {
            self.steps.push(Step::Hide(visit.id));
        }
        let old = base.get(visit.id).filter(|_| visit.is_old);
        for name in old.into_iter().flat_map(|node| node.children.keys()) {
            if full.child(visit.id, name).is_none() {
                self.steps.push(Step::Remove((visit.id, name.clone())));
            }
        }
    }

    /// For files of the base that get new names: one of those that they keep.
    fn kept(base: &Nodes, full: &Nodes, new: &BTreeMap<usize, Vec<Name>>) -> HashMap<usize, Name> {
        let is_wanted = |id: usize| id < base.len() && new.contains_key(&id);
        let (mut kept, mut open) = (HashMap::new(), vec![ROOT]);
        if !new.keys().any(|id| *id < base.len()) {
            return kept;
        }
        while let Some(directory) = open.pop() {
            for (name, &id) in full.get(directory).into_iter().flat_map(|node| &node.children) {
                if base.child(directory, name) != Some(id) {
                    continue;
                }
                if full.is_directory(id) {
                    open.push(id);
                } else if is_wanted(id) {
                    kept.entry(id).or_insert_with(|| (directory, name.clone()));
                }
            }
        }
        kept
    }

    fn file(&mut self, full: &Nodes, id: usize, names: Vec<Name>, kept: Option<&Name>) {
        let content = full.get(id).and_then(|node| node.content.as_ref());
        match (kept, content) {
            (Some(to), _) => self.links(id, names, to),
            (None, Some(content)) => {
                if self.files.len() <= content.layer {
                    self.files.resize_with(content.layer.saturating_add(1), BTreeMap::new);
                }
                if let Some(files) = self.files.get_mut(content.layer) {
                    files.insert(content.entry, Planned { id, names });
                }
            }
            (None, None) => {
                let mut names = names.into_iter();
                if let Some(name) = names.next() {
                    let to = name.clone();
                    self.steps.push(Step::Node { id, name });
                    self.links(id, names.collect(), &to);
                }
            }
        }
    }

    fn links(&mut self, id: usize, names: Vec<Name>, to: &Name) {
        let link = |name| Step::Link {
            id,
            name,
            to: to.clone(),
        };
        self.steps.extend(names.into_iter().map(link));
    }
}

/// The way to a directory.
struct Visit {
    /// Whether something of the base has to be hidden in it.
    hides: bool,
    id: usize,
    /// Whether it gets an entry. One that nothing describes is made by whoever unpacks what is in it, unless that is nothing, or something else is in its place.
    is_entry: bool,
    /// Whether it is the same directory that the base has.
    is_old: bool,
}

impl Visit {
    fn root(full: &Nodes, below: usize) -> Self {
        Self {
            hides: false,
            id: ROOT,
            is_entry: full.get(ROOT).is_some_and(|root| root.described >= Some(below)),
            is_old: true,
        }
    }

    /// To the directory `id`, where the base has `old`.
    fn new(base: &Nodes, full: &Nodes, below: usize, id: usize, old: Option<usize>) -> Self {
        let node = full.get(id);
        let described = node.and_then(|node| node.described);
        let is_old = old == Some(id);
        Self {
            hides: !is_old && old.is_some_and(|old| base.is_directory(old)),
            id,
            is_entry: match is_old {
                true => described >= Some(below),
                false => described.is_some() || old.is_some() || node.is_none_or(|node| node.children.is_empty()),
            },
            is_old,
        }
    }
}
