use oci_spec_types::{RegistryHost, RepositoryName};

use crate::hosts::files::error::HostFileError;
use crate::hosts::files::place::Place;
use crate::hosts::files::source::Table;
use crate::hosts::{HostCapabilities, HostConfig};

/// One `[[registry]]`.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    blocked: Option<String>,
    pub(super) mirrors: Vec<Mirror>,
    pub(super) prefix: Prefix,
    pub(super) target: Target,
}

impl Entry {
    pub(super) fn read(mut table: Table<'_>) -> Result<Self, HostFileError> {
        let (at, source) = (table.at, table.source());
        let prefix = table.take_text("prefix")?;
        let location = table.take_text("location")?;
        let prefix = match prefix.as_ref().or(location.as_ref()) {
            Some(text) => Prefix::parse(&text.value).map_err(|why| source.malformed(text.at, why))?,
            None => return Err(source.malformed(at, "a [[registry]] needs a `prefix` or a `location`")),
        };
        let place = location
            .map(|text| Place::parse("location", &text.value).map_err(|why| source.malformed(text.at, why)))
            .transpose()?;
        if place.is_none() && matches!(prefix, Prefix::Place(_)) {
            let message = "a [[registry]] needs a `location`, unless its `prefix` starts with `*.`";
            return Err(source.malformed(at, message));
        }
        if let Some(text) = table.take_text("pull-from-mirror")? {
            let message =
                "`pull-from-mirror` belongs to a [[registry.mirror]]; for all of them there is `mirror-by-digest-only`";
            return Err(source.malformed(text.at, message));
        }
        let insecure = table.take_bool("insecure")?.is_some_and(|flag| flag.value);
        let blocked = table.take_bool("blocked")?.filter(|flag| flag.value);
        let blocked = blocked.map(|flag| source.malformed(flag.at, "`blocked = true`").to_string());
        let by_digest = table.take_bool("mirror-by-digest-only")?.is_some_and(|flag| flag.value);
        let mirrors = table.take_tables("mirror")?;
        if let Some(surplus) = mirrors.get(HostConfig::MAX_MIRRORS) {
            let message = format!("there are more than {} mirrors", HostConfig::MAX_MIRRORS);
            return Err(source.malformed(surplus.at, message));
        }
        let mirrors = mirrors.into_iter().map(|mirror| Mirror::read(mirror, by_digest));
        Ok(Self {
            blocked,
            mirrors: mirrors.collect::<Result<_, _>>()?,
            prefix,
            target: Target { insecure, place },
        })
    }

    /// What forbids the use of the names, if anything does: file, line and setting.
    pub(super) fn blocked_by(&self) -> Option<&str> {
        self.blocked.as_deref()
    }
}

/// One `[[registry.mirror]]`.
#[derive(Clone, Debug)]
pub(super) struct Mirror {
    pub(super) capabilities: HostCapabilities,
    pub(super) target: Target,
}

impl Mirror {
    fn read(mut table: Table<'_>, by_digest: bool) -> Result<Self, HostFileError> {
        let (at, source) = (table.at, table.source());
        let Some(location) = table.take_text("location")? else {
            return Err(source.malformed(at, "a [[registry.mirror]] needs a `location`"));
        };
        let place = Place::parse("location", &location.value).map_err(|why| source.malformed(location.at, why))?;
        let insecure = table.take_bool("insecure")?.is_some_and(|flag| flag.value);
        let from_mirror = table.take_text("pull-from-mirror")?;
        if let Some(text) = from_mirror.as_ref().filter(|_| by_digest) {
            let message = "`pull-from-mirror` cannot be combined with the registry's `mirror-by-digest-only`";
            return Err(source.malformed(text.at, message));
        }
        let capabilities = match from_mirror.as_ref().map(|text| text.value.as_str()) {
            None if by_digest => HostCapabilities::PULL,
            None | Some("all") => HostCapabilities::PULL.and(HostCapabilities::RESOLVE),
            Some("digest-only") => HostCapabilities::PULL,
            Some("tag-only") => HostCapabilities::RESOLVE,
            Some(_) => {
                let at = from_mirror.map_or(at, |text| text.at);
                let message = "`pull-from-mirror` has to be `all`, `digest-only` or `tag-only`";
                return Err(source.malformed(at, message));
            }
        };
        Ok(Self {
            capabilities,
            target: Target {
                insecure,
                place: Some(place),
            },
        })
    }
}

/// Where content is.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) insecure: bool,
    /// `None`: where its name says.
    pub(super) place: Option<Place>,
}

/// Which names an entry is about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Prefix {
    /// Every host below a domain, which is kept with the dot before it.
    Below(String),
    Place(Place),
}

impl Prefix {
    fn parse(text: &str) -> Result<Self, String> {
        let Some(domain) = text.strip_prefix("*.") else {
            return Place::parse("prefix", text).map(Self::Place);
        };
        // Any label in front makes a valid host of a valid domain.
        let place = Place::parse("prefix", &format!("x.{domain}"))?;
        if place.namespace.is_some() || place.host.port().is_some() {
            return Err("`prefix` with a `*.` has to be a domain, without port and namespace".to_owned());
        }
        Ok(Self::Below(format!(
            ".{}",
            domain.trim_end_matches('/').to_ascii_lowercase()
        )))
    }

    pub(super) fn fits(&self, host: &RegistryHost, repository: Option<&RepositoryName>) -> bool {
        match self {
            Self::Below(domain) => host.host().ends_with(domain.as_str()),
            Self::Place(place) if place.host != *host => false,
            Self::Place(place) => match (&place.namespace, repository) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(namespace), Some(repository)) => {
                    let rest = repository.as_str().strip_prefix(namespace.as_str());
                    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
                }
            },
        }
    }

    /// The length of its text, by which prefixes are compared.
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Below(domain) => domain.len().saturating_add(1),
            Self::Place(place) => {
                let namespace = place
                    .namespace
                    .as_ref()
                    .map_or(0, |name| name.as_str().len().saturating_add(1));
                place.host.as_str().len().saturating_add(namespace)
            }
        }
    }

    /// The namespace that another takes the place of.
    pub(super) const fn namespace(&self) -> Option<&RepositoryName> {
        match self {
            Self::Below(_) => None,
            Self::Place(place) => place.namespace.as_ref(),
        }
    }

    /// A name that it is about, if it is not about too many.
    pub(super) fn example(&self) -> Option<(RegistryHost, Option<RepositoryName>)> {
        match self {
            Self::Below(_) => None,
            Self::Place(place) => Some((place.host.clone(), place.namespace.clone())),
        }
    }
}
