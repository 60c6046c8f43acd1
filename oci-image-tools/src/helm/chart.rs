//! A chart in a file, to be pushed.

use std::io;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use oci_client_core::Error;
use oci_client_core::client::FileContent;
use oci_client_core::runtime::{Runtime, unblock};
use oci_client_core::store::Target;
use oci_spec_types::{Annotations, AnyManifest, Descriptor, Document, Reference, Tag};

use super::metadata::ChartMetadata;
use super::version::tag_of_version;
use super::{CHART, CONFIG, MAX_PROVENANCE_LEN, PROVENANCE, archive};
use crate::errors::{invalid, too_large};
use crate::pack::Pack;

/// A packaged chart: a file that `helm package` wrote, with its provenance where it is signed.
#[derive(Clone, Debug)]
pub struct Chart {
    content: FileContent,
    created: Option<String>,
    layer: Descriptor,
    metadata: ChartMetadata,
    provenance: Option<Bytes>,
}

impl Chart {
    /// Reads the archive of a chart once, to find out its name and version and to describe it. Its content is not held in memory.
    ///
    /// # Errors
    /// If the file is not a gzip-compressed tar archive of up to 100 MiB with one `*/Chart.yaml` of up to 1 MiB that [can be read](ChartMetadata::from_yaml).
    pub async fn open(path: impl AsRef<Path>, runtime: &Arc<dyn Runtime>) -> Result<Self, Error> {
        let path = path.as_ref().to_owned();
        let content = FileContent::new(&path, runtime.clone());
        let metadata = unblock(&**runtime, move || archive::read(&path)).await;
        Ok(Self {
            layer: content.describe(CHART).await?,
            content,
            created: None,
            metadata: metadata.map_err(io::Error::from)??,
            provenance: None,
        })
    }

    /// The same with the time of its manifest, as RFC 3339 text. Without one, equal charts make equal artifacts.
    #[must_use]
    pub fn with_created(mut self, time: impl Into<String>) -> Self {
        self.created = Some(time.into());
        self
    }

    /// The same with its provenance: the content of the `.prov` file, which is not verified here.
    ///
    /// # Errors
    /// If it is larger than 1 MiB or does not name the digest of this chart.
    pub fn with_provenance(mut self, provenance: impl Into<Bytes>) -> Result<Self, Error> {
        let provenance = provenance.into();
        if provenance.len() as u64 > MAX_PROVENANCE_LEN {
            let size = provenance.len();
            return Err(too_large(format!(
                "a provenance file of {size} bytes: the limit is {MAX_PROVENANCE_LEN}"
            )));
        }
        let digest = self.layer.digest.to_string();
        if !provenance
            .windows(digest.len())
            .any(|window| window == digest.as_bytes())
        {
            return Err(invalid(format!(
                "the provenance does not name {digest}: it is that of another chart, or the chart was packaged anew"
            )));
        }
        self.provenance = Some(provenance);
        Ok(self)
    }

    /// What the chart says of itself.
    #[must_use]
    pub const fn metadata(&self) -> &ChartMetadata {
        &self.metadata
    }

    /// Where Helm would push it below `parent`, such as `registry.example.com/charts`: its name is appended to the path, its version is the tag.
    ///
    /// # Errors
    /// If `parent` has a tag or digest, or the name of the chart is none for a repository.
    pub fn reference(&self, parent: &Reference) -> Result<Reference, Error> {
        if parent.target().is_some() {
            return Err(invalid(format!(
                "give {parent} without tag and digest: the chart's version becomes the tag"
            )));
        }
        let name = self.metadata.name();
        let text = format!("{}/{}/{name}:{}", parent.host(), parent.repository(), self.tag()?);
        text.parse()
            .map_err(|error| invalid(format!("the chart's name `{name}` is none for a repository")).with_source(error))
    }

    /// The tag of its version.
    ///
    /// # Errors
    /// None for a chart that could be opened.
    pub fn tag(&self) -> Result<Tag, Error> {
        tag_of_version(self.metadata.version())
    }

    /// Pushes the chart under the tag of its version. Helm finds it if `target` is the repository of [`reference`](Self::reference).
    ///
    /// # Errors
    /// As [`Pack::push`].
    pub async fn push(&self, target: &dyn Target) -> Result<Document<AnyManifest>, Error> {
        let mut pack = Pack::configured(CONFIG, self.metadata.to_json().into())
            .with_content(self.layer.clone(), Arc::new(self.content.clone()));
        if let Some(provenance) = &self.provenance {
            let layer = Descriptor::of(PROVENANCE, provenance);
            pack = pack.with_content(layer, Arc::new(provenance.clone()));
        }
        if let Some(created) = &self.created {
            pack = pack.with_annotation(Annotations::CREATED, created);
        }
        for (name, value) in self.metadata.manifest_annotations() {
            pack = pack.with_annotation(name, value);
        }
        pack.push(target, Some(&self.tag()?)).await
    }
}
