//! Storing blobs ([spec, "Pushing blobs"], end-4, end-5, end-6, end-11, end-13 and end-14).
//!
//! [`Upload`] stores a blob whose digest and size are known, [`UploadStream`] one of which neither is, and [`Mount`] one that another repository of
//! the registry has. What they share is the way of the content into an upload session, which goes on where it was interrupted:
//!
//! ```text
//!        ┌─► PUT ?digest and all ────────────────────────► 201 ─► stored
//! begin ─┤        │ Interrupted, 413, 416
//!        │        ▼
//!        │   GET ──► 204, Range ──┐      (404: the session is gone, another one is opened once)
//!        │    ▲                   ▼
//!        │    └─ Interrupted ── PATCH a part ──► 202, Range ─► … ─► PUT ?digest ─► 201 ─► stored
//!        └─ where the host takes only so much at a time ▲
//! ```
//!
//! [spec, "Pushing blobs"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs

mod blob;
mod mount;
mod range;
mod session;
mod stream;
mod transfer;
mod trial;

pub use blob::{Upload, Uploaded};
pub use mount::{Mount, Mounted};
pub use session::UploadSession;
pub use stream::UploadStream;

pub(crate) use trial::Trial;
