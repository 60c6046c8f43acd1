use std::time::Duration;

use crate::proto::machine::Now;
use crate::proto::upload::Trial;

/// What a registry has shown that it can or cannot do. Everything learned is forgotten after a while: registries change.
#[derive(Debug, Default)]
pub(crate) struct Capabilities {
    /// The largest part of a blob that it takes, in bytes, where it has refused a larger one.
    pub(crate) chunk: Learned<u64>,
    /// Whether it takes blobs in parts.
    pub(crate) chunks: Learned<bool>,
    /// Whether the `Range` of its replies moves on with the upload.
    pub(crate) moving_range: Learned<bool>,
    /// Whether the registry lists referrers; otherwise clients keep the list under a fallback tag.
    pub(crate) referrers: Learned<bool>,
    /// Whether a POST with the content and its digest creates the blob.
    pub(crate) single_post: Learned<bool>,
    /// Whether mounting a blob of a repository into the same repository tells if it is there.
    pub(crate) self_mount: Learned<bool>,
    /// Whether `tag` parameters of a push by digest set tags.
    pub(crate) tag_parameters: Learned<bool>,
    /// Who is finding out about `single_post`.
    pub(crate) trial: Trial,
    /// The size of the smallest blob that it refused to take whole, in bytes.
    pub(crate) whole_refused: Learned<u64>,
}

/// Something that was seen, and until when it counts.
#[derive(Debug)]
pub(crate) struct Learned<T> {
    seen: Option<(T, Duration)>,
}

impl<T: Copy> Learned<T> {
    pub(crate) fn learn(&mut self, now: Now, what: T) {
        self.seen = Some((what, now.monotonic.saturating_add(LIFETIME)));
    }

    pub(crate) fn known(&self, now: Now) -> Option<T> {
        self.seen
            .filter(|(_, until)| now.monotonic < *until)
            .map(|(what, _)| what)
    }
}

impl<T> Default for Learned<T> {
    fn default() -> Self {
        Self { seen: None }
    }
}

/// How long something learned counts.
const LIFETIME: Duration = Duration::from_secs(600);
