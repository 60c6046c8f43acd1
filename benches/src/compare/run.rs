//! Doing the transfers.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use tempfile::TempDir;

use super::clients::{Client, Job};
use super::images::Image;
use super::work::{Shape, Verb, Work};
use crate::measure::{Cost, measure};
use crate::servers::{Certificate, Kind, Link, Server, make_certificate};
use crate::table::as_seconds;
use crate::{Outcome, scratch};

/// The servers, and the images that there are.
pub(crate) struct Bench {
    /// Counts what was pushed to, so that nothing is there before.
    count: Cell<usize>,
    images: RefCell<HashMap<Shape, Rc<Image>>>,
    jobs: Option<usize>,
    /// The registry that holds the images.
    main: Server,
    /// The registry that is copied to.
    other: Server,
    scratch: TempDir,
    secure: Server,
}

/// What one client took.
#[derive(Debug)]
pub(crate) struct Figures {
    pub(crate) client: Client,
    costs: Vec<Cost>,
    pub(crate) requests: Option<u64>,
}

impl Figures {
    pub(crate) fn walls(&self) -> Vec<f64> {
        self.costs.iter().map(|cost| as_seconds(cost.wall)).collect()
    }

    pub(crate) fn cpus(&self) -> Vec<f64> {
        self.costs.iter().map(|cost| as_seconds(cost.cpu)).collect()
    }

    #[expect(clippy::cast_precision_loss, reason = "memory is far below 2^52 bytes")]
    pub(crate) fn peaks(&self) -> Vec<f64> {
        self.costs.iter().map(|cost| cost.peak as f64).collect()
    }
}

impl Bench {
    pub(crate) fn new(below: Option<&Path>, kind: Kind, jobs: Option<usize>) -> Outcome<Self> {
        let scratch = scratch::folder(below)?;
        let (certificate, key) = (scratch.path().join(CERTIFICATE), scratch.path().join("key.pem"));
        make_certificate(&certificate, &key)?;
        let tls = Certificate {
            certificate: &certificate,
            key: &key,
        };
        Ok(Self {
            count: Cell::new(0),
            images: RefCell::default(),
            jobs,
            main: kind.start(&scratch.path().join("main"), None)?,
            other: kind.start(&scratch.path().join("other"), None)?,
            // The same store: what is pushed without TLS is there with it.
            secure: Kind::Distribution.start(&scratch.path().join("main"), Some(&tls))?,
            scratch,
        })
    }

    /// Has `clients` do `work` in turn, after a round that does not count.
    pub(crate) fn compare(&self, work: &Work, clients: &[Client], runs: usize) -> Outcome<Vec<Figures>> {
        let image = self.image(work.shape)?;
        let mut figures: Vec<Figures> = Vec::new();
        for &client in clients {
            let (_, requests) = self.once(work, &image, client, true)?;
            figures.push(Figures {
                client,
                costs: Vec::new(),
                requests,
            });
        }
        for round in 0..runs {
            for figures in &mut figures {
                let (cost, _) = self.once(work, &image, figures.client, false)?;
                eprintln!(
                    "{} {}/{runs} {}: {:.3} s, CPU {:.3} s",
                    work.name,
                    round + 1,
                    figures.client.name(),
                    as_seconds(cost.wall),
                    as_seconds(cost.cpu)
                );
                figures.costs.push(cost);
            }
        }
        Ok(figures)
    }

    fn once(&self, work: &Work, image: &Image, client: Client, counted: bool) -> Outcome<(Cost, Option<u64>)> {
        let links = Links::start(self, work, counted)?;
        let (address, to_address) = links.addresses(self, work);
        let number = self.count.replace(self.count.get() + 1);
        let output = self.scratch.path().join(format!("output-{number}"));
        let certificate = self.scratch.path().join(CERTIFICATE);
        let job = Job {
            ca: work.link.is_tls().then_some(certificate.as_path()),
            first: image.first.clone(),
            jobs: self.jobs,
            layout: &image.dir,
            output: output.clone(),
            there: format!("{address}/{}", repository(work.shape)),
            to: format!("{to_address}/new-{number}"),
            verb: work.verb,
        };
        let cost = measure(client.command(&job)?, self.scratch.path())?;
        remove(&output)?;
        Ok((cost, links.finish(work)?))
    }

    /// The image, which is in the registry as well.
    fn image(&self, shape: Shape) -> Outcome<Rc<Image>> {
        if let Some(image) = self.images.borrow().get(&shape) {
            return Ok(image.clone());
        }
        let dir = self.scratch.path().join(format!("image-{shape:?}"));
        let image = Rc::new(Image::make(dir, &shape.layers())?);
        let job = Job {
            ca: None,
            first: image.first.clone(),
            jobs: None,
            layout: &image.dir,
            output: PathBuf::new(),
            there: String::new(),
            to: format!("{}/{}", self.main.address(), repository(shape)),
            verb: Verb::Push,
        };
        measure(Client::Ours.command(&job)?, self.scratch.path())?;
        self.images.borrow_mut().insert(shape, image.clone());
        Ok(image)
    }
}

/// What lies between a client and the registries.
struct Links {
    from: Option<Link>,
    to: Option<Link>,
}

impl Links {
    fn start(bench: &Bench, work: &Work, counted: bool) -> Outcome<Self> {
        let server = if work.link.is_tls() { &bench.secure } else { &bench.main };
        let start = |server: &Server| {
            let bounds = work.link.bounds().or_else(|| counted.then_some((0, 0)));
            bounds
                .map(|(round_trip, rate)| Link::start(server.address(), round_trip, rate))
                .transpose()
        };
        Ok(Self {
            from: start(server)?,
            to: if work.verb == Verb::Copy {
                start(&bench.other)?
            } else {
                None
            },
        })
    }

    /// Of the registry that has the image, and of the one that gets it.
    fn addresses(&self, bench: &Bench, work: &Work) -> (String, String) {
        let address =
            |link: &Option<Link>, server: &Server| link.as_ref().map_or(server.address(), Link::address).to_owned();
        let from = address(&self.from, &bench.main);
        let to = match work.verb {
            Verb::Copy => address(&self.to, &bench.other),
            _ => from.clone(),
        };
        (from, to)
    }

    /// How many requests there were, where they could be counted.
    fn finish(self, work: &Work) -> Outcome<Option<u64>> {
        let counts = [self.from, self.to].into_iter().flatten().map(Link::finish);
        let total = counts.sum::<Outcome<u64>>()?;
        Ok(Some(total).filter(|count| *count > 0 && !work.link.is_tls()))
    }
}

fn repository(shape: Shape) -> String {
    format!("{shape:?}").to_ascii_lowercase()
}

fn remove(output: &Path) -> Outcome<()> {
    if output.is_dir() {
        fs::remove_dir_all(output)?;
    } else if output.exists() {
        fs::remove_file(output)?;
    }
    Ok(())
}

const CERTIFICATE: &str = "certificate.pem";
