//! The familiar form: what people type on a command line.

use super::{InvalidReference, InvalidReferenceKind, Reference, parse::Parts};
use crate::name::{RegistryHost, RepositoryName, host::LOCALHOST};

/// `default` is the host where none is written, if it is not Docker Hub.
pub(super) fn parse(text: &str, default: Option<&RegistryHost>) -> Result<Reference, InvalidReference> {
    let parts = Parts::split(text)?;
    if is_image_id(text) {
        return Err(InvalidReferenceKind::ImageId.at(0));
    }
    let host = match (parts.host, default) {
        (Some(host), _) => canonical(host.parse()?),
        (None, _) if is_host_alone(parts.path.text) => {
            return Err(InvalidReferenceKind::MissingRepository.at(0));
        }
        (None, Some(default)) => canonical(default.clone()),
        (None, None) => docker_hub(),
    };
    let repository = parts.repository.parse()?;
    let repository = if host.as_str() == DOCKER_HUB {
        under_library(repository)?
    } else {
        repository
    };
    parts.finish(host, repository)
}

/// Docker would read these as repositories on Docker Hub; nobody means that.
fn is_host_alone(text: &str) -> bool {
    let name = text.split(':').next().unwrap_or_default();
    text.starts_with('[') || (!text.contains('/') && name.eq_ignore_ascii_case(LOCALHOST))
}

/// Docker prints the ids of local images as 64 hex digits, with or without the algorithm.
fn is_image_id(text: &str) -> bool {
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    hex.len() == 64 && hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn canonical(host: RegistryHost) -> RegistryHost {
    if host.as_str() == DOCKER_HUB_INDEX {
        docker_hub()
    } else {
        host
    }
}

fn under_library(repository: RepositoryName) -> Result<RepositoryName, InvalidReference> {
    if repository.as_str().contains('/') {
        return Ok(repository);
    }
    // Two names that are valid apart are so together, except in length.
    format!("library/{repository}")
        .parse()
        .map_err(|_| InvalidReferenceKind::TooLong.at(Reference::MAX_NAME_LEN))
}

fn docker_hub() -> RegistryHost {
    DOCKER_HUB.parse().expect("the name is a valid host")
}

const DOCKER_HUB: &str = "docker.io";
const DOCKER_HUB_INDEX: &str = "index.docker.io";
