use oci_client_core::{Error, ErrorKind};
use oci_spec_types::{Annotations, Descriptor, ExecutionConfig, Extra, History, ImageConfig, ImageManifest, Platform};

use super::Image;
use super::origins::Origins;
use super::patch::patched;
use crate::layer::Layer;

/// Changes to an image, made by [`Image::edit`]. They take effect in [`finish`](Self::finish), all at once.
#[derive(Clone)]
#[must_use]
pub struct ImageEdit {
    config: ImageConfig,
    image: Image,
    manifest: ImageManifest,
    origins: Origins,
}

impl ImageEdit {
    pub(super) fn new(image: Image) -> Self {
        Self {
            config: image.config.value().clone(),
            manifest: image.manifest.value().clone(),
            origins: image.origins.clone(),
            image,
        }
    }

    /// Sets an annotation of the manifest.
    pub fn annotation(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.manifest.annotations.insert(name, value);
        self
    }

    /// Puts a layer on top; `created_by` says in the history how it came to be. It gets the time that the image has been created, so set that first.
    ///
    /// Where the history had fewer steps than there were layers, empty steps stand for those that are missing.
    pub fn append(mut self, layer: &Layer, created_by: impl Into<String>) -> Self {
        let (layers, steps) = (self.config.rootfs.diff_ids.len(), &mut self.config.history);
        let told = steps.iter().filter(|step| step.has_layer()).count();
        steps.extend((told..layers).map(|_| History::default()));
        let mut step = History::default();
        step.created.clone_from(&self.config.created);
        step.created_by = Some(created_by.into());
        steps.push(step);
        self.config.rootfs.diff_ids.push(layer.diff_id().clone());
        self.manifest.layers.push(self.in_format(layer.descriptor().clone()));
        self.origins
            .insert_content(&layer.descriptor().digest, layer.content().clone());
        self
    }

    /// Names the image that this one is based on, in the annotations that the specification has for it.
    pub fn base(self, name: impl Into<String>, base: &Image) -> Self {
        let digest = base.digest().to_string();
        self.annotation(Annotations::BASE_NAME, name)
            .annotation(Annotations::BASE_DIGEST, digest)
    }

    /// Sets the arguments that follow the entrypoint, or the whole command line where there is none.
    pub fn cmd(self, arguments: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.running(|config| config.cmd = Some(arguments.into_iter().map(Into::into).collect()))
    }

    /// Changes whatever else a configuration has. Layers and history are to stay in step: [`finish`](Self::finish) looks.
    pub fn config(mut self, change: impl FnOnce(&mut ImageConfig)) -> Self {
        change(&mut self.config);
        self
    }

    /// Sets when the image was created, as RFC 3339 text.
    pub fn created(mut self, created: impl Into<String>) -> Self {
        self.config.created = Some(created.into());
        self
    }

    /// Sets the start of the command line. Arguments of the base that followed its own entrypoint are dropped, as they were not meant for this one.
    pub fn entrypoint(self, command: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.running(|config| {
            config.entrypoint = Some(command.into_iter().map(Into::into).collect());
            config.cmd = None;
        })
    }

    /// Sets a variable of the environment, in the place of one of that name if there is one.
    pub fn env(self, name: &str, value: &str) -> Self {
        self.running(|config| {
            let variable = format!("{name}={value}");
            let of_name = |other: &&mut String| other.split_once('=').is_some_and(|(other, _)| other == name);
            match config.env.iter_mut().rfind(of_name) {
                Some(other) => *other = variable,
                None => config.env.push(variable),
            }
        })
    }

    /// Adds a port that the image serves, such as `80/tcp`.
    pub fn exposed_port(self, port: impl Into<String>) -> Self {
        self.running(|config| {
            config.exposed_ports.entry(port.into()).or_insert_with(Extra::new);
        })
    }

    /// Sets a label of the configuration.
    pub fn label(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.running(|config| {
            config.labels.insert(name, value);
        })
    }

    /// Sets what the image runs on.
    pub fn platform(mut self, platform: Platform) -> Self {
        self.config.architecture = platform.architecture;
        self.config.os = platform.os;
        self.config.os_version = platform.os_version;
        self.config.os_features = platform.os_features;
        self.config.variant = platform.variant;
        self
    }

    /// Sets the user, and the group after a colon, to run as.
    pub fn user(self, user: impl Into<String>) -> Self {
        self.running(|config| config.user = Some(user.into()))
    }

    /// Removes an annotation of the manifest.
    pub fn without_annotation(mut self, name: &str) -> Self {
        self.manifest.annotations.remove(name);
        self
    }

    /// Removes a label of the configuration.
    pub fn without_label(self, name: &str) -> Self {
        self.running(|config| {
            config.labels.remove(name);
        })
    }

    /// Sets the directory to start in.
    pub fn working_dir(self, path: impl Into<String>) -> Self {
        self.running(|config| config.working_dir = Some(path.into()))
    }

    /// The changed image; the same one if nothing is another.
    ///
    /// # Errors
    /// Of kind [`Invalid`](ErrorKind::Invalid) if there are more or fewer layers than DiffIDs, or than steps of a history that is there, or if a document would be over its limits.
    pub fn finish(mut self) -> Result<Image, Error> {
        self.check()?;
        let config = patched(&self.image.config, &self.config)?;
        if config.digest() != self.image.config.digest() {
            self.manifest.config.digest = config.digest().clone();
            self.manifest.config.size = config.bytes().len() as u64;
            // It held the configuration as it was.
            self.manifest.config.data = None;
        }
        let manifest = patched(&self.image.manifest, &self.manifest)?;
        Ok(Image::new(manifest, config, self.origins))
    }

    pub(super) fn parts(&mut self) -> (&mut ImageManifest, &mut ImageConfig, &mut Origins) {
        (&mut self.manifest, &mut self.config, &mut self.origins)
    }

    fn check(&self) -> Result<(), Error> {
        let invalid = |message| Error::new(ErrorKind::Invalid, message);
        let layers = self.config.layers_of(&self.manifest);
        let layers = layers.map_err(|error| invalid("the layers are out of step".to_owned()).with_source(error))?;
        let (layers, history) = (layers.len(), &self.config.history);
        let told = history.iter().filter(|step| step.has_layer()).count();
        let as_found = *history == self.image.config.value().history;
        if history.is_empty() || told == layers || as_found {
            return Ok(());
        }
        Err(invalid(format!(
            "the history tells of {told} layers, but there are {layers}"
        )))
    }

    fn running(mut self, change: impl FnOnce(&mut ExecutionConfig)) -> Self {
        change(self.config.config.get_or_insert_default());
        self
    }

    /// A new layer in a Docker image has a Docker type.
    fn in_format(&self, layer: Descriptor) -> Descriptor {
        super::convert::format_of(&self.manifest).layer(layer)
    }
}
