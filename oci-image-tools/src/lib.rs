//! Container images and artifacts, on top of the stores and the client of [`oci_client_core`].
//!
//! - [`archive`]: OCI archives and what `docker save` writes, as sources and targets.
//! - [`attach`]: signatures, SBOMs and other artifacts about a manifest, attached and found again.
//! - [`build`]: images from scratch or from others, changed, rebased, recompressed, converted; indexes of them.
//! - [`classify`]: what kind of artifact a manifest is.
#![cfg_attr(feature = "helm", doc = "- [`helm`]: Helm charts.")]
//! - [`layer`]: layers from files, directories and tar archives, the same bytes on every machine.
//! - [`location`]: where an image is, as tools write it: `oci:DIR:TAG`, `docker-archive:FILE`, a plain reference.
//! - [`objects`]: small objects by key, in a repository.
//! - [`pack`]: artifacts of files, directories and bytes, as ORAS and others write them.
//! - [`tree`]: the files of an image: list them, read one, compare two images, without unpacking.
//! - [`unpack`]: an image as a directory (on Linux).
//! - [`validate`]: whether an image is what it says, in its store.
//! - [`wasm`]: WebAssembly modules and components.

pub mod archive;
pub mod attach;
pub mod build;
pub mod classify;
#[cfg(feature = "helm")]
pub mod helm;
pub mod layer;
pub mod location;
pub mod objects;
pub mod pack;
pub mod tree;
#[cfg(target_os = "linux")]
pub mod unpack;
pub mod validate;
pub mod wasm;

mod compression;
mod errors;
#[cfg(test)]
mod hostile;
mod image;
mod layer_stream;
mod limits;
mod path;
mod tar_stream;
mod transfer;

pub use limits::ImageLimits;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
