//! Many threads with one client (P25): what they share is data behind a lock, and none waits for another for longer than that.

use std::sync::{Arc, Barrier};

use oci_client_core::client::Client;
use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::Credential;
use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_registry::Registry;
use test_support::Recorder;

use crate::support::{HOST, TokenGate, app, layer, noise};

const ROUNDS: usize = 20;
const THREADS: usize = 8;

#[test]
fn p25_threads_share_tokens_and_memory_of_a_registry() {
    for round in 0..ROUNDS {
        let gate = TokenGate::new(Registry::in_memory()).for_user("me", "password");
        let recorder = Recorder::new(gate);
        let credential = Credential::password("me", "password".to_owned());
        let credentials = StaticCredentials::new().with(HOST.parse().unwrap(), credential);
        let client = Client::builder(Arc::new(recorder.clone()), Arc::new(ThreadRuntime::new()))
            .credentials(credentials)
            .build();
        let together = Barrier::new(THREADS);
        std::thread::scope(|scope| {
            for number in 0..THREADS {
                let (app, together) = (app(&client), &together);
                scope.spawn(move || {
                    let content = noise((round * THREADS + number) as u64, 2000);
                    together.wait();
                    block_on(async {
                        app.push_blob(&layer(&content), Arc::new(content.clone()))
                            .await
                            .unwrap();
                        let read = app.blob(&layer(&content)).unwrap().bytes(2000).await.unwrap();
                        assert_eq!(read, content);
                    });
                });
            }
        });
        // Whoever comes first exchanges the token for all.
        assert_eq!(recorder.count_where(|request| request.path.starts_with("/token")), 1);
    }
}
