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
    referrers_page: usize,
    tag_parameters: usize,
    tags_page: usize,
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
    /// Default for [`referrers_page`](Self::referrers_page).
    pub const REFERRERS_PAGE: usize = 1000;
    /// Default for [`tag_parameters`](Self::tag_parameters).
    pub const TAG_PARAMETERS: usize = 100;
    /// Default for [`tags_page`](Self::tags_page).
    pub const TAGS_PAGE: usize = 10_000;

    /// The defaults.
    pub const fn new() -> Self {
        Self {
            blob_size: Self::BLOB_SIZE,
            catalog_page: Self::CATALOG_PAGE,
            header_size: Self::HEADER_SIZE,
            manifest_size: Self::MANIFEST_SIZE,
            referrers_page: Self::REFERRERS_PAGE,
            tag_parameters: Self::TAG_PARAMETERS,
            tags_page: Self::TAGS_PAGE,
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
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}

const fn at_least_one(entries: usize) -> usize {
    if entries == 0 { 1 } else { entries }
}
