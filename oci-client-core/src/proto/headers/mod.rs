//! The header fields that the protocol reads.

mod content_range;
mod link;
mod retry_after;

pub use content_range::{ContentRange, InvalidContentRange};
pub use link::next_link;
pub use retry_after::retry_after;
