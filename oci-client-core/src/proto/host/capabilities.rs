use std::time::Duration;

use crate::proto::machine::Now;

/// What a registry has shown that it can or cannot do. Everything learned is forgotten after a while: registries change.
#[derive(Debug, Default)]
pub(crate) struct Capabilities {
    /// Whether a POST with the content and its digest creates the blob.
    pub(crate) single_post: Learned,
    /// Whether mounting a blob of a repository into the same repository tells if it is there.
    pub(crate) self_mount: Learned,
}

/// A yes or no that was seen, and until when it counts.
#[derive(Debug, Default)]
pub(crate) struct Learned {
    seen: Option<(bool, Duration)>,
}

impl Learned {
    pub(crate) fn learn(&mut self, now: Now, yes: bool) {
        self.seen = Some((yes, now.monotonic.saturating_add(LIFETIME)));
    }

    pub(crate) fn known(&self, now: Now) -> Option<bool> {
        self.seen
            .filter(|(_, until)| now.monotonic < *until)
            .map(|(yes, _)| yes)
    }
}

/// How long something learned counts.
const LIFETIME: Duration = Duration::from_secs(600);
