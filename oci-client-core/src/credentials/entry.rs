//! One entry of `auths`: what a configuration file says of one registry.

use base64::Engine as _;
use base64::alphabet::STANDARD as ALPHABET;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, STANDARD};
use zeroize::Zeroizing;

use super::fault::Fault;
use super::json::{Member, members, quoted, string};
use crate::Secret;
use crate::proto::Credential;

/// Reads the text of an entry; `None`: it only says that there is a login, whose secret is elsewhere.
pub(super) fn decode(text: &str) -> Result<Option<Credential>, Fault> {
    let fields = members(text)?;
    if let Some(token) = secret(&fields, "registrytoken")? {
        return Ok(Some(Credential::RegistryToken(token)));
    }
    if let Some(token) = secret(&fields, "identitytoken")? {
        return Ok(Some(Credential::IdentityToken(token)));
    }
    if let Some(auth) = string(&fields, "auth")? {
        return decode_auth(&auth).map(Some);
    }
    let username = string(&fields, "username")?;
    let password = secret(&fields, "password")?;
    Ok(username.zip(password).map(|(name, password)| user(&name, password)))
}

/// The entry for `credential`, as JSON.
pub(super) fn encode(credential: &Credential) -> Result<Zeroizing<String>, Fault> {
    let (name, value) = match credential {
        Credential::IdentityToken(token) => ("identitytoken", quoted(token.expose())),
        Credential::RegistryToken(token) => ("registrytoken", quoted(token.expose())),
        Credential::Password { username, .. } if username.contains(':') => {
            return Err(Fault::invalid(
                "a user name with a colon cannot be kept in a configuration file",
            ));
        }
        Credential::Password { username, password } => {
            let pair = Zeroizing::new(format!("{username}:{}", password.expose()));
            let coded = Zeroizing::new(STANDARD.encode(pair.as_bytes()));
            ("auth", quoted(&coded))
        }
    };
    Ok(Zeroizing::new(format!("{{\"{name}\": {}}}", *value)))
}

/// The credential of a user; the user `<token>` stands for a refresh token.
pub(super) fn user(name: &str, secret: Secret) -> Credential {
    if name == TOKEN_USER {
        Credential::IdentityToken(secret)
    } else {
        Credential::password(name, secret)
    }
}

fn secret(fields: &[Member<'_>], name: &str) -> Result<Option<Secret>, Fault> {
    Ok(string(fields, name)?.map(|text| Secret::new(text.as_str())))
}

/// `auth`: Base64 of `user:password`, with or without padding, which some writers fill up with NULs, and others break into lines.
fn decode_auth(auth: &str) -> Result<Credential, Fault> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let mut line = Zeroizing::new(String::with_capacity(auth.len()));
    line.extend(
        auth.trim()
            .chars()
            .filter(|character| !matches!(character, '\n' | '\r')),
    );
    let decoded = GeneralPurpose::new(&ALPHABET, lenient).decode(line.as_bytes());
    let decoded = Zeroizing::new(decoded.map_err(|_| Fault::invalid("`auth` is no Base64"))?);
    let pair = std::str::from_utf8(&decoded).map_err(|_| Fault::invalid("`auth` is not UTF-8 inside"))?;
    let (name, password) = pair
        .trim_end_matches('\0')
        .split_once(':')
        .ok_or_else(|| Fault::invalid("`auth` holds no colon between user name and password"))?;
    Ok(user(name, Secret::new(password)))
}

/// The user name that stands for a refresh token in place of a password.
pub(super) const TOKEN_USER: &str = "<token>";

#[cfg(test)]
mod tests;
