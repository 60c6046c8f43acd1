//! `faulty_registry` as a user runs it, with a client of ours at the other end.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use oci_client_core::client::{Client, Repository};
use oci_spec_types::{Descriptor, MediaType};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

#[test]
fn rules_happen_are_shown_and_our_client_gets_over_them() {
    let rules = [
        "upload-start first=1: too-many-requests=0s",
        "GET blob first=1: reset-response=1000",
        "GET blob first=1: truncate=200000",
        "redirect=307",
    ];
    let mut registry = FaultyRegistry::start(&rules.map(|rule| ["--rule", rule]).concat());
    let content = vec![7; 300_000];
    let blob = Descriptor::of(MediaType::IMAGE_LAYER_GZIP, &content);
    let tokio = tokio::runtime::Runtime::new().unwrap();
    tokio.block_on(async {
        let repository = registry.repository();
        repository
            .push_blob(&blob, Arc::new(bytes::Bytes::from(content.clone())))
            .await
            .unwrap();
        let pulled = repository.blob(&blob).unwrap().bytes(1 << 20).await.unwrap();
        assert!(pulled == content);
    });
    let messages = registry.stop();
    let faults: Vec<&str> = messages.lines().filter(|line| line.starts_with("exchange ")).collect();
    let happened: Vec<&str> = faults.iter().map(|line| line.rsplit_once(": ").unwrap().1).collect();
    assert_eq!(
        happened[..4],
        [
            "too-many-requests=0ms",
            "reset-response=1000",
            "truncate=200000",
            "redirect=307"
        ],
        "{messages}"
    );
    assert!(
        messages.starts_with("seed=0\nupload-start nth=1: too-many-requests=0ms\n"),
        "{messages}"
    );
}

#[test]
fn a_seed_is_a_plan() {
    let plan = |seed| FaultyRegistry::start(&["--seed", seed, "--intensity", "50"]).stop();
    assert_eq!(plan("42"), plan("42"));
    assert_ne!(plan("42"), plan("43"));
    assert!(plan("42").starts_with("seed=42\n"), "{}", plan("42"));
}

#[test]
fn what_is_no_rule_is_refused() {
    let refused = Command::new(program()).args(["--rule", "nonsense"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(message.contains("not \"nonsense\""), "{message}");
}

struct FaultyRegistry {
    address: String,
    process: Child,
}

impl FaultyRegistry {
    fn start(arguments: &[&str]) -> Self {
        let mut process = Command::new(program())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let address = line.trim().strip_prefix("http://").unwrap().to_owned();
        Self { address, process }
    }

    /// A client's view of the repository `app`.
    fn repository(&self) -> Repository {
        let runtime = Arc::new(TokioRuntime::try_current().unwrap());
        let transport = ReqwestTransport::builder().no_proxy().build().unwrap();
        let client = Client::new(Arc::new(transport), runtime);
        client
            .registry(&self.address.parse().unwrap())
            .repository("app".parse().unwrap())
    }

    /// Ends it; gives what it has said.
    fn stop(&mut self) -> String {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let mut said = String::new();
        self.process.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        said
    }
}

impl Drop for FaultyRegistry {
    fn drop(&mut self) {
        // It may have been stopped.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn program() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    this.ancestors().nth(2).unwrap().join("examples/faulty_registry")
}
