//! The endpoints, one file per group.

pub(crate) mod blobs;
pub(crate) mod catalog;
pub(crate) mod conditions;
pub(crate) mod manifests;
pub(crate) mod push;
pub(crate) mod receive;
pub(crate) mod referrers;
pub(crate) mod tags;
pub(crate) mod uploads;
