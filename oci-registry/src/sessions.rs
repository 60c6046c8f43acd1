//! The uploads that are open.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future::{AbortHandle, AbortRegistration};
use http::{StatusCode, header};
use oci_spec_types::distribution::ErrorCode;
use oci_spec_types::{Hasher, RepositoryName};

use crate::error::ApiError;
use crate::limits::Limits;
use crate::storage::{Storage, StorageError, UploadId};

/// What is known of the uploads that are open: how much they have, how it hashes, who is writing.
///
/// The storage is what counts. This is filled from it once, and put right whenever expired uploads are looked for.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    /// The bytes that are held in memory for all uploads.
    buffered: AtomicUsize,
    loaded: AtomicBool,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    all: Usage,
    open: HashMap<UploadId, Session>,
    repositories: HashMap<RepositoryName, Usage>,
}

#[derive(Debug)]
struct Session {
    /// The hash of what it has, between its requests. It only saves work: without it the content is read again.
    hasher: Option<Hasher>,
    /// Whether a request is working on it.
    live: bool,
    repository: RepositoryName,
    size: u64,
    /// Ends the request that is writing to it.
    writer: Option<AbortHandle>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Usage {
    bytes: u64,
    uploads: usize,
}

impl Sessions {
    /// Makes room for a new upload.
    pub(crate) async fn begin(
        &self,
        storage: &dyn Storage,
        limits: &Limits,
        repository: &RepositoryName,
        id: UploadId,
    ) -> Result<Place<'_>, ApiError> {
        self.load(storage).await?;
        let mut table = self.table();
        let usage = table.usage(repository);
        if usage.uploads >= limits.open_uploads_per_repository() || table.all.uploads >= limits.open_uploads() {
            return Err(too_many());
        }
        table.insert(id, repository.clone(), 0);
        Ok(self.place(&mut table, id, false))
    }

    /// Goes on with an upload that the storage has, of `size` bytes.
    pub(crate) fn resume(&self, repository: &RepositoryName, id: UploadId, size: u64) -> Place<'_> {
        let mut table = self.table();
        if table.open.contains_key(&id) {
            table.resize(id, size);
        } else {
            table.insert(id, repository.clone(), size);
        }
        self.place(&mut table, id, true)
    }

    /// Ends an upload, and the request that is writing to it.
    pub(crate) fn end(&self, id: UploadId) {
        let session = self.table().remove(id);
        if let Some(writer) = session.and_then(|session| session.writer) {
            writer.abort();
        }
    }

    /// The uploads between two requests.
    pub(crate) fn idle(&self) -> HashSet<UploadId> {
        let table = self.table();
        let idle = table.open.iter().filter(|(_, session)| !session.live);
        idle.map(|(id, _)| *id).collect()
    }

    async fn load(&self, storage: &dyn Storage) -> Result<(), StorageError> {
        let mut after = None;
        while !self.loaded.load(Ordering::Acquire) {
            let page = storage.uploads(after, PAGE).await?;
            let mut table = self.table();
            for upload in page.items() {
                if !table.open.contains_key(&upload.id()) {
                    table.insert(upload.id(), upload.repository().clone(), upload.size());
                }
            }
            after = page.items().last().map(|upload| upload.id());
            if !page.has_more() {
                self.loaded.store(true, Ordering::Release);
            }
        }
        Ok(())
    }

    fn place(&self, table: &mut Table, id: UploadId, kept: bool) -> Place<'_> {
        if let Some(session) = table.open.get_mut(&id) {
            session.live = true;
        }
        Place {
            id,
            kept,
            sessions: self,
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An upload's place among the open ones while a request works on it.
#[derive(Debug)]
pub(crate) struct Place<'s> {
    id: UploadId,
    /// Whether the upload goes on after the request.
    kept: bool,
    sessions: &'s Sessions,
}

impl<'s> Place<'s> {
    /// Notes that somebody may go on with the upload, and the hash of what it has.
    pub(crate) fn keep(mut self, hasher: Option<Hasher>) {
        self.kept = true;
        if let Some(session) = self.sessions.table().open.get_mut(&self.id) {
            session.hasher = hasher;
        }
    }

    /// Notes that the upload has ended.
    pub(crate) fn end(mut self) {
        self.kept = false;
    }

    /// Takes the hash of what the upload has out.
    pub(crate) fn hasher(&self) -> Option<Hasher> {
        self.sessions.table().open.get_mut(&self.id)?.hasher.take()
    }

    /// Makes room for the upload to become `size` bytes long.
    pub(crate) fn grow(&self, limits: &Limits, size: u64) -> Result<(), ApiError> {
        let mut table = self.sessions.table();
        let Some(session) = table.open.get(&self.id) else {
            return Err(ApiError::upload_unknown());
        };
        let more = size.saturating_sub(session.size);
        let usage = table.usage(&session.repository);
        if usage.bytes.saturating_add(more) > limits.upload_bytes_per_repository()
            || table.all.bytes.saturating_add(more) > limits.upload_bytes()
        {
            return Err(too_much());
        }
        table.resize(self.id, size);
        Ok(())
    }

    /// What ends when the upload is ended by another request.
    pub(crate) fn writer(&self) -> AbortRegistration {
        let (handle, registration) = AbortHandle::new_pair();
        match self.sessions.table().open.get_mut(&self.id) {
            Some(session) => session.writer = Some(handle),
            None => handle.abort(),
        }
        registration
    }

    /// What counts the bytes that are held in memory for all uploads.
    pub(crate) const fn buffered(&self) -> &'s AtomicUsize {
        &self.sessions.buffered
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut table = self.sessions.table();
        if !self.kept {
            table.remove(self.id);
        } else if let Some(session) = table.open.get_mut(&self.id) {
            session.live = false;
            session.writer = None;
        }
    }
}

impl Table {
    fn usage(&self, repository: &RepositoryName) -> Usage {
        self.repositories.get(repository).copied().unwrap_or_default()
    }

    fn insert(&mut self, id: UploadId, repository: RepositoryName, size: u64) {
        for usage in [&mut self.all, self.repositories.entry(repository.clone()).or_default()] {
            usage.uploads += 1;
            usage.bytes = usage.bytes.saturating_add(size);
        }
        let session = Session {
            hasher: None,
            live: false,
            repository,
            size,
            writer: None,
        };
        self.open.insert(id, session);
    }

    fn resize(&mut self, id: UploadId, size: u64) {
        let Some(session) = self.open.get_mut(&id) else {
            return;
        };
        let before = std::mem::replace(&mut session.size, size);
        let repository = self.repositories.get_mut(&session.repository);
        for usage in [Some(&mut self.all), repository].into_iter().flatten() {
            usage.bytes = usage.bytes.saturating_sub(before).saturating_add(size);
        }
    }

    fn remove(&mut self, id: UploadId) -> Option<Session> {
        self.resize(id, 0);
        let session = self.open.remove(&id)?;
        self.all.uploads = self.all.uploads.saturating_sub(1);
        if let Some(usage) = self.repositories.get_mut(&session.repository) {
            usage.uploads = usage.uploads.saturating_sub(1);
            if usage.uploads == 0 {
                self.repositories.remove(&session.repository);
            }
        }
        Some(session)
    }
}

fn too_many() -> ApiError {
    ApiError::new(
        StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::TOO_MANY_REQUESTS,
        "too many uploads are open; finish or cancel some, or wait until they expire",
    )
    .with_header(header::RETRY_AFTER, PAUSE)
}

fn too_much() -> ApiError {
    ApiError::new(
        StatusCode::INSUFFICIENT_STORAGE,
        ErrorCode::UNKNOWN,
        "the open uploads have as many bytes as they may; finish or cancel some, or wait until they expire",
    )
}

/// After how many seconds to ask for an upload again: most of those that are open end within some.
const PAUSE: u32 = 5;
/// How many uploads are asked for at once.
pub(crate) const PAGE: usize = 1024;

#[cfg(test)]
mod tests;
