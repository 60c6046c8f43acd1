//! The header fields that the protocol reads.

mod content_range;
mod link;
mod rate_limit;
mod retry_after;
mod warning;

pub use content_range::{ContentRange, InvalidContentRange};
pub use link::next_link;
pub use rate_limit::{RateLimit, rate_limit};
pub use retry_after::retry_after;
pub use warning::warnings;
