//! Registries on free ports of the loopback, each with an empty store.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::{Outcome, peers};

/// A server that ends when this is dropped.
pub(crate) struct Server {
    address: String,
    child: Child,
}

/// Which server, and how.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Kind {
    Distribution,
    Olareg,
    Ours,
    /// Ours, without waiting for the disk, as the others do not wait either.
    OursRelaxed,
}

/// The files that a server over TLS shows.
pub(crate) struct Certificate<'p> {
    pub(crate) certificate: &'p Path,
    pub(crate) key: &'p Path,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Ours, Self::OursRelaxed, Self::Olareg, Self::Distribution];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Distribution => "distribution",
            Self::Olareg => "olareg",
            Self::Ours => "ours",
            Self::OursRelaxed => "ours, relaxed",
        }
    }

    /// Whether it can be started here.
    pub(crate) fn is_installed(self) -> bool {
        match self {
            Self::Distribution | Self::Olareg => peers::find(self.name()).is_some(),
            Self::Ours | Self::OursRelaxed => true,
        }
    }

    /// Starts it with its store in `dir`.
    pub(crate) fn start(self, dir: &Path, tls: Option<&Certificate<'_>>) -> Outcome<Server> {
        fs::create_dir_all(dir)?;
        let address = format!("127.0.0.1:{}", free_port()?);
        let mut command = self.command(&address, dir, tls)?;
        let log = fs::File::create(dir.with_extension("log"))?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().map_err(|error| format!("{command:?}: {error}"))?;
        let server = Server { address, child };
        server.wait()?;
        Ok(server)
    }

    fn command(self, address: &str, dir: &Path, tls: Option<&Certificate<'_>>) -> Outcome<Command> {
        let program = || peers::find(self.name()).ok_or_else(|| format!("{} is not installed", self.name()));
        let port = address.rsplit(':').next().unwrap_or_default();
        Ok(match self {
            Self::Distribution => {
                let config = dir.with_extension("yml");
                fs::write(&config, distribution_config(address, dir, tls))?;
                let mut command = Command::new(program()?);
                command
                    .args(["serve".as_ref(), config.as_os_str()])
                    .env("OTEL_TRACES_EXPORTER", "none");
                command
            }
            Self::Olareg => {
                let mut command = Command::new(program()?);
                command
                    .args(["serve", "--addr", "127.0.0.1", "--port", port, "--dir"])
                    .arg(dir);
                command
            }
            Self::Ours | Self::OursRelaxed => {
                let mut command = Command::new(std::env::current_exe()?);
                command.args(["run", "serve", "--addr", address, "--dir"]).arg(dir);
                if self == Self::OursRelaxed {
                    command.arg("--relaxed");
                }
                command
            }
        })
    }
}

impl Server {
    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) const fn child(&self) -> &Child {
        &self.child
    }

    fn wait(&self) -> Outcome<()> {
        let started = Instant::now();
        while TcpStream::connect(&self.address).is_err() {
            if started.elapsed() > STARTS_WITHIN {
                return Err(format!("no server has come up on {}", self.address).into());
            }
            sleep(Duration::from_millis(20));
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// The slow link to a server; see `programs/link.rs`.
pub(crate) struct Link {
    address: String,
    child: Child,
    said: BufReader<std::process::ChildStdout>,
}

impl Link {
    /// Leads to `address`, with a round trip in milliseconds and, unless it is 0, a rate in Mbit/s for each connection.
    pub(crate) fn start(address: &str, round_trip: u64, rate: u64) -> Outcome<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["run", "link", address]);
        command.args([format!("--round-trip={round_trip}"), format!("--rate={rate}")]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut said = BufReader::new(child.stdout.take().ok_or("the link has no output")?);
        let mut line = String::new();
        said.read_line(&mut line)?;
        Ok(Self {
            address: line.trim().to_owned(),
            child,
            said,
        })
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Ends it; says how many requests have passed.
    pub(crate) fn finish(mut self) -> Outcome<u64> {
        drop(self.child.stdin.take());
        let mut count = String::new();
        self.said.read_to_string(&mut count)?;
        Ok(count.trim().parse()?)
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        stop(&mut self.child);
    }
}

/// A certificate for 127.0.0.1 that signs itself, with its key, written to two files.
pub(crate) fn make_certificate(certificate: &Path, key: &Path) -> Outcome<()> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()])?;
    fs::write(certificate, made.cert.pem())?;
    fs::File::create(key)?.write_all(made.signing_key.serialize_pem().as_bytes())?;
    Ok(())
}

fn free_port() -> Outcome<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn distribution_config(address: &str, dir: &Path, tls: Option<&Certificate<'_>>) -> String {
    let tls = tls.map_or_else(String::new, |tls| {
        let (certificate, key) = (tls.certificate.display(), tls.key.display());
        format!(", tls: {{ certificate: {certificate}, key: {key} }}")
    });
    format!(
        "version: 0.1\nlog: {{ level: error, accesslog: {{ disabled: true }} }}\nstorage:\n  filesystem: {{ rootdirectory: {} }}\n  delete: {{ enabled: true }}\n\
         http: {{ addr: \"{address}\"{tls} }}\n",
        dir.display()
    )
}

fn stop(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

const STARTS_WITHIN: Duration = Duration::from_secs(20);
