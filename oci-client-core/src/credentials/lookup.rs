//! What a configuration file says of one registry: the helper that keeps its credential, and its entry.

use oci_spec_types::RegistryHost;

use super::entry;
use super::fault::Fault;
use super::json::{Member, member, members};
use super::key::{Key, canonical};
use crate::proto::{Credential, CredentialQuery};

/// The findings for one query. Entries for other registries have not been looked into.
#[derive(Debug, Default)]
pub(super) struct Found<'t> {
    /// The entry for the repository, one of its namespaces, or the registry.
    pub(super) entry: Option<Entry<'t>>,
    pub(super) helper: Option<Helper>,
}

impl Found<'_> {
    /// The credential that the file itself holds.
    pub(super) fn credential(&self) -> Result<Option<Credential>, Fault> {
        let Some(entry) = &self.entry else {
            return Ok(None);
        };
        let named = |fault: Fault| fault.prefixed(&format!("the entry `{}`", shown(&entry.key)));
        entry.text.clone().and_then(entry::decode).map_err(named)
    }
}

#[derive(Debug)]
pub(super) struct Entry<'t> {
    pub(super) is_namespace: bool,
    key: String,
    /// The entry, or why none of several can be taken.
    text: Result<&'t str, Fault>,
}

/// A helper that the file names.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Helper {
    /// Whether it is named for this registry, or for all.
    pub(super) is_own: bool,
    pub(super) name: String,
}

/// Looks `query` up in the text of a configuration file.
pub(super) fn find<'t>(text: &'t str, query: &CredentialQuery) -> Result<Found<'t>, Fault> {
    let top = members(text)?;
    let entries = object(&top, "auths")?;
    Ok(Found {
        entry: find_entry(&entries, query),
        helper: find_helper(&top, &query.host)?,
    })
}

/// The members of the object that `name` is; none where it is missing.
pub(super) fn object<'t>(top: &[Member<'t>], name: &str) -> Result<Vec<Member<'t>>, Fault> {
    match member(top, name)? {
        Some(text) => members(text).map_err(|_| Fault::invalid(format!("`{name}` is no JSON object"))),
        None => Ok(Vec::new()),
    }
}

/// `credHelpers` for the registry, else `credsStore`. An empty name stands for the file itself.
fn find_helper(top: &[Member<'_>], host: &RegistryHost) -> Result<Option<Helper>, Fault> {
    let helpers = object(top, "credHelpers")?;
    let (name, is_own) = match pick(&helpers, host) {
        Some(own) => (own.text?, true),
        None => match member(top, "credsStore")? {
            Some(name) => (name, false),
            None => return Ok(None),
        },
    };
    let name: String = serde_json::from_str(name).map_err(|_| {
        let field = if is_own {
            "the registry's entry in `credHelpers`"
        } else {
            "`credsStore`"
        };
        Fault::invalid(format!("{field} is no string"))
    })?;
    Ok(Some(Helper { is_own, name }).filter(|helper| !helper.name.is_empty()))
}

/// The entry for the longest part of the repository's name, else the one for the registry.
fn find_entry<'t>(entries: &[Member<'t>], query: &CredentialQuery) -> Option<Entry<'t>> {
    let namespace = query.repository.as_ref().and_then(|repository| {
        let length = |entry: &Member<'_>| Key::parse(&entry.name).namespace_of(&query.host, repository);
        let longest = entries.iter().filter_map(|entry| Some((length(entry)?, entry)));
        let (_, entry) = longest.max_by_key(|(length, _)| *length)?;
        Some(Entry {
            is_namespace: true,
            ..taken(entries, entry)
        })
    });
    namespace.or_else(|| pick(entries, &query.host))
}

/// The member for the registry: the one that is spelled as everybody looks for it, else the first that means it.
fn pick<'t>(entries: &[Member<'t>], host: &RegistryHost) -> Option<Entry<'t>> {
    let exact = |name: &str| entries.iter().find(|entry| entry.name == name);
    let meant = || entries.iter().find(|entry| Key::parse(&entry.name).is_host(host));
    let entry = exact(canonical(host)).or_else(|| exact(host.as_str())).or_else(meant)?;
    Some(taken(entries, entry))
}

fn taken<'t>(entries: &[Member<'t>], entry: &Member<'t>) -> Entry<'t> {
    let twice = entries.iter().filter(|other| other.name == entry.name).count() > 1;
    Entry {
        is_namespace: false,
        key: entry.name.clone(),
        text: if twice {
            Err(Fault::invalid("it is there twice"))
        } else {
            Ok(entry.value)
        },
    }
}

/// A key for a message.
pub(super) fn shown(key: &str) -> String {
    key.chars()
        .filter(|character| !character.is_control())
        .take(200)
        .collect()
}

#[cfg(test)]
mod tests;
