use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use oci_spec_types::RegistryHost;
use url::{Origin, Url};

use super::host::Host;
use super::lanes::{Lanes, Place};
use crate::hosts::{Endpoint, HostConfig};
use crate::transport::{Transport, TransportFactory};
use crate::{Error, ErrorKind};

/// One endpoint in use: what is known of it, how connections to it are made, how many at once.
pub(super) struct Site {
    endpoint: Endpoint,
    host: Host,
    lanes: Option<Lanes>,
    origin: Origin,
    /// `None`: by the client's own transport; an error: what was wrong with its settings.
    transport: Result<Option<Arc<dyn Transport>>, String>,
}

impl Site {
    fn new(endpoint: &Endpoint, seed: u64, factory: Option<&dyn TransportFactory>) -> Self {
        Self {
            host: Host::new(endpoint.profile().clone(), seed),
            lanes: endpoint.concurrency().map(Lanes::new),
            origin: endpoint.profile().base().origin(),
            transport: make_transport(endpoint, factory).map_err(|error| error.to_string()),
            endpoint: endpoint.clone(),
        }
    }

    pub(super) const fn host(&self) -> &Host {
        &self.host
    }

    /// The name of whoever is reached here.
    pub(super) const fn name(&self) -> &RegistryHost {
        self.endpoint.profile().host()
    }

    pub(super) fn is_at(&self, url: &Url) -> bool {
        self.origin == url.origin()
    }

    /// Waits for a place among the requests to this endpoint; `None` where any number may be under way.
    pub(super) async fn enter(&self, uploads: bool) -> Option<Place> {
        match &self.lanes {
            Some(lanes) => Some(lanes.enter(uploads).await),
            None => None,
        }
    }

    /// The transport to this endpoint, and to no other; `None`: the client's own.
    pub(super) fn transport(&self) -> Result<Option<&Arc<dyn Transport>>, Error> {
        match &self.transport {
            Ok(transport) => Ok(transport.as_ref()),
            Err(message) => Err(Error::new(ErrorKind::Invalid, message.clone())),
        }
    }
}

/// The endpoints in use. Those that are reached alike are one, whatever registry they serve.
#[derive(Default)]
pub(super) struct Sites {
    by_base: Mutex<HashMap<Url, Vec<Arc<Site>>>>,
}

impl Sites {
    pub(super) fn get(&self, endpoint: &Endpoint, seed: u64, factory: Option<&dyn TransportFactory>) -> Arc<Site> {
        let mut by_base = self.by_base.lock().unwrap_or_else(PoisonError::into_inner);
        let sites = by_base.entry(endpoint.profile().base().clone()).or_default();
        if let Some(site) = sites.iter().find(|site| site.endpoint.is_reached_as(endpoint)) {
            return site.clone();
        }
        let site = Arc::new(Site::new(endpoint, seed, factory));
        sites.push(site.clone());
        site
    }
}

/// Refuses a configuration whose endpoints cannot be reached as they say.
pub(super) fn check(config: &HostConfig, factory: Option<&dyn TransportFactory>) -> Result<(), Error> {
    config
        .endpoints()
        .try_for_each(|endpoint| make_transport(endpoint, factory).map(drop))
}

fn make_transport(
    endpoint: &Endpoint,
    factory: Option<&dyn TransportFactory>,
) -> Result<Option<Arc<dyn Transport>>, Error> {
    let (settings, base) = (endpoint.transport(), endpoint.profile().base());
    match factory {
        _ if settings.is_default() => Ok(None),
        Some(factory) => factory
            .transport(&base.origin(), settings)
            .map(Some)
            .map_err(|error| error.at(base)),
        None => {
            let message = "the host has certificates or a proxy of its own, and the client no transport factory";
            Err(Error::new(ErrorKind::Invalid, message).at(base))
        }
    }
}
