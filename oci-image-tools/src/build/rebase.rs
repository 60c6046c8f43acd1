use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{History, ImageConfig};

use super::Image;

impl Image {
    /// The image on another base: its layers above `old` are put onto those of `new`, and the history with them. How to run it stays as the image says.
    ///
    /// Nothing tells whether the layers fit their new base.
    ///
    /// # Errors
    /// Of kind [`Invalid`](ErrorKind::Invalid) if the image does not begin with the layers of `old`, if `new` is for another operating system or architecture, or is written in another
    /// [format](super::ImageFormat).
    pub fn rebase(self, old: &Self, new: &Self) -> Result<Self, Error> {
        let invalid = |message: &str| Err(Error::new(ErrorKind::Invalid, message));
        let (config, old, onto) = (self.config.value(), old.config.value(), new.config.value());
        let below = old.rootfs.diff_ids.len();
        if !config.rootfs.diff_ids.starts_with(&old.rootfs.diff_ids) {
            return invalid("the image does not begin with the layers of its old base");
        }
        let platform = |config: &ImageConfig| (config.os.clone(), config.architecture.clone());
        if platform(config) != platform(onto) {
            return invalid("the new base is for another platform");
        }
        let base = new.manifest.value();
        if super::convert::format_of(base) != super::convert::format_of(self.manifest.value()) {
            return invalid("the new base is in another format; convert one of them first");
        }
        let history = joined(onto, above(config, below));
        let mut edit = self.edit();
        let (manifest, config, origins) = edit.parts();
        manifest.layers.splice(..below, base.layers.iter().cloned());
        config
            .rootfs
            .diff_ids
            .splice(..below, onto.rootfs.diff_ids.iter().cloned());
        config.history = history;
        config.variant.clone_from(&onto.variant);
        config.os_version.clone_from(&onto.os_version);
        config.os_features.clone_from(&onto.os_features);
        origins.extend(&new.origins);
        edit.finish()
    }
}

/// The history of a base and what came after it, in step with the layers even if the base tells nothing.
fn joined(base: &ImageConfig, after: Vec<History>) -> Vec<History> {
    let told = base.history.iter().filter(|step| step.has_layer()).count();
    let missing = base.rootfs.diff_ids.len().saturating_sub(told);
    let filler = std::iter::repeat_n(History::default(), missing);
    base.history.iter().cloned().chain(filler).chain(after).collect()
}

/// The steps after those of the first `below` layers, one for each layer that there is.
fn above(config: &ImageConfig, below: usize) -> Vec<History> {
    let mut seen: usize = 0;
    let after = config.history.iter().skip_while(|step| {
        let is_below = seen < below;
        seen = seen.saturating_add(usize::from(step.has_layer()));
        is_below
    });
    let mut after: Vec<History> = after.cloned().collect();
    let told = after.iter().filter(|step| step.has_layer()).count();
    let layers = config.rootfs.diff_ids.len().saturating_sub(below);
    after.extend(std::iter::repeat_n(History::default(), layers.saturating_sub(told)));
    after
}
