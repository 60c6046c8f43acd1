//! What a document may have at most.

/// What a document may have at most. Each limit has a default, which is an associated constant.
///
/// ```
/// use oci_spec_types::{Document, ImageManifest, Limits, MediaType, ParseErrorKind};
///
/// let limits = Limits::new().with_document_bytes(1024);
/// let error = Document::<ImageManifest>::parse_with(vec![b' '; 2048], MediaType::IMAGE_MANIFEST, &limits).unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::TooLarge);
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Limits {
    depth: usize,
    document_bytes: usize,
    index_entries: usize,
    layers: usize,
    values: usize,
}

impl Limits {
    /// Levels of objects and arrays inside each other: 64.
    pub const DEPTH: usize = 64;
    /// Size of a document in bytes: 4 MiB, what every registry has to accept.
    pub const DOCUMENT_BYTES: usize = 4 * 1024 * 1024;
    /// Entries of the `manifests` of an index: 10,000.
    pub const INDEX_ENTRIES: usize = 10_000;
    /// Entries of the `layers` of a manifest: 4,096. The `history` of a configuration may have four times as many.
    pub const LAYERS: usize = 4_096;
    /// The most that [`Limits::with_depth`] sets: 100.
    pub const MAX_DEPTH: usize = 100;
    /// JSON values of a document: 200,000.
    ///
    /// Each can take more memory than its text. Documents of [`Limits::DOCUMENT_BYTES`] with as many entries or layers as the other limits allow, each with a platform or
    /// annotations, have fewer than 150,000.
    pub const VALUES: usize = 200_000;

    /// The default limits.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            depth: Self::DEPTH,
            document_bytes: Self::DOCUMENT_BYTES,
            index_entries: Self::INDEX_ENTRIES,
            layers: Self::LAYERS,
            values: Self::VALUES,
        }
    }

    /// As deep as can be, and as much as there is: for texts that were read within other limits.
    pub(crate) const DEEPEST: Self = Self::new().with_depth(Self::MAX_DEPTH).with_values(usize::MAX);

    /// Sets how many objects and arrays may be inside each other, at most [`Limits::MAX_DEPTH`].
    #[must_use]
    pub const fn with_depth(self, depth: usize) -> Self {
        let depth = if depth < Self::MAX_DEPTH {
            depth
        } else {
            Self::MAX_DEPTH
        };
        Self { depth, ..self }
    }

    /// Sets how many bytes a document may have.
    #[must_use]
    pub const fn with_document_bytes(self, document_bytes: usize) -> Self {
        Self { document_bytes, ..self }
    }

    /// Sets how many entries an index may have.
    #[must_use]
    pub const fn with_index_entries(self, index_entries: usize) -> Self {
        Self { index_entries, ..self }
    }

    /// Sets how many layers a manifest may have.
    #[must_use]
    pub const fn with_layers(self, layers: usize) -> Self {
        Self { layers, ..self }
    }

    /// Sets how many JSON values a document may have. Objects, lists and what is in them count, names do not.
    #[must_use]
    pub const fn with_values(self, values: usize) -> Self {
        Self { values, ..self }
    }

    /// How many objects and arrays may be inside each other.
    #[must_use]
    pub const fn depth(&self) -> usize {
        self.depth
    }

    /// How many bytes a document may have.
    #[must_use]
    pub const fn document_bytes(&self) -> usize {
        self.document_bytes
    }

    /// How many entries an index may have.
    #[must_use]
    pub const fn index_entries(&self) -> usize {
        self.index_entries
    }

    /// How many layers a manifest may have.
    #[must_use]
    pub const fn layers(&self) -> usize {
        self.layers
    }

    /// How many JSON values a document may have.
    #[must_use]
    pub const fn values(&self) -> usize {
        self.values
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::new()
    }
}
