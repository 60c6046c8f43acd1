//! Many requests and one credential source (A17): it may start a process or unlock a keychain, so it is asked once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;
use oci_client_core::blocking::{BlockOn, Client};
use oci_client_core::credentials::CredentialSource;
use oci_client_core::proto::{Credential, CredentialQuery};
use oci_client_core::runtime::Runtime;
use oci_client_core::{Error, ErrorKind};
use oci_registry::Registry;
use test_support::{Recorder, SimRuntime};

use crate::blocking::Waiters;
use crate::support::{HOST, TokenGate, app, builder, target};

fn gate() -> TokenGate<Registry> {
    TokenGate::new(Registry::in_memory()).for_user("me", "password")
}

/// Takes a second, and fails as often as it is to.
struct Slow {
    asked: Arc<AtomicUsize>,
    failures: usize,
    runtime: SimRuntime,
}

#[async_trait]
impl CredentialSource for Slow {
    async fn credential(&self, _: &CredentialQuery) -> Result<Option<Credential>, Error> {
        let asked = self.asked.fetch_add(1, Ordering::Relaxed);
        self.runtime.sleep(Duration::from_secs(1)).await;
        if asked < self.failures {
            return Err(Error::new(ErrorKind::Store, "the keychain is locked"));
        }
        Ok(Some(Credential::password("me", "password".to_owned())))
    }
}

#[test]
fn a17_many_cold_requests_at_once_ask_the_credential_source_once() {
    for failures in [0, 3] {
        let (runtime, asked) = (SimRuntime::new(), Arc::new(AtomicUsize::new(0)));
        let source = Slow {
            asked: asked.clone(),
            failures,
            runtime: runtime.clone(),
        };
        let recorder = Recorder::new(gate());
        let client = builder(&runtime, recorder.clone()).credentials(source).build();
        let found = runtime.run(join_all((0..8).map(|_| {
            let app = app(&client);
            async move { app.resolve(&target("v1")).await }
        })));
        // Each failure is that of the one who has asked; the next one asks after it.
        assert_eq!(found.iter().filter(|found| found.is_err()).count(), failures);
        assert_eq!(asked.load(Ordering::Relaxed), failures + 1);
        assert_eq!(recorder.count_where(|request| request.path.starts_with("/token")), 1);
        assert_eq!(runtime.elapsed(), Duration::from_secs(failures as u64 + 1));
    }
}

/// Answers once the test says so.
struct Held {
    arrived: Barrier,
    asked: AtomicUsize,
}

#[async_trait]
impl CredentialSource for Held {
    async fn credential(&self, _: &CredentialQuery) -> Result<Option<Credential>, Error> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.arrived.wait();
        Ok(Some(Credential::password("me", "password".to_owned())))
    }
}

#[test]
fn a17_many_threads_ask_the_credential_source_once() {
    let source = Arc::new(Held {
        arrived: Barrier::new(2),
        asked: AtomicUsize::new(0),
    });
    let waiters = Arc::new(Waiters::default());
    let client = Client::builder(Arc::new(BlockOn::new(gate())))
        .clock(waiters.clone())
        .credentials(source.clone())
        .build();
    let app = client
        .registry(&HOST.parse().unwrap())
        .repository("app".parse().unwrap());
    thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(|| app.resolve(&target("v1")))).collect();
        waiters.await_count(7);
        source.arrived.wait();
        for thread in threads {
            assert!(thread.join().unwrap().unwrap().is_none());
        }
    });
    assert_eq!(source.asked.load(Ordering::Relaxed), 1);
}
