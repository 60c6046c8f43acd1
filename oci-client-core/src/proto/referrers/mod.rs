//! What refers to a manifest: listing it, and keeping the list where the registry does not ([spec, "Listing Referrers"], [spec, "Referrers Tag Schema"]).
//!
//! In a registry without the referrers API, clients keep an image index under a tag that is made of the subject's digest, the fallback tag.
//!
//! [spec, "Listing Referrers"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
//! [spec, "Referrers Tag Schema"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#referrers-tag-schema

mod api;
mod confirm;
mod delete_fallback;
mod fallback;
mod find_subject;
mod list;
mod update;

pub use confirm::ConfirmReferrer;
pub use delete_fallback::DeleteFallback;
pub use find_subject::{FindSubject, Lists};
pub use list::{ListReferrers, ReferrerPage};
pub use update::{UpdateReferrers, UpdatedReferrers, unrecorded};
