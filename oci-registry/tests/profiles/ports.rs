//! The round over real connections, by the blocking client and ureq.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::{Request, Response};
use oci_client_core::ErrorKind;
use oci_client_core::blocking::{BlockingTransport, Body, Client};
use oci_client_core::runtime::ThreadRuntime;
use oci_client_core::transport::{Timeouts, TransportError};
use oci_registry::profile::{Profile, ProfileServer};
use oci_registry::{Limits, Registry};
use oci_transport_ureq::UreqTransport;

use crate::blocking::BlockingClient;
use crate::round::Round;
use crate::site::{Logins, Site};

/// One that has everything at one port, and one that has its tokens and its content at others.
#[test]
fn the_whole_round_over_ports_takes_the_same_requests() {
    let keeps = Round {
        refuses_delete: Some(ErrorKind::Unsupported),
        ..Round::new()
    };
    for (profile, round) in [(Profile::ghcr(), keeps), (Profile::docker_hub(), Round::new())] {
        let in_process = round.run(&Site::new(profile.clone()).client());
        assert_eq!(over_ports(profile, &round), in_process);
    }
}

fn over_ports(profile: Profile, round: &Round) -> String {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let limits = Limits::new().with_tags_page(2);
    let registry = Registry::builder().limits(limits).build();
    let server = ProfileServer::bind(profile, registry, Arc::new(ThreadRuntime::new()), "127.0.0.1:0");
    let server = tokio.block_on(server).unwrap();
    let (registry, host) = (server.registry().clone(), server.local_addr().to_string());
    tokio.spawn(server.serve_until(std::future::pending()));

    let transport = Arc::new(Counted {
        inner: UreqTransport::builder().no_proxy().build().unwrap(),
        requests: AtomicUsize::new(0),
    });
    let repository = registry.profile().repository();
    let logins = Logins {
        login: Some(0),
        registry,
    };
    let client = Client::builder(transport.clone()).credentials(logins).build();
    let repository = client.registry(&host.parse().unwrap()).repository(repository);
    let requests = move || transport.requests.load(Ordering::Relaxed);
    round.run(&BlockingClient::new(repository, requests))
}

/// How many requests went out.
struct Counted {
    inner: UreqTransport,
    requests: AtomicUsize,
}

impl BlockingTransport for Counted {
    fn send(&self, request: Request<Body>, timeouts: &Timeouts) -> Result<Response<Body>, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.inner.send(request, timeouts)
    }
}
