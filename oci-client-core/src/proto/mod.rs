//! The protocol as pure state machines: no socket, clock, thread, file or random number inside.
//!
//! A [`Machine`] says what to do next ([`Step`]) and takes what came of it ([`Input`]). Machines for single operations
//! know nothing of authorization, redirects and retry: a [`Session`] around them does. What is known of a registry is
//! kept in its [`HostMemory`].
//!
//! Driving one by hand, with canned answers in place of a network:
//!
//! ```
//! use bytes::Bytes;
//! use oci_client_core::proto::auth::Scopes;
//! use oci_client_core::proto::{
//!     CredentialQuery, HostMemory, HostProfile, Input, ListTags, Machine, Now, Operation, Sent, Session, Step,
//! };
//! use oci_spec_types::{RegistryHost, RepositoryName};
//!
//! let registry: RegistryHost = "localhost:5000".parse()?;
//! let name: RepositoryName = "app".parse()?;
//! let mut host = HostMemory::new(HostProfile::new(registry.clone()), 0);
//! let scopes = Scopes::repository(&name, &["pull"]);
//! let operation = Operation::new("list tags", CredentialQuery::new(registry, Some(name.clone())), scopes);
//! let mut machine = Session::new(ListTags::first(name), operation);
//!
//! let mut input = Input::Start;
//! let page = loop {
//!     input = match machine.resume(&mut host, Now::default(), input) {
//!         Step::Send(request) => {
//!             assert_eq!(request.uri(), "http://localhost:5000/v2/app/tags/list");
//!             let (parts, ()) = http::Response::new(()).into_parts();
//!             Input::Head { parts, url: request.uri().to_string().parse()?, sent: Sent::default() }
//!         }
//!         Step::Buffer { limit: _ } => Input::Body(Bytes::from_static(br#"{"name":"app","tags":["1.0"]}"#)),
//!         Step::Done(page) => break page?,
//!         Step::Ask(_) | Step::Receive { .. } | Step::Sleep(_) | Step::Wait(_) => unreachable!("not with this answer"),
//!     };
//! };
//! assert_eq!(page.tags, ["1.0".parse()?]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod auth;
pub mod headers;
pub mod outbound;

mod catalog;
mod delete;
pub(crate) mod endpoint;
mod get_manifest;
mod head_blob;
mod host;
mod list_tags;
mod machine;
mod pages;
mod parallel;
mod ping;
mod pull_blob;
mod put_manifest;
mod put_tagged;
mod raw;
mod referrers;
mod reply;
mod resolve;
mod session;
#[cfg(test)]
mod testing;
mod transport_error;
mod upload;

pub use auth::{Credential, CredentialQuery};
pub use catalog::{ListRepositories, RepositoryPage};
pub use delete::Delete;
pub use get_manifest::GetManifest;
pub use head_blob::HeadBlob;
pub use host::{
    HostMemory, HostProfile, InvalidHeader, InvalidProfile, Notice, RetryPolicy, Ticket, TokenMethod, Warning,
    WarningOrigin,
};
pub use list_tags::{ListTags, TagPage};
pub use machine::{Input, Machine, Now, Payload, Sent, Span, Step};
pub use pages::Pages;
pub use parallel::ParallelPart;
pub use ping::{Ping, RegistryAccess};
pub use pull_blob::{IfWhole, PullBlob};
pub use put_manifest::{PutManifest, RecordedReferrer, StoredManifest};
pub use put_tagged::PutTagged;
pub use raw::RawRequest;
pub use referrers::{
    ConfirmReferrer, DeleteFallback, FindSubject, ListReferrers, Lists, ReferrerPage, UpdateReferrers,
    UpdatedReferrers, unrecorded,
};
pub use resolve::Resolve;
pub use session::{Operation, Session};
#[cfg(feature = "client")]
pub(crate) use transport_error::root_cause;
pub use transport_error::{TransportError, TransportErrorKind};
pub use upload::{Mount, Mounted, Upload, UploadSession, UploadStream, Uploaded};
