//! All files of an image as one archive, and the last of its layers as one.

use std::io::{self, Write};
use std::sync::Arc;

use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Source;
use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Descriptor, Digest};

use super::node::{Node, Nodes};
use super::plan::{Name, Plan, Planned, Step};
use super::{Tree, in_layer, merged};
use crate::layer::tar_writer::{Attributes, TarWriter};
use crate::layer_stream::{Budget, LayerStream, with_blob};
use crate::limits::ImageLimits;
use crate::path::{OPAQUE, WHITEOUT};
use crate::tar_stream::Entry;

impl Tree {
    /// Writes all files into `output`, as a tar archive that makes the same tree: whiteouts are applied, hard links, holes and extended attributes are kept. The same image gives the same
    /// bytes. Names are those of the tree: relative, without `..`, and none leads through a link; what symbolic links point to is written as it is. Directories come first, then what has no content, then files as the layers have them, each of which is read from `source` once more, unless nothing of it is left.
    ///
    /// # Errors
    /// As [`read`](Self::read); if `output` cannot be written; of kind [`TooLarge`](ErrorKind::TooLarge) if a path has more than 4,096 bytes once links are followed, or the paths together
    /// more than the limit for names; of kind [`Unsupported`](ErrorKind::Unsupported) for devices and owners that a portable archive has no numbers for.
    ///
    /// # Cancellation
    /// What was written when the future is dropped stays.
    pub async fn export<W>(&self, source: &dyn Source, output: W, runtime: Arc<dyn Runtime>) -> Result<W, Error>
    where
        W: Send + Write + 'static,
    {
        let plan = Plan::new(&Nodes::new(), &self.nodes, 0);
        let job = Job {
            layers: &self.layers,
            limits: self.limits,
            nodes: self.nodes.clone(),
            runtime: &runtime,
            source,
        };
        job.write(plan, output).await
    }
}

/// Writes an archive into `output` that does on top of the first `below` layers what all layers after them do.
pub(crate) async fn write_last_layers<W>(
    source: &dyn Source,
    layers: &[(Descriptor, Digest)],
    below: usize,
    output: W,
    runtime: &Arc<dyn Runtime>,
    limits: ImageLimits,
) -> Result<W, Error>
where
    W: Send + Write + 'static,
{
    let (base, nodes) = merged(source, layers, below, runtime, limits).await?;
    let plan = Plan::new(&base, &nodes, below);
    drop(base);
    let job = Job {
        layers,
        limits,
        nodes: Arc::new(nodes),
        runtime,
        source,
    };
    job.write(plan, output).await
}

struct Job<'a> {
    layers: &'a [(Descriptor, Digest)],
    limits: ImageLimits,
    nodes: Arc<Nodes>,
    runtime: &'a Arc<dyn Runtime>,
    source: &'a dyn Source,
}

impl Job<'_> {
    async fn write<W>(self, mut plan: Plan, output: W) -> Result<W, Error>
    where
        W: Send + Write + 'static,
    {
        let (steps, files) = (std::mem::take(&mut plan.steps), std::mem::take(&mut plan.files));
        let mut writer = Writer {
            left: self.limits.name_bytes,
            nodes: self.nodes.clone(),
            plan,
            tar: TarWriter::new(output, false),
        };
        let written = unblock(&**self.runtime, move || {
            steps
                .into_iter()
                .try_for_each(|step| writer.step(step))
                .map(|()| writer)
        });
        writer = written.await.map_err(io::Error::from)??;
        let mut budget = Budget::new(self.limits, self.runtime.clone());
        for ((layer, diff_id), mut files) in self.layers.iter().zip(files) {
            if files.is_empty() {
                continue;
            }
            let (media_type, expected) = (layer.media_type.clone(), diff_id.clone());
            let read = with_blob(self.source, &**self.runtime, layer, move |blob| {
                let mut stream = LayerStream::open(blob, &media_type, &expected, &mut budget)?;
                let mut number = 0;
                while let Some(entry) = stream.next()? {
                    if let Some(planned) = files.remove(&number) {
                        writer.file(planned, &entry, &mut stream)?;
                    }
                    number += 1;
                }
                stream.finish(&expected)?;
                Ok((writer, budget))
            });
            (writer, budget) = read.await.map_err(|error| in_layer(error, layer))?;
        }
        let finished = unblock(&**self.runtime, move || writer.tar.finish());
        finished.await.map_err(io::Error::from)?
    }
}

struct Writer<W> {
    /// How many bytes of paths may still be written.
    left: u64,
    nodes: Arc<Nodes>,
    plan: Plan,
    tar: TarWriter<W>,
}

impl<W: Write> Writer<W> {
    fn step(&mut self, step: Step) -> Result<(), Error> {
        let nodes = self.nodes.clone();
        match step {
            Step::Directory(id) => {
                let path = self.taken(self.plan.directory(id))?;
                let node = node(&nodes, id)?;
                self.tar.plain(&[&path, &b"/"[..]].concat(), &attributes(node))
            }
            Step::Hide(id) => self.whiteout(&(id, OPAQUE.to_vec())),
            Step::Link { id, name, to } => {
                let (path, target) = (self.path(&name)?, self.path(&to)?);
                self.tar.hard_link(&path, &target, &attributes(node(&nodes, id)?))
            }
            Step::Node { id, name } => {
                let path = self.path(&name)?;
                self.tar.plain(&path, &attributes(node(&nodes, id)?))
            }
            Step::Remove((directory, name)) => self.whiteout(&(directory, [WHITEOUT, &name].concat())),
        }
    }

    /// A file with its content, which is the current entry of the stream, and its further names.
    fn file(&mut self, planned: Planned, entry: &Entry, stream: &mut LayerStream<'_>) -> Result<(), Error> {
        let nodes = self.nodes.clone();
        let Planned { id, names } = planned;
        let attributes = attributes(node(&nodes, id)?);
        let mut first = None::<Vec<u8>>;
        for name in &names {
            let path = self.path(name)?;
            match &first {
                Some(first) => self.tar.hard_link(&path, first, &attributes)?,
                None => {
                    let sparse = entry.sparse.as_deref();
                    let read = |buffer: &mut [u8]| stream.read(buffer);
                    self.tar.with_content(&path, &attributes, entry.size, sparse, read)?;
                    first = Some(path);
                }
            }
        }
        Ok(())
    }

    fn whiteout(&mut self, name: &Name) -> Result<(), Error> {
        let path = self.path(name)?;
        self.tar.whiteout(&path)
    }

    fn path(&mut self, name: &Name) -> Result<Vec<u8>, Error> {
        self.taken(self.plan.path(name))
    }

    /// Counts a path: links can make many long ones of few short ones.
    fn taken(&mut self, path: Option<Vec<u8>>) -> Result<Vec<u8>, Error> {
        let too_large = |message| Error::new(ErrorKind::TooLarge, message);
        let path = path.ok_or_else(|| too_large("a path has more than 4096 bytes once links are followed"))?;
        let left = self.left.checked_sub(path.len() as u64);
        self.left = left
            .ok_or_else(|| too_large("the paths have more bytes than the limit for names once links are followed"))?;
        Ok(path)
    }
}

fn node(nodes: &Nodes, id: usize) -> Result<&Node, Error> {
    nodes
        .get(id)
        .ok_or_else(|| Error::new(ErrorKind::Misuse, "a file that was planned is not in the tree"))
}

fn attributes(node: &Node) -> Attributes<'_> {
    Attributes {
        device: node.device,
        gid: node.gid,
        kind: node.kind,
        link: &node.link,
        mode: node.mode,
        mtime: node.mtime,
        uid: node.uid,
        xattrs: &node.xattrs,
    }
}
