//! A13: every operation, at a registry that does everything wrong, with secrets that are looked for wherever they must not be.

mod operations;
mod trap;

use oci_client_core::credentials::StaticCredentials;
use oci_client_core::proto::{Credential, RetryPolicy};
use oci_registry::Registry;
use test_support::{Canary, FaultyTransport, Recorder, SimRuntime, traced};

use self::operations::Run;
use self::trap::{CDN, EVIL, Secrets, Trap};
use crate::support::{HOST, ORIGIN, builder, files_below, profile};

/// What came of all operations with one seed.
struct Outcome {
    failed: usize,
    /// To the registry, its CDN and a stranger.
    requests: [usize; 3],
    succeeded: usize,
    trace: String,
}

#[test]
fn a13_no_operation_shows_a_secret_or_takes_one_elsewhere_whatever_goes_wrong() {
    let (mut failed, mut succeeded, mut requests, mut trace) = (0, 0, [0; 3], String::new());
    for outcome in (0..SEEDS).map(run) {
        failed += outcome.failed;
        succeeded += outcome.succeeded;
        for (sum, count) in requests.iter_mut().zip(outcome.requests) {
            *sum += count;
        }
        trace += &outcome.trace;
    }
    // The trap snapped, and let enough through.
    assert!(failed > 300 && succeeded > 300, "{failed} {succeeded}");
    assert!(requests.iter().all(|count| *count > 20), "{requests:?}");
    for operation in OPERATIONS {
        let span = format!("operation name={operation} host=");
        assert!(trace.contains(&span), "{operation}");
    }
}

/// All operations with one seed, and the search for the secrets in everything that came of them.
fn run(seed: u64) -> Outcome {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let (registry, secrets) = (Registry::in_memory(), Secrets::new());
    let trap = Trap::new(registry.clone(), secrets.clone(), seed);
    let recorder = Recorder::new(FaultyTransport::new(trap, &runtime, seed).with_rate(10));
    let credentials = StaticCredentials::new().with(HOST.parse().unwrap(), credential(seed, &secrets.password));
    let unfinished = builder(&runtime, recorder.clone())
        .jitter_seed(seed)
        .profile(profile(RetryPolicy::new()).with_small_blob(SMALL as u64))
        .credentials(credentials);
    let mut shown = format!("{unfinished:?}");
    let client = unfinished.build();
    let operations = Run::new(&runtime, &client, &registry, folder.path());
    let (results, trace) = traced(|| runtime.run(operations.all(&mut shown)));
    let mut failed = 0;
    for error in results.iter().filter_map(|result| result.as_ref().err()) {
        failed += 1;
        secrets.assert_absent_from_error(error);
    }
    secrets.assert_confined(&recorder);
    secrets.assert_absent_from("a trace", trace.as_bytes());
    shown += &format!("{client:?}");
    secrets.assert_absent_from("what is shown", shown.as_bytes());
    for file in files_below(folder.path()) {
        secrets.assert_absent_from("the name of a file", file.to_string_lossy().as_bytes());
        secrets.assert_absent_from("a file", &std::fs::read(folder.path().join(file)).unwrap());
    }
    Outcome {
        failed,
        requests: [ORIGIN, CDN, EVIL].map(|origin| recorder.count_where(|request| request.origin == origin)),
        succeeded: results.len() - failed,
        trace,
    }
}

/// A password or an identity token, turn by turn.
fn credential(seed: u64, password: &Canary) -> Credential {
    let secret = password.text().to_owned();
    if seed.is_multiple_of(3) {
        Credential::identity_token(secret)
    } else {
        Credential::password("me", secret)
    }
}

/// By the names that traces give them.
const OPERATIONS: [&str; 18] = [
    "check registry",
    "delete blob",
    "delete manifest",
    "delete referrers",
    "list referrers",
    "list repositories",
    "list tags",
    "look for blob",
    "mount blob",
    "pull blob",
    "pull manifest",
    "push blob",
    "push manifest",
    "push stream",
    "read blob",
    "resolve",
    "send request",
    "update referrers",
];

const SEEDS: u64 = 36;

/// How much goes up in one request, in bytes: more of a stream than that goes up as it comes.
const SMALL: usize = 1000;
