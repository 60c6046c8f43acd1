use std::io;

use oci_spec_types::RepositoryName;

use super::super::Page;
use super::files;
use super::paths::{REPOSITORIES, RepositoryPath};
use super::store::Store;

impl Store {
    pub(super) fn repositories(&self, after: Option<&str>, size: usize) -> io::Result<Page<RepositoryName>> {
        let mut found = self.repository_names()?;
        found.retain(|name| after.is_none_or(|after| name.as_str() > after));
        self.existing(found, size)
    }

    /// Every repository, and what is only part of the path of one.
    pub(super) fn repository_names(&self) -> io::Result<Vec<RepositoryName>> {
        let mut found = Vec::new();
        let mut pending = vec![(self.root().join(REPOSITORIES), String::new())];
        while let Some((directory, name)) = pending.pop() {
            for component in files::names(&directory)?.iter().filter(|name| !name.starts_with('_')) {
                let separator = if name.is_empty() { "" } else { "/" };
                pending.push((directory.join(component), format!("{name}{separator}{component}")));
            }
            found.extend(name.parse::<RepositoryName>());
        }
        Ok(found)
    }

    /// The first `size` that exist; the others are only part of the path of another one.
    fn existing(&self, mut names: Vec<RepositoryName>, size: usize) -> io::Result<Page<RepositoryName>> {
        names.sort_unstable();
        let mut existing = Vec::new();
        for name in names {
            if self.repository(&name).exists()? {
                existing.push(name);
            }
            if existing.len() > size {
                break;
            }
        }
        Ok(Page::first(existing, size))
    }
}

impl RepositoryPath {
    /// Whether the repository has, or has had, a blob or a manifest.
    pub(super) fn exists(&self) -> io::Result<bool> {
        Ok(files::exists(&self.manifests())? || files::exists(&self.blobs())?)
    }
}
