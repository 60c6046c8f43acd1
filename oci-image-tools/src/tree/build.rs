//! Merging layers, as the image specification says.

use std::collections::HashSet;

use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Algorithm, Digest};

use super::node::{Location, Node, Nodes, ROOT};
use crate::layer_stream::{LayerStream, at};
use crate::path::{Place, components};
use crate::tar_stream::{Entry, EntryKind};

/// Applies the layer of this index. One that is `alone` hides nothing, as there is nothing below: its whiteouts are kept as the entries that they are, and so are hard links to what is not in
/// it.
pub(super) fn apply(nodes: &mut Nodes, stream: &mut LayerStream<'_>, layer: usize, alone: bool) -> Result<(), Error> {
    let mut merge = Merge {
        alone,
        hidden: HashSet::new(),
        layer,
        nodes,
        written: HashSet::new(),
    };
    let mut buffer = vec![0; BUFFER];
    let mut number = 0;
    while let Some(entry) = stream.next()? {
        let depth = stream.depth();
        let content = match entry.kind {
            EntryKind::File => {
                let digest = digest(stream, &entry, &mut buffer)?;
                Some(Location {
                    digest,
                    entry: number,
                    layer,
                })
            }
            _ => None,
        };
        let path = entry.path.clone();
        merge.entry(entry, content, depth).map_err(|error| at(error, &path))?;
        number += 1;
    }
    Ok(())
}

struct Merge<'a> {
    alone: bool,
    /// The directories in which there is nothing of the layers below any more: nothing is left to hide there, however often the layer says so.
    hidden: HashSet<usize>,
    layer: usize,
    nodes: &'a mut Nodes,
    /// The names that the layer has given, by the directory that they are in.
    written: HashSet<(usize, Vec<u8>)>,
}

impl Merge<'_> {
    fn entry(&mut self, entry: Entry, content: Option<Location>, depth: usize) -> Result<(), Error> {
        let path = entry.path.clone();
        let components = components(&path, depth)?;
        let place = match (Place::of(&components, entry.kind)?, components.split_last()) {
            (Place::Opaque { .. } | Place::Whiteout { .. }, Some((name, parent))) if self.alone => {
                Place::File { parent, name }
            }
            (place, _) => place,
        };
        match place {
            Place::File { parent, name } => {
                let parent = self.parent(parent)?;
                self.put(parent, name, entry, content, depth)
            }
            Place::Meta => Ok(()),
            Place::Opaque { parent } => {
                if let Some(&parent) = self.nodes.existing(parent).as_ref().and_then(|above| above.last()) {
                    self.hide_children(parent);
                }
                Ok(())
            }
            Place::Root if entry.kind == EntryKind::Directory => {
                self.describe(ROOT, entry);
                Ok(())
            }
            Place::Root => Err(invalid("the root can be nothing but a directory")),
            Place::Whiteout { parent, name } => {
                if let Some(&parent) = self.nodes.existing(parent).as_ref().and_then(|above| above.last()) {
                    self.hide(parent, name);
                }
                Ok(())
            }
        }
    }

    fn put(
        &mut self,
        parent: usize,
        name: &[u8],
        entry: Entry,
        content: Option<Location>,
        depth: usize,
    ) -> Result<(), Error> {
        self.written.insert((parent, name.to_vec()));
        let found = self.nodes.child(parent, name);
        let directory = found.filter(|&id| self.nodes.get(id).is_some_and(|node| node.kind == EntryKind::Directory));
        let id = match (entry.kind, directory) {
            (EntryKind::Directory, Some(id)) => {
                self.describe(id, entry);
                return Ok(());
            }
            (EntryKind::Hardlink, _) => match self.target(&entry.link, parent, name, depth) {
                Err(_) if self.alone => self.nodes.add(Node::of(entry, content, self.layer)),
                target => target?,
            },
            _ => self.nodes.add(Node::of(entry, content, self.layer)),
        };
        if let Some(parent) = self.nodes.get_mut(parent) {
            parent.children.insert(name.to_vec(), id);
        }
        Ok(())
    }

    /// The file that a hard link leads to.
    fn target(&self, link: &[u8], parent: usize, name: &[u8], depth: usize) -> Result<usize, Error> {
        let missing = || invalid("it is a link to a file that is not there");
        let target = components(link, depth)?;
        let (last, above) = target.split_last().ok_or_else(missing)?;
        let above = self.nodes.existing(above).ok_or_else(missing)?;
        let directory = above.last().copied().ok_or_else(missing)?;
        let id = self.nodes.child(directory, last).ok_or_else(missing)?;
        if self.nodes.get(id).is_some_and(|node| node.kind == EntryKind::Directory) {
            return Err(invalid("it is a hard link to a directory"));
        }
        // What the link replaces is gone before the link is made, and its target with it.
        match self.nodes.child(parent, name) {
            Some(replaced) if above.contains(&replaced) => Err(missing()),
            _ => Ok(id),
        }
    }

    fn describe(&mut self, id: usize, entry: Entry) {
        let layer = self.layer;
        if let Some(node) = self.nodes.get_mut(id) {
            let children = std::mem::take(&mut node.children);
            *node = Node {
                children,
                ..Node::of(entry, None, layer)
            };
        }
    }

    fn parent(&mut self, path: &[&[u8]]) -> Result<usize, Error> {
        let written = &mut self.written;
        let mut create = |parent: usize, name: &[u8]| {
            written.insert((parent, name.to_vec()));
        };
        let parent = self.nodes.directory(path, &mut create);
        parent.ok_or_else(|| invalid("it is below something that is no directory"))
    }

    /// Takes away what the layers below have under this name; what the layer itself has stays, with the directories that lead to it.
    fn hide(&mut self, parent: usize, name: &[u8]) {
        let mut below = Vec::from_iter(self.nodes.child(parent, name).map(|id| (parent, name.to_vec(), id)));
        let mut at = 0;
        while let Some((_, _, id)) = below.get(at) {
            let id = *id;
            let node = self.nodes.get(id);
            let node = node.filter(|node| !node.children.is_empty() && self.hidden.insert(id));
            let children = node.into_iter().flat_map(|node| &node.children);
            let children: Vec<_> = children.map(|(name, child)| (id, name.clone(), *child)).collect();
            below.extend(children);
            at += 1;
        }
        for (parent, name, id) in below.into_iter().rev() {
            let empty = self.nodes.get(id).is_none_or(|node| node.children.is_empty());
            let key = (parent, name);
            if let Some(directory) = self
                .nodes
                .get_mut(parent)
                .filter(|_| empty && !self.written.contains(&key))
            {
                directory.children.remove(&key.1);
            }
        }
    }

    fn hide_children(&mut self, directory: usize) {
        if !self.hidden.insert(directory) {
            return;
        }
        let names: Vec<_> = self
            .nodes
            .get(directory)
            .into_iter()
            .flat_map(|node| node.children.keys().cloned())
            .collect();
        for name in names {
            self.hide(directory, &name);
        }
    }
}

/// The digest of what the archive holds of the current entry; of a sparse file, where it has its parts counts too.
fn digest(stream: &mut LayerStream<'_>, entry: &Entry, buffer: &mut [u8]) -> Result<Digest, Error> {
    let mut hasher = Algorithm::SHA256.hasher()?;
    for segment in entry.sparse.iter().flatten() {
        hasher.update(&segment.offset.to_be_bytes());
        hasher.update(&segment.len.to_be_bytes());
    }
    loop {
        let count = stream.read(buffer)?;
        if count == 0 {
            return Ok(hasher.finish());
        }
        hasher.update(buffer.get(..count).unwrap_or_default());
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::Invalid, message)
}

const BUFFER: usize = 128 << 10;
