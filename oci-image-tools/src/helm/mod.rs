//! Helm charts in registries, as `helm push` writes them and `helm pull` reads them ([Helm, OCI support]).
//!
//! A chart lies in the repository that ends in its name, under its version as the tag; a tag has no `+`, so there it is `_`. [`Chart`] is pushed, [`RemoteChart`] is found
//! and saved, [`versions`] are listed.
//!
//! [Helm, OCI support]: https://helm.sh/docs/topics/registries/

mod archive;
mod chart;
mod metadata;
mod remote;
mod version;

use oci_spec_types::MediaType;

pub use self::chart::Chart;
pub use self::metadata::{ChartDependency, ChartMaintainer, ChartMetadata};
pub use self::remote::{RemoteChart, SavedChart};
pub use self::version::{tag_of_version, version_of_tag, versions};

const CHART: MediaType = MediaType::from_static("application/vnd.cncf.helm.chart.content.v1.tar+gzip");
const CONFIG: MediaType = MediaType::from_static("application/vnd.cncf.helm.config.v1+json");
/// What charts were called once.
const LEGACY_CHART: MediaType = MediaType::from_static("application/tar+gzip");
const PROVENANCE: MediaType = MediaType::from_static("application/vnd.cncf.helm.chart.provenance.v1.prov");
/// The most bytes of a provenance file: 1 MiB.
const MAX_PROVENANCE_LEN: u64 = 1 << 20;
