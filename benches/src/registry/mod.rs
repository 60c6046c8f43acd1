//! The same load on our registry and on others.

mod connection;
mod load;

use std::path::PathBuf;
use std::time::Duration;

use self::load::{Load, Measured};
use crate::servers::{Kind, Server};
use crate::table::{Table, as_seconds, mebibytes, median};
use crate::{Outcome, measure, scratch};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Below which folder everything is; by default in memory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How often each registry takes each load.
    #[arg(long, default_value_t = 3)]
    runs: usize,
    /// For how many seconds there are requests for manifests.
    #[arg(long, default_value_t = 2)]
    seconds: u64,
    /// Which registries; by default all that are installed.
    #[arg(long, value_delimiter = ',')]
    servers: Vec<Kind>,
}

/// Prints a table: a row for each load, with medians.
pub(crate) fn run(args: &Args) -> Outcome<()> {
    let chosen = |kind: &Kind| kind.is_installed() && (args.servers.is_empty() || args.servers.contains(kind));
    let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(chosen).collect();
    let scratch = scratch::folder(args.dir.as_deref())?;
    let mut rounds: Vec<Vec<Round>> = kinds.iter().map(|_| Vec::new()).collect();
    for number in 0..args.runs {
        for (kind, rounds) in kinds.iter().zip(&mut rounds) {
            let dir = scratch.path().join(format!("store-{number}"));
            let server = kind.start(&dir, None)?;
            let round = Round::of(&server, Duration::from_secs(args.seconds))?;
            eprintln!("{} {}/{}: {}", kind.name(), number + 1, args.runs, round.describe());
            rounds.push(round);
            drop(server);
            std::fs::remove_dir_all(dir)?;
        }
    }
    print(&kinds, &rounds);
    Ok(())
}

/// All loads on a registry that was empty.
struct Round {
    measured: Vec<(Load, Measured)>,
    peak: u64,
}

impl Round {
    fn of(server: &Server, duration: Duration) -> Outcome<Self> {
        let mut measured = Vec::new();
        for load in Load::ALL {
            let (before, _) = measure::so_far(server.child())?;
            let mut figure = load.put_on(server.address(), duration)?;
            figure.cpu = measure::so_far(server.child())?.0.saturating_sub(before);
            measured.push((load, figure));
        }
        let (_, peak) = measure::so_far(server.child())?;
        Ok(Self { measured, peak })
    }

    fn describe(&self) -> String {
        let loads = self.measured.iter();
        let loads = loads.map(|(load, measured)| format!("{}: {}", load.name(), load.show(measured.rate)));
        loads.collect::<Vec<_>>().join(", ")
    }
}

fn print(kinds: &[Kind], rounds: &[Vec<Round>]) {
    let mut columns = vec!["load".to_owned()];
    columns.extend(kinds.iter().map(|kind| format!("{}; CPU", kind.name())));
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    let mut table = Table::new(&columns);
    for (at, load) in Load::ALL.into_iter().enumerate() {
        let cells = rounds.iter().map(|rounds| {
            let measured = || rounds.iter().filter_map(|round| round.measured.get(at));
            let rate = median(measured().map(|(_, measured)| measured.rate));
            let cpu = median(measured().map(|(_, measured)| as_seconds(measured.cpu) / measured.amount));
            format!("{}; {}", load.show(rate), load.show_cpu(cpu))
        });
        table.row(std::iter::once(load.name().to_owned()).chain(cells));
    }
    let peaks = rounds.iter().map(|rounds| {
        #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
        let peaks = rounds.iter().map(|round| round.peak as f64);
        mebibytes(median(peaks))
    });
    table.row(std::iter::once("peak memory".to_owned()).chain(peaks));
    println!("{}", table.finish());
}
