//! Images and indexes: made from scratch, or of others that any [`Source`](oci_client_core::store::Source) has.
//!
//! An [`Image`] is a manifest and a configuration, with the places where its layers lie. It is a source itself: [`copy`](oci_client_core::store::copy) or [`Image::put_to`] stores it,
//! and layers that the target's registry has already are mounted or left out as ever. Nothing is fetched before that but the two documents.
//!
//! What a change does not touch keeps its bytes: fields and entries of the documents that stay the same are taken over as text, also those that no specification knows, and an image
//! that is not changed keeps its digest.
//!
//! ```
//! use std::sync::Arc;
//!
//! use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on};
//! use oci_client_core::store::MemoryStore;
//! use oci_image_tools::build::Image;
//! use oci_image_tools::layer::{LayerBuilder, LayerOptions};
//!
//! let runtime: Arc<dyn Runtime> = Arc::new(ThreadRuntime::new());
//! let layer = LayerBuilder::new(LayerOptions::new()).with_bytes("hello", 0o755, "#!/bin/sh\n")?;
//! let layer = block_on(layer.build(&runtime))?;
//!
//! let image = Image::scratch("linux/amd64".parse()?)?
//!     .edit()
//!     .append(&layer, "hello")
//!     .entrypoint(["/hello"])
//!     .env("LANG", "C.UTF-8")
//!     .label("org.opencontainers.image.title", "hello")
//!     .finish()?;
//! let store = MemoryStore::new();
//! block_on(image.put_to(&store, Some(&"1.0".parse()?)))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod convert;
mod edit;
mod flatten;
mod image;
mod index;
mod origins;
mod patch;
mod rebase;
mod recompress;

#[cfg(test)]
mod tests;

pub use convert::ImageFormat;
pub use edit::ImageEdit;
pub use image::Image;
pub use index::{Index, IndexEdit};
