use std::io;
use std::sync::Arc;

use oci_spec_types::{Digest, RepositoryName, Tag};

use super::super::Page;
use super::files::{self, At};
use super::paths::{RepositoryPath, tag_of_file};
use super::store::Store;

impl Store {
    pub(super) fn tag(&self, repository: &RepositoryName, tag: &Tag) -> io::Result<Option<Digest>> {
        let path = self.repository(repository).tag(tag);
        files::read(&path)?
            .map(|content| digest(&content).at(&path))
            .transpose()
    }

    pub(super) fn tags(
        &self,
        repository: &RepositoryName,
        after: Option<&str>,
        size: usize,
    ) -> io::Result<Option<Page<Tag>>> {
        let path = self.repository(repository);
        if !path.exists()? {
            return Ok(None);
        }
        let changes = self.changes(repository);
        let known = self.listing.find(repository, changes);
        let tags = known.map_or_else(|| sorted(&path), Ok)?;
        let start = after.map_or(0, |after| tags.partition_point(|tag| tag.as_str() <= after));
        let page = Page::first(tags.iter().skip(start).cloned(), size);
        if page.has_more() {
            self.listing.keep(repository.clone(), changes, tags);
        }
        Ok(Some(page))
    }

    /// Points tags to a manifest. The caller holds the repository's lock.
    pub(super) fn set_tags(&self, path: &RepositoryPath, tags: &[Tag], target: &Digest) -> io::Result<()> {
        for tag in tags {
            self.replace(&path.tag(tag), &[target.to_string().as_bytes()])?;
        }
        if tags.is_empty() {
            Ok(())
        } else {
            self.durability().directory(&path.tags())
        }
    }

    /// Deletes a tag. The caller holds the repository's lock.
    pub(super) fn delete_tag(&self, path: &RepositoryPath, tag: &Tag) -> io::Result<bool> {
        let removed = files::remove(&path.tag(tag))?;
        if removed {
            self.durability().directory(&path.tags())?;
        }
        Ok(removed)
    }

    /// Deletes every tag that points to a manifest. The caller holds the repository's lock.
    pub(super) fn delete_tags_of(&self, path: &RepositoryPath, target: &Digest) -> io::Result<()> {
        let target = target.to_string();
        let mut removed = false;
        for name in files::names(&path.tags())? {
            let file = path.tags().join(name);
            if files::read(&file)?.is_some_and(|content| content == target.as_bytes()) {
                removed |= files::remove(&file)?;
            }
        }
        if removed {
            self.durability().directory(&path.tags())
        } else {
            Ok(())
        }
    }
}

/// All tags of a repository.
fn sorted(path: &RepositoryPath) -> io::Result<Arc<[Tag]>> {
    let mut tags: Vec<Tag> = files::names(&path.tags())?
        .iter()
        .filter_map(|name| tag_of_file(name))
        .collect();
    tags.sort_unstable();
    Ok(tags.into())
}

fn digest(content: &[u8]) -> io::Result<Digest> {
    let text = std::str::from_utf8(content).map_err(io::Error::other)?;
    text.parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests;
