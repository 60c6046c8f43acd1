//! The paths of the distribution API ([spec, "Endpoints"]) below a registry's base URL.
//!
//! [spec, "Endpoints"]: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#endpoints

use http::header::CONTENT_LENGTH;
use http::{HeaderValue, Method, Request, Uri};
use oci_spec_types::Digest;
use oci_spec_types::{RepositoryName, TagOrDigest};
use url::Url;

use super::machine::Payload;
use crate::{Error, ErrorKind};

pub(crate) use super::outbound::same_origin;

/// `v2/`
pub(crate) fn root(base: &Url) -> Url {
    below(base, "v2/")
}

/// `v2/NAME/blobs/DIGEST`
pub(crate) fn blob(base: &Url, name: &RepositoryName, digest: &Digest) -> Url {
    below(base, &format!("v2/{name}/blobs/{digest}"))
}

/// `v2/_catalog`
pub(crate) fn catalog(base: &Url) -> Url {
    below(base, "v2/_catalog")
}

/// `v2/NAME/manifests/TAG-OR-DIGEST`
pub(crate) fn manifest(base: &Url, name: &RepositoryName, target: &TagOrDigest) -> Url {
    below(base, &format!("v2/{name}/manifests/{target}"))
}

/// `v2/NAME/referrers/DIGEST`
pub(crate) fn referrers(base: &Url, name: &RepositoryName, subject: &Digest) -> Url {
    below(base, &format!("v2/{name}/referrers/{subject}"))
}

/// `v2/NAME/`, below which everything of a repository lies
pub(crate) fn repository(base: &Url, name: &RepositoryName) -> Url {
    below(base, &format!("v2/{name}/"))
}

/// `v2/NAME/tags/list`
pub(crate) fn tags(base: &Url, name: &RepositoryName) -> Url {
    below(base, &format!("v2/{name}/tags/list"))
}

/// `v2/NAME/blobs/uploads/`, with the slash at its end
pub(crate) fn uploads(base: &Url, name: &RepositoryName) -> Url {
    below(base, &format!("v2/{name}/blobs/uploads/"))
}

/// A request to `url`, with its `Content-Length` wherever the payload has one of its own.
pub(crate) fn request(method: Method, url: &Url, payload: Payload) -> Result<Request<Payload>, Error> {
    let uri = Uri::try_from(&url[..url::Position::AfterQuery])
        .map_err(|error| Error::new(ErrorKind::UnsafeUrl, format!("the URL cannot be requested: {error}")).at(url))?;
    let with_length = !matches!(method, Method::GET | Method::HEAD);
    let length = payload.len().filter(|_| with_length);
    let mut request = Request::new(payload);
    *request.method_mut() = method;
    *request.uri_mut() = uri;
    if let Some(length) = length {
        request.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    Ok(request)
}

/// Appends `name=value` to the query and leaves what is there as it is, byte for byte.
pub(crate) fn append_query(url: &mut Url, name: &str, value: &str) {
    let pair: String = url::form_urlencoded::Serializer::new(String::new())
        .append_pair(name, value)
        .finish();
    let query = match url.query() {
        Some(query) if !query.is_empty() => format!("{query}&{pair}"),
        _ => pair,
    };
    url.set_query(Some(&query));
}

/// `path` holds only characters of names, tags and digests, so it cannot climb or change the host.
fn below(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url
}
