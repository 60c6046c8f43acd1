//! Versions of charts and their tags.

use std::cmp::Reverse;

use oci_client_core::Error;
use oci_client_core::client::Repository;
use oci_spec_types::Tag;
use semver::Version;

use crate::errors::{invalid, shown};

/// The tag of a version: the same with `_` for `+`.
///
/// ```
/// let tag = oci_image_tools::helm::tag_of_version("1.2.3+build.5")?;
/// assert_eq!(tag.as_str(), "1.2.3_build.5");
/// # Ok::<(), oci_client_core::Error>(())
/// ```
///
/// # Errors
/// If the version has a `_` itself or begins with `+`, which no semantic version does, or is no tag for another reason.
pub fn tag_of_version(version: &str) -> Result<Tag, Error> {
    let refused = || invalid(format!("`{}` is no version that a tag can stand for", shown(version)));
    if version.contains('_') || version.starts_with('+') {
        return Err(refused());
    }
    version
        .replace('+', "_")
        .parse()
        .map_err(|error| refused().with_source(error))
}

/// The version that a tag stands for: the same with `+` for `_`.
#[must_use]
pub fn version_of_tag(tag: &Tag) -> String {
    tag.as_str().replace('_', "+")
}

/// The versions of the chart in a repository, the newest first. Tags that are no strict semantic versions are left out, as Helm does.
///
/// # Errors
/// If the tags cannot be listed.
pub async fn versions(repository: &Repository) -> Result<Vec<String>, Error> {
    let tags = repository.tags().all().await?;
    let mut versions: Vec<Version> = tags
        .iter()
        .filter_map(|tag| Version::parse(&version_of_tag(tag)).ok())
        .collect();
    versions.sort_by_key(|version| Reverse(version.clone()));
    Ok(versions.iter().map(ToString::to_string).collect())
}
