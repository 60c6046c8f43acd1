//! A chart in a registry.

use std::path::{Path, PathBuf};

use oci_client_core::Error;
use oci_client_core::runtime::Runtime;
use oci_client_core::store::{Source, save_blob};
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, TagOrDigest};

use super::metadata::ChartMetadata;
use super::{CHART, CONFIG, LEGACY_CHART, MAX_PROVENANCE_LEN, PROVENANCE};
use crate::errors::{invalid, shown, too_large, unsupported};
use crate::transfer;

/// A chart that was found in a registry or another store, whoever has pushed it.
#[derive(Clone, Debug)]
pub struct RemoteChart {
    chart: Descriptor,
    document: Document<AnyManifest>,
    metadata: ChartMetadata,
    provenance: Option<Descriptor>,
}

impl RemoteChart {
    /// Looks at what a tag or digest stands for, and reads what the chart says of itself.
    ///
    /// # Errors
    /// Of kind [`Unsupported`](oci_client_core::ErrorKind::Unsupported) if it is no chart, [`Invalid`](oci_client_core::ErrorKind::Invalid) if it is not laid out as one or
    /// its name or version are none.
    pub async fn find(source: &dyn Source, target: &TagOrDigest) -> Result<Self, Error> {
        let document = source.manifest(target).await?;
        let manifest = chart_manifest(document.value(), target)?;
        let chart = only(manifest, &[CHART, LEGACY_CHART])?
            .ok_or_else(|| invalid(format!("{target} has the configuration of a chart and no chart")))?
            .clone();
        let provenance = only(manifest, &[PROVENANCE])?.cloned();
        if let Some(size) = provenance
            .as_ref()
            .map(|layer| layer.size)
            .filter(|size| *size > MAX_PROVENANCE_LEN)
        {
            return Err(too_large(format!(
                "the provenance has {size} bytes: the limit is {MAX_PROVENANCE_LEN}"
            )));
        }
        let json = transfer::read(source, &manifest.config, MAX_CONFIG_LEN, "the chart's configuration").await?;
        Ok(Self {
            chart,
            metadata: ChartMetadata::from_json(&json)?,
            provenance,
            document,
        })
    }

    /// Where the archive of the chart is.
    #[must_use]
    pub const fn chart(&self) -> &Descriptor {
        &self.chart
    }

    /// The manifest.
    #[must_use]
    pub const fn document(&self) -> &Document<AnyManifest> {
        &self.document
    }

    /// What the chart says of itself.
    #[must_use]
    pub const fn metadata(&self) -> &ChartMetadata {
        &self.metadata
    }

    /// Where the provenance is, of a chart that is signed.
    #[must_use]
    pub const fn provenance(&self) -> Option<&Descriptor> {
        self.provenance.as_ref()
    }

    /// Saves the chart in `folder` as `NAME-VERSION.tgz`, and its provenance as `NAME-VERSION.tgz.prov`, as Helm calls them. Each file gets its name once
    /// its content is verified, and replaces another of the name. The provenance is not verified: `helm verify` does that.
    ///
    /// # Errors
    /// If something cannot be read or written.
    ///
    /// # Cancellation
    /// A dropped future may leave the chart without its provenance.
    pub async fn save(
        &self,
        source: &dyn Source,
        folder: impl AsRef<Path>,
        runtime: &dyn Runtime,
    ) -> Result<SavedChart, Error> {
        let file_name = format!("{}-{}.tgz", self.metadata.name(), self.metadata.version());
        let chart = folder.as_ref().join(&file_name);
        save_blob(source, &self.chart, &chart, runtime).await?;
        let mut provenance = None;
        if let Some(layer) = &self.provenance {
            let path = folder.as_ref().join(format!("{file_name}.prov"));
            save_blob(source, layer, &path, runtime).await?;
            provenance = Some(path);
        }
        Ok(SavedChart { chart, provenance })
    }
}

/// The files of a chart that was saved.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct SavedChart {
    /// The archive.
    pub chart: PathBuf,
    /// The provenance, of a chart that is signed.
    pub provenance: Option<PathBuf>,
}

fn chart_manifest<'a>(document: &'a AnyManifest, target: &TagOrDigest) -> Result<&'a ImageManifest, Error> {
    let Some(manifest) = document.as_image() else {
        return Err(unsupported(format!("{target} is an index and no chart")));
    };
    let kind = &manifest.config.media_type;
    match *kind == CONFIG {
        true => Ok(manifest),
        false => Err(unsupported(format!(
            "{target} is no chart but {}",
            shown(kind.as_str())
        ))),
    }
}

/// The layer of these types, wherever it stands: Helm does not keep an order.
fn only<'a>(manifest: &'a ImageManifest, types: &[MediaType]) -> Result<Option<&'a Descriptor>, Error> {
    let mut layers = manifest.layers.iter().filter(|layer| types.contains(&layer.media_type));
    let first = layers.next();
    match layers.next() {
        None => Ok(first),
        Some(second) => Err(invalid(format!(
            "the chart has more than one layer of type {}",
            shown(second.media_type.as_str())
        ))),
    }
}

/// The most bytes of a configuration: 1 MiB.
const MAX_CONFIG_LEN: u64 = 1 << 20;
