//! What a program weighs: crates, the time of a clean build, the size of what is built.

use std::{
    collections::BTreeSet,
    env, fs,
    io::{Error, Result},
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    time::{Duration, Instant},
};

/// Builds both programs in empty folders and prints what each costs.
pub(crate) fn main() -> ExitCode {
    let weighed: Result<Vec<Weight>> = PROGRAMS.iter().map(|name| Weight::of(name)).collect();
    match weighed {
        Ok(weights) => {
            print_table(&weights);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

struct Weight {
    name: &'static str,
    crates: usize,
    build: Duration,
    bytes: u64,
}

impl Weight {
    fn of(name: &'static str) -> Result<Self> {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("weight")
            .join(name)
            .join("Cargo.toml");
        let target = env::temp_dir().join(format!("weight-{}-{name}", std::process::id()));
        // What has to be fetched is fetched before the clock runs.
        cargo(&manifest, &["fetch", "--locked"], &target)?;
        let crates = crates(&cargo(
            &manifest,
            &["tree", "--locked", "--edges", "normal", "--prefix", "none"],
            &target,
        )?);
        let started = Instant::now();
        let built = cargo(&manifest, &["build", "--release", "--locked", "--quiet"], &target);
        let build = started.elapsed();
        let bytes = built
            .and_then(|_| fs::metadata(binary(&target)))
            .map(|metadata| metadata.len());
        // It may not be there at all.
        let _ = fs::remove_dir_all(&target);
        Ok(Self {
            name,
            crates,
            build,
            bytes: bytes?,
        })
    }
}

fn binary(target: &Path) -> PathBuf {
    target.join("release").join(format!("pull{}", env::consts::EXE_SUFFIX))
}

fn cargo(manifest: &Path, arguments: &[&str], target: &Path) -> Result<String> {
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(arguments)
        .arg("--manifest-path")
        .arg(manifest)
        .env("CARGO_TARGET_DIR", target)
        .output()?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// How many crates of others there are: those of this workspace and the program itself stand with their folder.
fn crates(tree: &str) -> usize {
    let names = tree.lines().filter(|line| !line.is_empty() && !line.contains(" (/"));
    let names: BTreeSet<&str> = names.map(|line| line.split(" (").next().unwrap_or(line)).collect();
    names.len()
}

fn print_table(weights: &[Weight]) {
    println!(
        "{:<12} {:>7} {:>14} {:>10}",
        "pull on", "crates", "clean build", "binary"
    );
    for weight in weights {
        let (seconds, mib) = (weight.build.as_secs_f64(), weight.bytes as f64 / f64::from(1 << 20));
        println!(
            "{:<12} {:>7} {seconds:>12.0} s {mib:>6.1} MiB",
            weight.name, weight.crates
        );
    }
}

const PROGRAMS: [&str; 2] = ["ours", "oci-client"];
