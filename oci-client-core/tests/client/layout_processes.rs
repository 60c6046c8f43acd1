//! Layouts that several processes write to at once, and processes that are killed while they do: this program is started again for each of them.

use std::env;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use oci_client_core::store::OciLayout;
use oci_spec_types::ImageIndex;
use test_support::SimRuntime;

use crate::layout::{add, read_index};
use crate::support::Image;

/// How many images each of two processes enters, where nobody says otherwise. `interop/layouts` has them enter 500.
const ROUNDS: u64 = 60;

/// How many processes are killed, where nobody says otherwise.
const KILLS: u64 = 5;

#[test]
fn two_processes_that_write_one_layout_lose_nothing_and_readers_always_find_a_whole_index() {
    let folder = tempfile::tempdir().unwrap();
    let rounds = count("OCI_LAYOUT_ROUNDS", ROUNDS);
    add(&SimRuntime::new(), folder.path(), &Image::new(0, &[]), "first");
    let mut writers = [1, 2].map(|number| start(folder.path(), number, rounds));
    while writers.iter_mut().any(|writer| writer.try_wait().unwrap().is_none()) {
        assert!(!read_index(folder.path()).manifests.is_empty());
    }
    for writer in &mut writers {
        assert!(writer.wait().unwrap().success());
    }
    let index = read_index(folder.path());
    assert_eq!(index.manifests.len() as u64, 2 * rounds + 1);
    for number in 0..rounds {
        for writer in [1, 2] {
            assert!(has(&index, &format!("w{writer}-{number}")));
        }
    }
    check(folder.path());
    println!("{} entries of two processes", index.manifests.len());
}

#[test]
fn a_process_that_is_killed_while_it_writes_leaves_a_layout_that_others_go_on_with() {
    let folder = tempfile::tempdir().unwrap();
    let kills = count("OCI_LAYOUT_KILLS", KILLS);
    add(&SimRuntime::new(), folder.path(), &Image::new(0, &[]), "first");
    // Another one writes all the time, and is left alone.
    let mut steady = start(folder.path(), 1_000_000, 4 * kills);
    for round in 1..=kills {
        let before = 1 + round * 5 % 7;
        let mut writer = start(folder.path(), round, u64::MAX);
        let mut lines = BufReader::new(writer.stdout.take().unwrap()).lines();
        // It says what it has entered; it is killed at some point of what follows that.
        let entered = lines.by_ref().filter(|line| line.as_ref().unwrap().contains(ENTERED));
        assert_eq!(entered.take(before as usize).count() as u64, before);
        writer.kill().unwrap();
        writer.wait().unwrap();
        let index = read_index(folder.path());
        for number in 0..before {
            assert!(has(&index, &format!("w{round}-{number}")));
        }
        add(&SimRuntime::new(), folder.path(), &Image::new(0, &[]), "after");
        check(folder.path());
    }
    assert!(steady.wait().unwrap().success());
    let index = read_index(folder.path());
    for number in 0..4 * kills {
        assert!(has(&index, &format!("w1000000-{number}")));
    }
    check(folder.path());
    println!("{kills} processes killed, {} entries", index.manifests.len());
}

#[test]
#[ignore = "a process that the tests above start"]
fn writer() {
    let [folder, number, rounds] = [FOLDER, NUMBER, COUNT].map(|name| env::var(name).unwrap());
    let (number, rounds): (u64, u64) = (number.parse().unwrap(), rounds.parse().unwrap());
    let runtime = SimRuntime::new();
    for round in 0..rounds {
        add(
            &runtime,
            Path::new(&folder),
            &Image::new(number.wrapping_mul(1_000_000) + round, &[10]),
            &format!("w{number}-{round}"),
        );
        println!("\n{ENTERED} {round}");
        std::io::stdout().flush().unwrap();
    }
}

fn start(folder: &Path, number: u64, rounds: u64) -> Child {
    Command::new(env::current_exe().unwrap())
        .args(["--exact", "layout_processes::writer", "--ignored", "--nocapture"])
        .envs([
            (FOLDER, folder.display().to_string()),
            (NUMBER, number.to_string()),
            (COUNT, rounds.to_string()),
        ])
        .stdout(match rounds {
            u64::MAX => Stdio::piped(),
            _ => Stdio::null(),
        })
        .spawn()
        .unwrap()
}

fn has(index: &ImageIndex, name: &str) -> bool {
    index
        .select_annotated("org.opencontainers.image.ref.name", name)
        .is_ok()
}

/// How often, by the environment or as usual.
fn count(variable: &str, usual: u64) -> u64 {
    match env::var(variable) {
        Ok(text) => text.parse().unwrap(),
        Err(_) => usual,
    }
}

/// Everything that is entered is there and right.
fn check(path: &Path) {
    let runtime = SimRuntime::new();
    let report = runtime.run(async {
        let layout = OciLayout::open(path, Arc::new(runtime.clone())).await.unwrap();
        layout.verify().await.unwrap()
    });
    assert!(report.is_valid(), "{report:?}");
}

const COUNT: &str = "LAYOUT_WRITER_COUNT";

const ENTERED: &str = "entered";

const FOLDER: &str = "LAYOUT_WRITER_FOLDER";

const NUMBER: &str = "LAYOUT_WRITER_NUMBER";
