//! The entries of a layer, wherever the layer is: fetched, uncompressed, held to limits and to its DiffID.

mod blob;
mod budget;
mod layer;
#[cfg(test)]
mod tests;
mod uncompressed;

pub(crate) use blob::{BlobStream, with_blob, with_content};
pub(crate) use budget::Budget;
pub(crate) use layer::{LayerStream, at};
pub(crate) use uncompressed::Uncompressed;
