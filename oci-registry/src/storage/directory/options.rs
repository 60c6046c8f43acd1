use super::Durability;

/// How a [`DirectoryStorage`](super::DirectoryStorage) is to be opened.
///
/// ```
/// use std::sync::Arc;
///
/// use oci_client_core::runtime::{ThreadRuntime, block_on};
/// use oci_registry::storage::{DirectoryOptions, DirectoryStorage, Durability};
///
/// let directory = tempfile::tempdir()?;
/// let options = DirectoryOptions::new().with_durability(Durability::Relaxed);
/// let runtime = Arc::new(ThreadRuntime::new());
/// let storage = block_on(DirectoryStorage::open_with(directory.path(), runtime, options))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DirectoryOptions {
    durability: Durability,
}

impl DirectoryOptions {
    /// The defaults.
    pub const fn new() -> Self {
        Self {
            durability: Durability::Full,
        }
    }

    /// Sets what has been done once something is said to be stored; by default [`Durability::Full`].
    #[must_use]
    pub const fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// What has been done once something is said to be stored.
    pub const fn durability(&self) -> Durability {
        self.durability
    }
}
