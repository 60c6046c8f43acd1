//! Layers: from files, directories and tar archives, compressed and described in one pass.
//!
//! A [`LayerBuilder`] collects what a layer is to hold and writes it as a tar archive that depends on nothing but that: entries are sorted by the bytes of their paths, and times and
//! owners are fixed unless they are [asked for](LayerOptions). So the same tree gives the same tar bytes and the same DiffID on every machine. The compressed bytes are those of a named
//! [`Compression`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
//! use oci_image_tools::layer::{LayerBuilder, LayerOptions};
//!
//! let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
//! let layer = LayerBuilder::new(LayerOptions::new())
//!     .with_bytes("etc/motd", 0o644, "hello\n")?
//!     .with_removed("etc/issue")?;
//! let layer = block_on(layer.build(&runtime))?;
//! assert_eq!(
//!     layer.diff_id().to_string(),
//!     "sha256:d2a8b49fc86cf775dc96c456aa01bbc489c4d67fd22344f2bcf876dfa4ffa5a9",
//! );
//! # Ok::<(), oci_client_core::Error>(())
//! ```

pub(crate) mod archive;
mod builder;
pub(crate) mod count;
mod entry;
mod file_data;
mod made;
mod metadata;
mod options;
mod path;
mod pax;
mod pipeline;
pub(crate) mod spool;
pub(crate) mod tar_writer;
mod walk;

#[cfg(test)]
mod tests;

pub use crate::compression::Compression;
pub use builder::{LayerBuilder, WrittenLayer};
pub use made::{Layer, SkippedFile};
pub use options::{LayerOptions, Owners, Times, source_date_epoch};
