//! What helpers are told, and what they answer.

use zeroize::Zeroizing;

use crate::credentials::entry::{TOKEN_USER, user};
use crate::credentials::fault::Fault;
use crate::credentials::json::{members, quoted, string};
use crate::credentials::key::Key;
use crate::proto::Credential;
use crate::{ErrorKind, Secret};

/// The input of `store`.
pub(super) fn entry(server: &str, credential: &Credential) -> Result<Zeroizing<String>, Fault> {
    let (username, secret) = match credential {
        Credential::IdentityToken(token) => (TOKEN_USER, token),
        Credential::Password { username, password } => (username.as_str(), password),
        Credential::RegistryToken(_) => {
            let message = "a registry token cannot be kept by a credential helper";
            return Err(Fault::new(ErrorKind::Unsupported, message));
        }
    };
    if username.chars().chain(secret.expose().chars()).any(char::is_control) {
        return Err(Fault::invalid(
            "a user name or password with control characters cannot be kept by a credential helper",
        ));
    }
    let (server, username, secret) = (quoted(server), quoted(username), quoted(secret.expose()));
    let text = format!(
        r#"{{"ServerURL":{},"Username":{},"Secret":{}}}"#,
        *server, *username, *secret
    );
    Ok(Zeroizing::new(text))
}

/// Reads the answer to `get`. A helper that names no server is believed, one that names another is not.
pub(super) fn credential(stdout: &[u8], server: &str) -> Result<Option<Credential>, Fault> {
    let garbage = || Fault::invalid("its answer is no credential");
    let text = std::str::from_utf8(stdout).map_err(|_| garbage())?;
    if text.trim().is_empty() {
        return Err(garbage());
    }
    let fields = members(text).map_err(|_| garbage())?;
    let field = |name: &str| string(&fields, name).map_err(|_| garbage());
    if let Some(named) = field("ServerURL")?
        && !Key::parse(&named).is_same_host(&Key::parse(server))
    {
        return Err(Fault::invalid("its answer is for another registry"));
    }
    match (field("Username")?, field("Secret")?) {
        (None, None) => Ok(None),
        (username, Some(secret)) => {
            let username = username.unwrap_or_default();
            Ok(Some(user(&username, Secret::new(secret.as_str()))))
        }
        (Some(_), None) => Err(garbage()),
    }
}

/// Whether the helper says, in the words of the protocol, that it has nothing.
pub(super) fn says_not_found(stdout: &[u8]) -> bool {
    stdout.trim_ascii() == NOT_FOUND.as_bytes()
}

const NOT_FOUND: &str = "credentials not found in native keychain";

#[cfg(test)]
mod tests;
