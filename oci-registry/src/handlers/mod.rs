//! The endpoints, one file per group.

pub(crate) mod blobs;
pub(crate) mod catalog;
mod conditions;
pub(crate) mod manifests;
mod push;
mod receive;
pub(crate) mod referrers;
pub(crate) mod tags;
pub(crate) mod uploads;
