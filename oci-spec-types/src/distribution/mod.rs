//! What registries answer besides content: errors, lists and tokens.
//!
//! A list of referrers is an [`ImageIndex`](crate::ImageIndex).
//!
//! These answers come from outside and are named by no digest. They are read leniently: what is missing or of another type
//! than it should be is left out, and only what has no sensible reading is an error.

mod catalog;
mod error_code;
mod error_list;
mod lenient;
mod name_list;
mod tag_list;
mod token_response;

pub use self::{
    catalog::Catalog,
    error_code::ErrorCode,
    error_list::{ErrorList, RegistryError},
    name_list::MAX_LIST_ENTRIES,
    tag_list::TagList,
    token_response::TokenResponse,
};
