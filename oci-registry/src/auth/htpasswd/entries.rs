use std::collections::HashMap;
use std::sync::Arc;

use bcrypt::HashParts;
use oci_client_core::Secret;

use super::error::{InvalidHtpasswd, InvalidHtpasswdKind};

/// Names and the hashes of their passwords.
pub(super) struct Entries {
    by_name: HashMap<String, Arc<Secret>>,
    decoy: Arc<Secret>,
}

impl Entries {
    /// Reads `name:hash` in each line. Empty lines, and those that start with `#`, say nothing.
    pub(super) fn parse(text: &str) -> Result<Self, InvalidHtpasswd> {
        let mut by_name = HashMap::new();
        let mut highest = LEAST_COST;
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            let invalid = |name: Option<&str>, kind| InvalidHtpasswd::new(number, name.map(str::to_owned), kind);
            let (name, hash) = line
                .split_once(':')
                .ok_or_else(|| invalid(None, InvalidHtpasswdKind::NoColon))?;
            if name.is_empty() || name.contains(char::is_control) {
                return Err(invalid(None, InvalidHtpasswdKind::Name));
            }
            let cost = cost(hash.trim_end()).map_err(|kind| invalid(Some(name), kind))?;
            highest = highest.max(cost);
            let hash = Arc::new(Secret::new(hash.trim_end()));
            if by_name.insert(name.to_owned(), hash).is_some() {
                return Err(invalid(Some(name), InvalidHtpasswdKind::Again));
            }
        }
        let decoy = format!("$2b${highest:02}${NOBODY}");
        Ok(Self {
            by_name,
            decoy: Arc::new(Secret::new(decoy)),
        })
    }

    pub(super) fn hash(&self, name: &str) -> Option<&Arc<Secret>> {
        self.by_name.get(name)
    }

    /// A hash to compare the password of nobody with, which takes as long as the costliest one.
    pub(super) const fn decoy(&self) -> &Arc<Secret> {
        &self.decoy
    }
}

/// The cost of a hash that can be taken.
fn cost(hash: &str) -> Result<u32, InvalidHtpasswdKind> {
    if !["$2a$", "$2b$", "$2y$"].iter().any(|prefix| hash.starts_with(prefix)) {
        return Err(InvalidHtpasswdKind::Algorithm(algorithm(hash)));
    }
    let parts: HashParts = hash.parse().map_err(|_| InvalidHtpasswdKind::Hash)?;
    match parts.get_cost() {
        cost @ LEAST_COST..=MOST_COST => Ok(cost),
        cost => Err(InvalidHtpasswdKind::Cost(cost)),
    }
}

/// The name of a kind of hash that is not taken.
fn algorithm(hash: &str) -> &'static str {
    const KINDS: [(&str, &str); 9] = [
        ("$1$", "MD5 (crypt)"),
        ("$2x$", "a faulty form of bcrypt ($2x$)"),
        ("$5$", "SHA-256 (crypt)"),
        ("$6$", "SHA-512 (crypt)"),
        ("$apr1$", "MD5 (apr1)"),
        ("$argon2", "Argon2"),
        ("$y$", "yescrypt"),
        ("{SHA}", "SHA-1"),
        ("{SSHA}", "salted SHA-1"),
    ];
    let is_crypt = hash.len() == 13
        && hash
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"./".contains(&byte));
    let known = KINDS.iter().find(|(prefix, _)| hash.starts_with(prefix));
    match known {
        Some((_, name)) => name,
        None if is_crypt => "DES (crypt) or plain text",
        None => "plain text or a hash of an unknown kind",
    }
}

/// The least cost that bcrypt has.
const LEAST_COST: u32 = 4;
/// About a second of one processor for each password that is tried.
const MOST_COST: u32 = 14;
/// Salt and hash of a password that nobody knows.
const NOBODY: &str = ".....................................................";

#[cfg(test)]
mod tests;
