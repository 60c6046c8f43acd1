//! The familiar form: what people type on a command line.

use std::sync::LazyLock;

use super::{
    InvalidReference, InvalidReferenceKind, Reference,
    parse::{Part, Parts},
};
use crate::name::{RegistryHost, RepositoryName, host::LOCALHOST};

/// `default` is the host where none is written, if it is not Docker Hub.
pub(super) fn parse(text: &str, default: Option<&RegistryHost>) -> Result<Reference, InvalidReference> {
    let parts = Parts::split(text)?;
    if is_image_id(text) {
        return Err(InvalidReferenceKind::ImageId.at(0));
    }
    let host = match (parts.host, default) {
        (Some(host), _) => canonical(host.parse()?),
        (None, _) if is_host_alone(parts.path.text, parts.repository.text) => {
            return Err(InvalidReferenceKind::MissingRepository.at(0));
        }
        (None, Some(default)) => canonical(default.clone()),
        (None, None) => HUB.clone(),
    };
    let repository = if host.as_str() == DOCKER_HUB {
        on_docker_hub(parts.repository)?
    } else {
        parts.repository.parse()?
    };
    parts.finish(host, repository)
}

/// Docker would read these as repositories on Docker Hub; nobody means that. `name` is `path` without a tag.
fn is_host_alone(path: &str, name: &str) -> bool {
    path.starts_with('[') || name.eq_ignore_ascii_case(LOCALHOST)
}

/// Docker prints the ids of local images as 64 hex digits, with or without the algorithm.
fn is_image_id(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn canonical(host: RegistryHost) -> RegistryHost {
    if host.as_str() == DOCKER_HUB_INDEX {
        HUB.clone()
    } else {
        host
    }
}

fn on_docker_hub(name: Part<'_>) -> Result<RepositoryName, InvalidReference> {
    if name.text.contains('/') {
        return name.parse();
    }
    let in_library = RepositoryName::in_library(name.text);
    in_library
        .map_err(|error| InvalidReference::from(error).after(name.offset))?
        // Two names that are valid apart are so together, except in length.
        .ok_or(InvalidReferenceKind::TooLong.at(Reference::MAX_NAME_LEN))
}

const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_INDEX: &str = "index.docker.io";

/// Clones share it, and it is parsed once: most of what people type means it.
static HUB: LazyLock<RegistryHost> = LazyLock::new(|| DOCKER_HUB.parse().expect("the name is a valid host"));
