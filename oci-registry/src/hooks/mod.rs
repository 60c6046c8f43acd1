//! Pieces that make a registry behave as others do: each stands before it, sees requests and answers, and changes what it
//! is there to change.

mod chain;
mod chunks;
mod cookies;
mod errors;
mod limits;
mod manifests;
mod message;
mod mounts;
mod pages;
mod recent;
mod redirect;
mod referrers;
mod tags;
mod uploads;

pub(crate) use chain::{Answer, Hook, Next};
pub(crate) use chunks::{ChunkLimit, LastChunkOnly, NoChunks, UnreportedChunks};
pub(crate) use cookies::Cookies;
pub(crate) use errors::{Refuse, Reword};
pub(crate) use limits::{PullLimit, RequestRate, Window};
pub(crate) use manifests::{ExactAccept, KnownBlobs, KnownTypes, UnlikeHeads, WithoutLocation};
pub(crate) use message::{plain, refuse, route, set_target};
pub(crate) use mounts::Mounts;
pub(crate) use pages::{EmptyLastPage, LargestPage, OpaquePages};
pub(crate) use recent::Recent;
pub(crate) use redirect::{Content, Redirect, SignedUrls};
pub(crate) use referrers::NoReferrers;
pub(crate) use tags::{DigestsAmongTags, ImmutableTags, ManifestMap, SubjectTags, TaggedManifests};
pub(crate) use uploads::{UploadState, UploadsElsewhere};
