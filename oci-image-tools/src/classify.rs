//! What kind of artifact a manifest is.

#[cfg(test)]
mod tests;

use std::fmt;

use oci_spec_types::{AnyManifest, Descriptor, ImageManifest, MediaType};

/// The kind of a manifest, by the conventions of those who write them.
///
/// What it says of itself counts first: its artifact type, then the type of its configuration, then the types of its layers. Nothing is fetched, and nothing is
/// checked: anybody can write a manifest that calls itself a signature.
///
/// ```
/// use oci_image_tools::classify::{ArtifactKind, classify};
/// use oci_spec_types::{AnyManifest, ImageManifest, MediaType};
///
/// let sbom = ImageManifest::artifact(MediaType::from_static("application/spdx+json"), vec![]);
/// assert_eq!(classify(&AnyManifest::Image(sbom)), ArtifactKind::Sbom);
/// ```
#[must_use]
pub fn classify(manifest: &AnyManifest) -> ArtifactKind {
    match manifest {
        AnyManifest::Image(manifest) => of_image(manifest),
        AnyManifest::Index(index) => match index.artifact_type.as_ref() {
            Some(artifact_type) => ArtifactKind::of_type(artifact_type).unwrap_or(ArtifactKind::Index),
            None => ArtifactKind::Index,
        },
    }
}

/// What a manifest is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ArtifactKind {
    /// Statements of BuildKit about an image that it has built.
    BuildKitAttestation,
    /// Signatures or attestations of cosign, as bundles or under tags of its own.
    Cosign,
    /// Sources for Flux.
    Flux,
    /// An artifact of no kind that is known here.
    Generic,
    /// A Helm chart.
    HelmChart,
    /// A plugin of Helm.
    HelmPlugin,
    /// A container image.
    Image,
    /// An index of manifests.
    Index,
    /// Statements in the in-toto format.
    InToto,
    /// A machine learning model.
    Model,
    /// A signature of the Notary Project.
    Notation,
    /// A bill of materials: SPDX, CycloneDX or Syft's.
    Sbom,
    /// A WebAssembly module or component, or an application of several.
    Wasm,
}

impl ArtifactKind {
    /// The kind that a media type names where it is an artifact type, as in a list of referrers, or the type of a configuration. `None` if it is none of those known here.
    #[must_use]
    pub fn of_type(media_type: &MediaType) -> Option<Self> {
        let text = media_type.as_str();
        let exact = EXACT.iter().find(|(name, _)| *name == text);
        let known = exact.or_else(|| PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)));
        known.map(|(_, kind)| *kind)
    }

    /// Its name for programs: `helm-chart`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BuildKitAttestation => "buildkit-attestation",
            Self::Cosign => "cosign",
            Self::Flux => "flux",
            Self::Generic => "generic",
            Self::HelmChart => "helm-chart",
            Self::HelmPlugin => "helm-plugin",
            Self::Image => "image",
            Self::Index => "index",
            Self::InToto => "in-toto",
            Self::Model => "model",
            Self::Notation => "notation",
            Self::Sbom => "sbom",
            Self::Wasm => "wasm",
        }
    }
}

impl fmt::Display for ArtifactKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

fn of_image(manifest: &ImageManifest) -> ArtifactKind {
    let named = manifest.artifact_type.as_ref().and_then(ArtifactKind::of_type);
    let named = named.or_else(|| ArtifactKind::of_type(&manifest.config.media_type));
    if let Some(kind) = named {
        return kind;
    }
    if let Some(kind) = of_layers(manifest) {
        return kind;
    }
    match manifest.artifact_type.is_none() && manifest.config.media_type.is_image_config() {
        true => ArtifactKind::Image,
        false => ArtifactKind::Generic,
    }
}

/// What the layers tell where the manifest and its configuration do not.
fn of_layers(manifest: &ImageManifest) -> Option<ArtifactKind> {
    let layers = &manifest.layers;
    let first = layers.first()?;
    if manifest.annotations.get(WASM_VARIANT) == Some("compat") {
        return Some(ArtifactKind::Wasm);
    }
    if first.media_type == IN_TOTO && layers.iter().all(is_statement) && manifest.config.media_type.is_image_config() {
        return Some(ArtifactKind::BuildKitAttestation);
    }
    if first.media_type == DSSE && first.annotations.get(COSIGN_SIGNATURE).is_some() {
        return Some(ArtifactKind::Cosign);
    }
    // A bundle of files in which an SBOM or statement is one of several is not itself one.
    let of_all = LAYERS.iter().find(|(prefix, kind)| {
        let has = |layer: &Descriptor| layer.media_type.as_str().starts_with(prefix);
        match kind {
            ArtifactKind::InToto | ArtifactKind::Sbom => layers.iter().all(has),
            _ => layers.iter().any(has),
        }
    });
    of_all.map(|(_, kind)| *kind)
}

fn is_statement(layer: &Descriptor) -> bool {
    layer.media_type == IN_TOTO && layer.annotations.get(PREDICATE).is_some()
}

const COSIGN_SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const DSSE: MediaType = MediaType::from_static("application/vnd.dsse.envelope.v1+json");
const IN_TOTO: MediaType = MediaType::from_static("application/vnd.in-toto+json");
const PREDICATE: &str = "in-toto.io/predicate-type";
const WASM_VARIANT: &str = "module.wasm.image/variant";

/// Types that are artifact types or types of configurations, as they are.
const EXACT: &[(&str, ArtifactKind)] = &[
    ("application/spdx+json", ArtifactKind::Sbom),
    ("application/vnd.cncf.flux.config.v1+json", ArtifactKind::Flux),
    ("application/vnd.cncf.helm.config.v1+json", ArtifactKind::HelmChart),
    ("application/vnd.cncf.notary.signature", ArtifactKind::Notation),
    (
        "application/vnd.docker.attestation.manifest.v1+json",
        ArtifactKind::BuildKitAttestation,
    ),
    ("application/vnd.dsse.envelope.v1+json", ArtifactKind::InToto),
    ("application/vnd.helm.plugin.v1+json", ArtifactKind::HelmPlugin),
    ("application/wasm", ArtifactKind::Wasm),
];

/// The beginnings of such types, of which there are several versions.
const PREFIXES: &[(&str, ArtifactKind)] = &[
    ("application/spdx", ArtifactKind::Sbom),
    ("application/vnd.cncf.flux.", ArtifactKind::Flux),
    ("application/vnd.cncf.model.", ArtifactKind::Model),
    ("application/vnd.cyclonedx", ArtifactKind::Sbom),
    ("application/vnd.dev.cosign.", ArtifactKind::Cosign),
    ("application/vnd.dev.sigstore.bundle", ArtifactKind::Cosign),
    ("application/vnd.docker.ai.", ArtifactKind::Model),
    ("application/vnd.fermyon.spin.application.", ArtifactKind::Wasm),
    ("application/vnd.in-toto", ArtifactKind::InToto),
    ("application/vnd.kitops.modelkit.", ArtifactKind::Model),
    ("application/vnd.module.wasm.config.", ArtifactKind::Wasm),
    ("application/vnd.syft+json", ArtifactKind::Sbom),
    ("application/vnd.wasm.config.", ArtifactKind::Wasm),
    ("application/vnd.wasmcloud.", ArtifactKind::Wasm),
    ("text/spdx", ArtifactKind::Sbom),
];

/// The beginnings of the types of layers.
const LAYERS: &[(&str, ArtifactKind)] = &[
    ("application/vnd.dev.cosign.simplesigning.", ArtifactKind::Cosign),
    ("application/vnd.cncf.helm.chart.content.", ArtifactKind::HelmChart),
    ("application/vnd.cncf.flux.content.", ArtifactKind::Flux),
    ("application/vnd.cncf.model.", ArtifactKind::Model),
    ("application/vnd.docker.ai.", ArtifactKind::Model),
    ("application/vnd.kitops.modelkit.", ArtifactKind::Model),
    ("application/wasm", ArtifactKind::Wasm),
    ("application/vnd.wasm.content.", ArtifactKind::Wasm),
    ("application/vnd.module.wasm.content.", ArtifactKind::Wasm),
    (
        "application/vnd.bytecodealliance.wasm.component.layer.",
        ArtifactKind::Wasm,
    ),
    ("application/vnd.fermyon.spin.application.", ArtifactKind::Wasm),
    ("application/vnd.in-toto", ArtifactKind::InToto),
    ("application/vnd.dsse.envelope.", ArtifactKind::InToto),
    ("application/spdx", ArtifactKind::Sbom),
    ("application/vnd.cyclonedx", ArtifactKind::Sbom),
    ("application/vnd.syft+json", ArtifactKind::Sbom),
    ("text/spdx", ArtifactKind::Sbom),
];
