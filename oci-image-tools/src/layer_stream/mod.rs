//! The entries of a layer, wherever the layer is: fetched, uncompressed, held to limits and to its DiffID.

mod blob;
mod budget;
mod compression;
mod layer;

pub(crate) use blob::with_blob;
pub(crate) use budget::Budget;
pub(crate) use layer::{LayerStream, at};
