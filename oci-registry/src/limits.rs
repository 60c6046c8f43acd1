use std::time::Duration;

/// The bounds that a registry keeps to, whatever a client asks for.
///
/// ```
/// use oci_registry::{Limits, Registry};
///
/// let limits = Limits::new().with_manifest_size(64 * 1024);
/// let registry = Registry::builder().limits(limits).build();
/// assert_eq!(registry.limits().manifest_size(), 64 * 1024);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    blob_size: u64,
    catalog_page: usize,
    header_size: usize,
    manifest_size: usize,
    open_uploads: usize,
    open_uploads_per_repository: usize,
    referrers_page: usize,
    tag_parameters: usize,
    tags_page: usize,
    upload_age: Duration,
    upload_bytes: u64,
    upload_bytes_per_repository: u64,
}

impl Limits {
    /// Default for [`blob_size`](Self::blob_size): 1 TiB.
    pub const BLOB_SIZE: u64 = 1 << 40;
    /// Default for [`catalog_page`](Self::catalog_page).
    pub const CATALOG_PAGE: usize = 1000;
    /// Default for [`header_size`](Self::header_size): 32 KiB.
    pub const HEADER_SIZE: usize = 32 * 1024;
    /// Default for [`manifest_size`](Self::manifest_size): 4 MiB, which the spec asks every registry to accept.
    pub const MANIFEST_SIZE: usize = 4 * 1024 * 1024;
    /// Default for [`open_uploads`](Self::open_uploads).
    pub const OPEN_UPLOADS: usize = 4096;
    /// Default for [`open_uploads_per_repository`](Self::open_uploads_per_repository).
    pub const OPEN_UPLOADS_PER_REPOSITORY: usize = 1024;
    /// Default for [`referrers_page`](Self::referrers_page).
    pub const REFERRERS_PAGE: usize = 1000;
    /// Default for [`tag_parameters`](Self::tag_parameters).
    pub const TAG_PARAMETERS: usize = 100;
    /// Default for [`tags_page`](Self::tags_page).
    pub const TAGS_PAGE: usize = 10_000;
    /// Default for [`upload_age`](Self::upload_age): an hour.
    pub const UPLOAD_AGE: Duration = Duration::from_secs(60 * 60);
    /// Default for [`upload_bytes`](Self::upload_bytes): 4 TiB.
    pub const UPLOAD_BYTES: u64 = 4 << 40;
    /// Default for [`upload_bytes_per_repository`](Self::upload_bytes_per_repository): 1 TiB.
    pub const UPLOAD_BYTES_PER_REPOSITORY: u64 = 1 << 40;

    /// The defaults.
    pub const fn new() -> Self {
        Self {
            blob_size: Self::BLOB_SIZE,
            catalog_page: Self::CATALOG_PAGE,
            header_size: Self::HEADER_SIZE,
            manifest_size: Self::MANIFEST_SIZE,
            open_uploads: Self::OPEN_UPLOADS,
            open_uploads_per_repository: Self::OPEN_UPLOADS_PER_REPOSITORY,
            referrers_page: Self::REFERRERS_PAGE,
            tag_parameters: Self::TAG_PARAMETERS,
            tags_page: Self::TAGS_PAGE,
            upload_age: Self::UPLOAD_AGE,
            upload_bytes: Self::UPLOAD_BYTES,
            upload_bytes_per_repository: Self::UPLOAD_BYTES_PER_REPOSITORY,
        }
    }

    /// Sets the most bytes that a blob may have; more gives 413.
    #[must_use]
    pub const fn with_blob_size(mut self, bytes: u64) -> Self {
        self.blob_size = bytes;
        self
    }

    /// Sets the most repositories in one page of the catalog; at least 1.
    #[must_use]
    pub const fn with_catalog_page(mut self, entries: usize) -> Self {
        self.catalog_page = at_least_one(entries);
        self
    }

    /// Sets the most bytes that names and values of a request's header fields may have together; more gives 431.
    #[must_use]
    pub const fn with_header_size(mut self, bytes: usize) -> Self {
        self.header_size = bytes;
        self
    }

    /// Sets the most bytes that a manifest may have; more gives 413.
    #[must_use]
    pub const fn with_manifest_size(mut self, bytes: usize) -> Self {
        self.manifest_size = bytes;
        self
    }

    /// Sets how many uploads may be open at once in all repositories, among them whole blobs that are on their way; more give 429.
    #[must_use]
    pub const fn with_open_uploads(mut self, uploads: usize) -> Self {
        self.open_uploads = uploads;
        self
    }

    /// Sets how many uploads may be open at once in one repository; more give 429.
    #[must_use]
    pub const fn with_open_uploads_per_repository(mut self, uploads: usize) -> Self {
        self.open_uploads_per_repository = uploads;
        self
    }

    /// Sets the most referrers in one page; at least 1.
    #[must_use]
    pub const fn with_referrers_page(mut self, entries: usize) -> Self {
        self.referrers_page = at_least_one(entries);
        self
    }

    /// Sets the most `tag` parameters of one manifest push; more give 414.
    #[must_use]
    pub const fn with_tag_parameters(mut self, tags: usize) -> Self {
        self.tag_parameters = tags;
        self
    }

    /// Sets the most tags in one page; at least 1. It is also the size of a page when the client names none.
    #[must_use]
    pub const fn with_tags_page(mut self, entries: usize) -> Self {
        self.tags_page = at_least_one(entries);
        self
    }

    /// Sets how long an upload may go without another byte before [`Registry::expire_uploads`](crate::Registry::expire_uploads) ends it.
    #[must_use]
    pub const fn with_upload_age(mut self, age: Duration) -> Self {
        self.upload_age = age;
        self
    }

    /// Sets the most bytes that the open uploads of all repositories may have together; more give 507.
    #[must_use]
    pub const fn with_upload_bytes(mut self, bytes: u64) -> Self {
        self.upload_bytes = bytes;
        self
    }

    /// Sets the most bytes that the open uploads of one repository may have together; more give 507.
    #[must_use]
    pub const fn with_upload_bytes_per_repository(mut self, bytes: u64) -> Self {
        self.upload_bytes_per_repository = bytes;
        self
    }

    /// The most bytes that a blob may have.
    pub const fn blob_size(&self) -> u64 {
        self.blob_size
    }

    /// The most repositories in one page of the catalog.
    pub const fn catalog_page(&self) -> usize {
        self.catalog_page
    }

    /// The most bytes that names and values of a request's header fields may have together.
    pub const fn header_size(&self) -> usize {
        self.header_size
    }

    /// The most bytes that a manifest may have.
    pub const fn manifest_size(&self) -> usize {
        self.manifest_size
    }

    /// How many uploads may be open at once in all repositories.
    pub const fn open_uploads(&self) -> usize {
        self.open_uploads
    }

    /// How many uploads may be open at once in one repository.
    pub const fn open_uploads_per_repository(&self) -> usize {
        self.open_uploads_per_repository
    }

    /// The most referrers in one page.
    pub const fn referrers_page(&self) -> usize {
        self.referrers_page
    }

    /// The most `tag` parameters of one manifest push.
    pub const fn tag_parameters(&self) -> usize {
        self.tag_parameters
    }

    /// The most tags in one page.
    pub const fn tags_page(&self) -> usize {
        self.tags_page
    }

    /// How long an upload may go without another byte.
    pub const fn upload_age(&self) -> Duration {
        self.upload_age
    }

    /// The most bytes that the open uploads of all repositories may have together.
    pub const fn upload_bytes(&self) -> u64 {
        self.upload_bytes
    }

    /// The most bytes that the open uploads of one repository may have together.
    pub const fn upload_bytes_per_repository(&self) -> u64 {
        self.upload_bytes_per_repository
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

const fn at_least_one(entries: usize) -> usize {
    if entries == 0 { 1 } else { entries }
}
