//! Hostile and odd documents: what is refused, as what and where, and what is read. Named by the ids of our threat list.
#![expect(clippy::unwrap_used, reason = "tests")]

mod changes;
mod descriptors;
mod json;
mod kinds;
mod limits;
mod support;
