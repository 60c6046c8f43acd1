use std::path::Path;

use oci_spec_types::RegistryHost;
use toml::de::DeValue;

use super::error::HostFileError;
use super::place::Api;
use super::source::{Placed, Source, Table, read};
use crate::Secret;
use crate::hosts::{Endpoint, HostCapabilities, HostConfig, TransportSettings};
use crate::proto::HostProfile;

/// One `hosts.toml`: the server and the hosts that are asked before it, for whichever registry it is read.
#[derive(Clone, Debug)]
pub(super) struct HostsToml {
    hosts: Vec<HostEntry>,
    server: HostEntry,
}

/// What may be said of one host.
#[derive(Clone, Debug)]
struct HostEntry {
    /// `None`: the registry itself, where its name says.
    api: Option<Api>,
    capabilities: HostCapabilities,
    headers: Vec<(String, String)>,
    transport: TransportSettings,
}

impl HostsToml {
    /// Reads the file and what it refers to, relative to its directory.
    pub(super) fn read(path: &Path) -> Result<Self, HostFileError> {
        let source = Source::read(path)?;
        let mut table = source.parse()?;
        let server = table.take_text("server")?;
        let mut entries = match table.take_table("host")? {
            Some(hosts) => read_hosts(hosts)?,
            None => Vec::new(),
        };
        entries.sort_by_key(|entry| entry.at);
        if let Some(surplus) = entries.get(HostConfig::MAX_MIRRORS) {
            let message = format!("there are more than {} hosts", HostConfig::MAX_MIRRORS);
            return Err(source.malformed(surplus.at, message));
        }
        Ok(Self {
            hosts: entries.into_iter().map(|entry| entry.value).collect(),
            server: HostEntry::read(table, server)?,
        })
    }

    pub(super) fn config(&self, upstream: &RegistryHost) -> HostConfig {
        let own = self
            .server
            .endpoint(upstream, Endpoint::new(HostProfile::new(upstream.clone())));
        let config = HostConfig::of(upstream.clone(), own);
        self.hosts.iter().fold(config, |config, entry| {
            config.with_mirror(entry.endpoint(upstream, Endpoint::mirror(upstream.clone())))
        })
    }
}

impl HostEntry {
    fn read(mut table: Table<'_>, url: Option<Placed<String>>) -> Result<Self, HostFileError> {
        let source = table.source();
        let is_root = table.take_bool("override_path")?.is_some_and(|flag| flag.value);
        let api = url
            .map(|url| Api::parse(&url.value, is_root).map_err(|why| source.malformed(url.at, why)))
            .transpose()?;
        let headers = match table.take_table("header")? {
            Some(headers) => read_headers(headers)?,
            None => Vec::new(),
        };
        Ok(Self {
            api,
            capabilities: read_capabilities(&mut table)?,
            headers,
            transport: read_transport(&mut table)?,
        })
    }

    fn endpoint(&self, upstream: &RegistryHost, template: Endpoint) -> Endpoint {
        let retry = template.profile().retry().clone();
        let mut profile = HostProfile::new(upstream.clone());
        if let Some(api) = &self.api {
            profile = api.profile(upstream);
            if !api.is_api_of(upstream) {
                profile = profile.with_namespace(upstream.clone());
            }
        }
        for (name, value) in &self.headers {
            profile = profile.with_header(name, value).expect("checked when it was read");
        }
        let endpoint = template
            .with_profile(profile.with_retry(retry))
            .with_capabilities(self.capabilities)
            .with_transport(self.transport.clone());
        match self.api.as_ref().and_then(|api| api.prefix.clone()) {
            Some(prefix) => endpoint.with_repository_prefix(prefix),
            None => endpoint,
        }
    }
}

fn read_hosts(mut hosts: Table<'_>) -> Result<Vec<Placed<HostEntry>>, HostFileError> {
    let mut entries = Vec::new();
    for url in hosts.keys() {
        let at = url.at;
        if let Some(table) = hosts.take_table(&url.value)? {
            let value = HostEntry::read(table, Some(url))?;
            entries.push(Placed { at, value });
        }
    }
    Ok(entries)
}

/// Everything, unless something is listed: an empty list is none, as containerd has it.
fn read_capabilities(table: &mut Table<'_>) -> Result<HostCapabilities, HostFileError> {
    let listed = table.take_texts("capabilities")?;
    if listed.is_empty() {
        return Ok(HostCapabilities::ALL);
    }
    let mut capabilities = HostCapabilities::NONE;
    for text in listed {
        let Some(one) = HostCapabilities::named(&text.value.to_ascii_lowercase()) else {
            let message = "a capability is one of `pull`, `push`, `referrers` and `resolve`";
            return Err(table.source().malformed(text.at, message));
        };
        capabilities = capabilities.and(one);
    }
    Ok(capabilities)
}

fn read_headers(mut table: Table<'_>) -> Result<Vec<(String, String)>, HostFileError> {
    let mut headers = Vec::new();
    let any = HostProfile::new("localhost".parse().expect("localhost is a host"));
    for name in table.keys() {
        for value in table.take_texts(&name.value)? {
            any.clone()
                .with_header(&name.value, &value.value)
                .map_err(|error| table.source().malformed(value.at, error.to_string()))?;
            headers.push((name.value.clone(), value.value));
        }
    }
    if headers.len() > MAX_HEADERS {
        let message = format!("there are more than {MAX_HEADERS} header fields");
        return Err(table.source().malformed(table.at, message));
    }
    Ok(headers)
}

fn read_transport(table: &mut Table<'_>) -> Result<TransportSettings, HostFileError> {
    let directory = table.source().path().parent().unwrap_or(Path::new(""));
    let mut settings = TransportSettings::new();
    for path in table.take_texts("ca")? {
        settings = settings.with_roots(read(&directory.join(path.value))?);
    }
    for (certificate, key) in read_pairs(table)? {
        settings = with_pair(settings, &directory.join(certificate), &directory.join(key))?;
    }
    let unverified = table.take_bool("skip_verify")?.is_some_and(|flag| flag.value);
    Ok(if unverified {
        settings.danger_accept_invalid_certificates()
    } else {
        settings
    })
}

/// Reads a certificate and its key, which may be in one file.
pub(super) fn with_pair(
    settings: TransportSettings,
    certificate: &Path,
    key: &Path,
) -> Result<TransportSettings, HostFileError> {
    let key = Source::read(key)?;
    Ok(settings.with_client_certificate(read(certificate)?, Secret::new(key.into_text())))
}

/// The files of `client`: a text, a list of texts, or a list of pairs of texts. Without a file of its own, a key is in the certificate's.
fn read_pairs(table: &mut Table<'_>) -> Result<Vec<(String, String)>, HostFileError> {
    let Some(found) = table.take("client") else {
        return Ok(Vec::new());
    };
    let pairs: Option<Vec<_>> = match &found.value {
        DeValue::String(text) => return Ok(vec![(text.to_string(), text.to_string())]),
        DeValue::Array(items) => items.iter().map(|item| pair_of(item.get_ref())).collect(),
        _ => None,
    };
    pairs.ok_or_else(|| table.wrong("client", &found, "a file, a list of files or a list of pairs of them"))
}

fn pair_of(item: &DeValue<'_>) -> Option<(String, String)> {
    if let Some(one) = item.as_str() {
        return Some((one.to_owned(), one.to_owned()));
    }
    let mut files = item.as_array()?.iter().map(|file| file.get_ref().as_str());
    let certificate = files.next()??;
    let key = match files.next() {
        Some(key) => Some(key?).filter(|key| !key.is_empty()),
        None => None,
    };
    match files.next() {
        None if !certificate.is_empty() => Some((certificate.to_owned(), key.unwrap_or(certificate).to_owned())),
        _ => None,
    }
}

/// The most header fields of one host.
const MAX_HEADERS: usize = 100;
