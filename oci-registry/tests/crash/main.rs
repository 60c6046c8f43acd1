//! S13: a program that is killed while it writes.
//!
//! The test runs itself as a second process that performs operations from a seed and reports each that was answered, and kills it
//! at any point. What is found then must be what the answered operations have made of it; of the one that was under way any part may be
//! there, but nothing torn.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod check;
mod model;
mod operation;

use std::env;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use oci_client_core::runtime::{ThreadRuntime, block_on};
use oci_registry::Registry;
use oci_registry::storage::{DirectoryOptions, DirectoryStorage, Durability};
use test_support::Rng;

use model::Model;
use operation::Operations;

#[test]
fn s13_killed_while_writing() {
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().unwrap());
    let (kills, seed) = (number(KILLS, 20), number(SEED, 1));
    // Most of the time goes by waiting for processes and the disk.
    let answered: usize = std::thread::scope(|scope| {
        let lanes: Vec<_> = (0..LANES)
            .map(|lane| scope.spawn(move || lane_of_kills(kills.div_ceil(LANES), seed.wrapping_add(lane << 32))))
            .collect();
        lanes.into_iter().map(|lane| lane.join().unwrap()).sum()
    });
    println!("{kills} kills, {answered} operations answered");
    assert!(answered > 0);
}

/// Kills one process after another over the same content, which begins anew now and then; returns how many operations were answered.
fn lane_of_kills(kills: u64, seed: u64) -> usize {
    let mut random = Rng::new(seed);
    let mut directory = tempfile::tempdir().unwrap();
    let mut model = Model::default();
    let mut answered = 0;
    for kill in 0..kills {
        if kill % 25 == 24 {
            directory = tempfile::tempdir().unwrap();
            model = Model::default();
        }
        let seed = random.below(u64::MAX);
        let done = run_and_kill(directory.path(), seed, &mut random);
        let mut operations = Operations::new(seed);
        for operation in operations.by_ref().take(done) {
            model.apply(&operation);
        }
        let under_way = operations.next().unwrap();
        let mut after = model.clone();
        after.apply(&under_way);
        println!("seed {seed}: {done} answered, under way {under_way:?}");
        model = check::check(directory.path(), &model, &after);
        answered += done;
    }
    answered
}

/// Runs operations in a second process, kills that after a few, and returns how many it had answered.
fn run_and_kill(directory: &Path, seed: u64, random: &mut Rng) -> usize {
    let mut writer = Command::new(env::current_exe().unwrap())
        .args(["--exact", "writer", "--nocapture", "--ignored"])
        .env(DIRECTORY, directory)
        .env(OPERATIONS, seed.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(writer.stdout.take().unwrap());
    let mut lines = output
        .lines()
        .map(Result::unwrap)
        .filter(|line| line.starts_with("done ") || line == "open");
    let stop = random.below(12);
    let before = lines.by_ref().take(usize::try_from(stop).unwrap()).count();
    for _ in 0..random.below(100_000) {
        std::hint::spin_loop();
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    // The first line says that the storage is open.
    (before + lines.count()).saturating_sub(1)
}

/// The second process. It never ends by itself.
#[test]
#[ignore = "run by the other test, in a process of its own"]
fn writer() {
    let (Ok(directory), Ok(seed)) = (env::var(DIRECTORY), env::var(OPERATIONS)) else {
        return;
    };
    let seed = seed.parse::<u64>().unwrap();
    let durability = if seed.is_multiple_of(2) {
        Durability::Full
    } else {
        Durability::Relaxed
    };
    let registry = open(Path::new(&directory), durability);
    println!("\nopen");
    for (number, operation) in Operations::new(seed).enumerate() {
        operation.perform(&registry);
        println!("\ndone {number}");
    }
}

fn open(directory: &Path, durability: Durability) -> Registry {
    let options = DirectoryOptions::new().with_durability(durability);
    let runtime = Arc::new(ThreadRuntime::new());
    let storage = block_on(DirectoryStorage::open_with(directory, runtime, options)).unwrap();
    Registry::builder().storage(storage).build()
}

/// Where the second process writes.
const DIRECTORY: &str = "OCI_REGISTRY_CRASH_DIRECTORY";
/// How often a process is killed.
const KILLS: &str = "OCI_REGISTRY_CRASH_KILLS";
/// How many second processes there are at a time.
const LANES: u64 = 4;
/// The seed of the second process's operations.
const OPERATIONS: &str = "OCI_REGISTRY_CRASH_OPERATIONS";
/// The seed of the whole test.
const SEED: &str = "OCI_REGISTRY_CRASH_SEED";
