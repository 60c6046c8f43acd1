//! A strict reader of tar archives.
//!
//! Readers of tar that differ in what they see in one archive have been a way to smuggle files past scanners. This one lists what Go's `archive/tar` lists, which is
//! what most of the field unpacks with, or fails: it never makes a guess of its own. It keeps memory bounded whatever the archive declares, and leaves it to
//! its callers what to do with names.

mod entry;
mod header;
mod numbers;
mod pax;
mod reader;
mod sparse;
#[cfg(test)]
mod tests;

pub(crate) use entry::{Entry, EntryKind, Timestamp};
pub(crate) use reader::TarReader;
pub(crate) use sparse::Segment;
