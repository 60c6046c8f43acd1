//! The bodies of both directions, and what they have to do with each other.

mod request;
mod response;
mod upload;

pub(crate) use request::RequestBody;
pub(crate) use response::ResponseBody;
pub(crate) use upload::Upload;
