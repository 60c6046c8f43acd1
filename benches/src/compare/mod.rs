//! The same transfers by our client and by others, in turn.

mod clients;
mod images;
mod run;
mod work;

use std::path::PathBuf;

use self::clients::Client;
use self::run::{Bench, Figures};
use self::work::Work;
use crate::Outcome;
use crate::servers::Kind;
use crate::table::{Table, mebibytes, median, seconds};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Only these clients next to ours; by default all that are installed.
    #[arg(long, value_delimiter = ',')]
    clients: Vec<Client>,
    /// Below which folder everything is; by default in memory.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How many blobs, or parts of one, our client moves at a time, in place of its default.
    #[arg(long)]
    jobs: Option<usize>,
    /// List the transfers and end.
    #[arg(long)]
    list: bool,
    /// Only the transfers of these names, or whose names begin so.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// How often each client does each of them.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Which registry serves.
    #[arg(long, value_enum, default_value = "distribution")]
    server: Kind,
}

/// Prints a table: a row for each transfer and other client, with medians.
pub(crate) fn run(args: &Args) -> Outcome<()> {
    let chosen =
        |work: &&Work| args.only.is_empty() || args.only.iter().any(|name| work.name.starts_with(name.as_str()));
    let works: Vec<&Work> = Work::ALL.iter().filter(chosen).collect();
    if args.list {
        works
            .iter()
            .for_each(|work| println!("{:24} {}", work.name, work.describe()));
        return Ok(());
    }
    let bench = Bench::new(args.dir.as_deref(), args.server, args.jobs)?;
    println!(
        "Registry: {}. Ours as a ratio of the other: wall time, CPU time (user and system), peak memory.\n",
        args.server.name()
    );
    let mut table = Table::new(&[
        "transfer",
        "next to",
        "wall",
        "CPU",
        "ours",
        "other",
        "our CPU",
        "other CPU",
        "our peak",
        "other peak",
        "requests",
    ]);
    for work in works {
        let others = Client::others(work)
            .filter(|client| client.is_installed() && (args.clients.is_empty() || args.clients.contains(client)));
        let clients: Vec<Client> = std::iter::once(Client::Ours).chain(others).collect();
        let figures = bench.compare(work, &clients, args.runs)?;
        rows(&mut table, work, &figures);
    }
    println!("{}", table.finish());
    Ok(())
}

fn rows(table: &mut Table, work: &Work, figures: &[Figures]) {
    let Some((ours, others)) = figures.split_first() else {
        return;
    };
    for other in others {
        let ratio = |pick: fn(&Figures) -> Vec<f64>| {
            // Of runs that followed each other, so that what else the machine does concerns both.
            let pairs = pick(ours).into_iter().zip(pick(other));
            format!("{:.2}", median(pairs.map(|(ours, other)| ours / other)))
        };
        let time = |figures: &Figures, pick: fn(&Figures) -> Vec<f64>| seconds(median(pick(figures)));
        let count = |figures: &Figures| {
            figures
                .requests
                .map_or_else(|| "-".to_owned(), |count| count.to_string())
        };
        table.row([
            work.name.to_owned(),
            other.client.name().to_owned(),
            ratio(Figures::walls),
            ratio(Figures::cpus),
            time(ours, Figures::walls),
            time(other, Figures::walls),
            time(ours, Figures::cpus),
            time(other, Figures::cpus),
            mebibytes(median(ours.peaks())),
            mebibytes(median(other.peaks())),
            format!("{} / {}", count(ours), count(other)),
        ]);
    }
}
