//! A directory as one layer.

use std::path::PathBuf;
use std::sync::Arc;

use oci_client_core::Error;
use oci_client_core::client::Content;
use oci_client_core::runtime::Runtime;
use oci_spec_types::{Annotations, Descriptor};

use crate::errors::invalid;
use crate::layer::{LayerBuilder, LayerOptions};

/// Whether a layer is a directory, which whoever pulls the artifact unpacks: it has the annotation `io.deis.oras.content.unpack: "true"`, as ORAS writes it.
///
/// On Linux, `unpack::unpack_directory` does so.
#[must_use]
pub fn is_directory(layer: &Descriptor) -> bool {
    layer.annotations.get(UNPACK) == Some("true")
}

/// The layer that holds `path` as `title`, as ORAS describes it, and its content.
pub(super) async fn archive(
    title: String,
    path: PathBuf,
    runtime: &Arc<dyn Runtime>,
) -> Result<(Descriptor, Arc<dyn Content>), Error> {
    let builder = LayerBuilder::new(LayerOptions::new().for_artifact());
    let layer = builder.with_directory(path, &title)?.build(runtime).await?;
    if let Some(socket) = layer.skipped().first() {
        return Err(invalid(format!(
            "{} is a socket, which no archive can hold",
            socket.path().display()
        )));
    }
    let described = layer
        .descriptor()
        .clone()
        .with_annotation(Annotations::TITLE, title)
        .with_annotation(DIGEST, layer.diff_id().to_string())
        .with_annotation(UNPACK, "true");
    Ok((described, layer.content().clone()))
}

/// The digest of the archive before compression.
pub(crate) const DIGEST: &str = "io.deis.oras.content.digest";

/// Says that the layer is to be unpacked.
const UNPACK: &str = "io.deis.oras.content.unpack";
