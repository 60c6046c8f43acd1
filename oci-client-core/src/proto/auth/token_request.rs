use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderValue, Method, Request};
use url::Url;

use super::{Credential, Scopes};
use crate::Error;
use crate::proto::endpoint::request;
use crate::proto::machine::Payload;

/// The GET form of a token exchange ([Docker token specification]).
///
/// [Docker token specification]: https://distribution.github.io/distribution/spec/auth/token/
pub(crate) fn token_request(
    realm: &Url,
    service: Option<&str>,
    scopes: &Scopes,
    credential: Option<&Credential>,
) -> Result<(Request<Payload>, Url), Error> {
    let mut url = realm.clone();
    url.set_fragment(None);
    {
        let mut query = url.query_pairs_mut();
        if let Some(username) = credential.and_then(Credential::username) {
            query.append_pair("account", username);
        }
        if let Some(service) = service {
            query.append_pair("service", service);
        }
        for scope in scopes.iter() {
            query.append_pair("scope", &scope.to_string());
        }
    }
    let mut request = request(Method::GET, &url, Payload::Empty)?;
    request
        .headers_mut()
        .insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(credential) = credential {
        request.headers_mut().insert(AUTHORIZATION, credential.basic()?);
    }
    Ok((request, url))
}
