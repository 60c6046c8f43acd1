//! Which of its connections a transport uses for a request.
//!
//! A reqwest client has one connection to an origin that speaks HTTP/2, and as many as it needs to any other. Parts of blobs that come at the same time are spread over several clients where an
//! answer has shown that the origin speaks HTTP/2; everything else, and all that goes elsewhere, is sent by the first client.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use http::uri::{Authority, Scheme};
use http::{Request, StatusCode, Version};
use oci_client_core::proto::ParallelPart;
use oci_client_core::transport::{Body, BuildError};
use reqwest::Client;

use crate::plan::Plan;

/// The clients of a transport that differ in nothing.
#[derive(Clone)]
pub(crate) struct Connections {
    first: Client,
    shared: Option<Arc<Shared>>,
}

impl Connections {
    /// At most `most` connections to an origin that speaks HTTP/2.
    pub(crate) fn new(plan: Plan, most: usize) -> Result<Self, BuildError> {
        let first = plan.client()?;
        let shared = (most > 1).then(|| {
            Arc::new(Shared {
                further: (1..most).map(|_| OnceLock::new()).collect(),
                origins: Mutex::default(),
                plan,
            })
        });
        Ok(Self { first, shared })
    }

    /// Those of one client only.
    pub(crate) const fn of(client: Client) -> Self {
        Self {
            first: client,
            shared: None,
        }
    }

    /// The client for `request`, and the place of a part among those that are under way.
    pub(crate) fn choose(&self, request: &Request<Body>) -> (Client, Option<Place>) {
        let place = self.shared.as_ref().and_then(|shared| Place::take(shared, request));
        let client = place.as_ref().and_then(Place::client);
        (client.unwrap_or_else(|| self.first.clone()), place)
    }
}

/// What a part occupies until it is dropped: with the end of the response.
pub(crate) struct Place {
    authority: Authority,
    index: usize,
    shared: Arc<Shared>,
}

impl Place {
    fn take(shared: &Arc<Shared>, request: &Request<Body>) -> Option<Self> {
        request.extensions().get::<ParallelPart>()?;
        // HTTP/2 is agreed on in the TLS handshake.
        let uri = Some(request.uri()).filter(|uri| uri.scheme() == Some(&Scheme::HTTPS))?;
        let authority = uri.authority()?.clone();
        let mut origins = shared.origins();
        if origins.len() >= MAX_ORIGINS && !origins.contains_key(&authority) {
            origins.retain(|_, origin| !origin.is_idle());
            if origins.len() >= MAX_ORIGINS {
                return None;
            }
        }
        let clients = shared.further.len().saturating_add(1);
        let origin = origins.entry(authority.clone()).or_insert_with(|| Origin::new(clients));
        let index = origin.enter();
        drop(origins);
        Some(Self {
            authority,
            index,
            shared: shared.clone(),
        })
    }

    /// Learns from the head of the response. Only content is worth connections of its own: a registry that redirects needs none.
    pub(crate) fn answered(&self, status: StatusCode, version: Version) {
        if status.is_success()
            && let Some(origin) = self.shared.origins().get_mut(&self.authority)
        {
            origin.shares = version == Version::HTTP_2;
        }
    }

    /// Learns that there was no connection to be had: a server may allow only so many. Those that there are have to do until all parts under way have ended.
    pub(crate) fn not_connected(&self) {
        if self.index > 0
            && let Some(origin) = self.shared.origins().get_mut(&self.authority)
        {
            origin.usable = origin.usable.min(self.index);
        }
    }

    /// The client of this place, unless that is the first one.
    fn client(&self) -> Option<Client> {
        let client = self.shared.further.get(self.index.checked_sub(1)?)?;
        // What made the first client makes the others. Should it fail all the same, the first one does.
        client.get_or_init(|| self.shared.plan.client().ok()).clone()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(origin) = self.shared.origins().get_mut(&self.authority) {
            origin.leave(self.index);
        }
    }
}

struct Shared {
    /// Made when they are needed.
    further: Box<[OnceLock<Option<Client>>]>,
    origins: Mutex<HashMap<Authority, Origin>>,
    plan: Plan,
}

impl Shared {
    fn origins(&self) -> MutexGuard<'_, HashMap<Authority, Origin>> {
        // The counts are right after every single change.
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of an origin.
struct Origin {
    /// How many parts are under way on each client.
    busy: Vec<usize>,
    /// Whether all that one client sends there shares a connection.
    shares: bool,
    /// How many of the clients get a connection.
    usable: usize,
}

impl Origin {
    fn new(clients: usize) -> Self {
        Self {
            busy: vec![0; clients],
            shares: false,
            usable: clients,
        }
    }

    /// Takes a place with the client that has the least to do.
    fn enter(&mut self) -> usize {
        let usable = if self.shares { self.usable } else { 1 };
        let open = self.busy.iter_mut().enumerate().take(usable);
        let Some((index, count)) = open.min_by_key(|(index, count)| (**count, *index)) else {
            return 0;
        };
        *count = count.saturating_add(1);
        index
    }

    fn leave(&mut self, index: usize) {
        if let Some(count) = self.busy.get_mut(index) {
            *count = count.saturating_sub(1);
        }
        if self.is_idle() {
            self.usable = self.busy.len();
        }
    }

    fn is_idle(&self) -> bool {
        self.busy.iter().all(|&count| count == 0)
    }
}

/// Of so many origins it is known how they are spoken to; those with nothing under way are forgotten for others.
const MAX_ORIGINS: usize = 64;

#[cfg(test)]
mod tests;
