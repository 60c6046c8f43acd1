use http::{Method, Request, Uri};

use crate::proto::HostProfile;
use crate::proto::machine::Payload;
use crate::{Error, ErrorKind};

/// Adds what the profile says of every request to its endpoint: header fields, and for what is read from a proxy the registry that it is to fetch from.
pub(super) fn add(mut request: Request<Payload>, profile: &HostProfile) -> Result<Request<Payload>, Error> {
    for (name, value) in profile.headers() {
        request.headers_mut().append(name.clone(), value.clone());
    }
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let query = request.uri().query().unwrap_or_default();
    // A proxy that names it in its links keeps its own spelling.
    let named = query.split('&').any(|pair| pair.starts_with("ns="));
    if let Some(namespace) = profile.namespace().filter(|_| reads && !named) {
        let separator = if request.uri().query().is_some() { '&' } else { '?' };
        let uri = format!("{}{separator}ns={namespace}", request.uri());
        *request.uri_mut() = Uri::try_from(uri)
            .map_err(|error| Error::new(ErrorKind::UnsafeUrl, format!("the URL cannot be requested: {error}")))?;
    }
    Ok(request)
}

#[cfg(test)]
mod tests;
