//! The clients, and how each is told what to do.

use std::ffi::OsStr;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use oci_spec_types::Digest;

use super::work::{Link, Shape, Verb, Work};
use crate::{Outcome, peers};

#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub(crate) enum Client {
    Ours,
    Crane,
    Skopeo,
    Oras,
    Regctl,
    /// A loop of read, hash and write on one thread.
    Floor,
    /// Sends bytes and hashes nothing.
    Curl,
}

/// One transfer, with all names filled in.
#[derive(Debug)]
pub(crate) struct Job<'p> {
    /// A file with the certificate of a server over TLS.
    pub(crate) ca: Option<&'p Path>,
    /// The first layer.
    pub(crate) first: (Digest, u64),
    pub(crate) jobs: Option<usize>,
    pub(crate) layout: &'p Path,
    /// Where what is pulled or fetched goes.
    pub(crate) output: PathBuf,
    /// The image that is there, as host/repository.
    pub(crate) there: String,
    /// Where the image is pushed or copied to, as host/repository.
    pub(crate) to: String,
    pub(crate) verb: Verb,
}

impl Client {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Crane => "crane",
            Self::Curl => "curl",
            Self::Floor => "floor",
            Self::Oras => "oras",
            Self::Ours => "ours",
            Self::Regctl => "regctl",
            Self::Skopeo => "skopeo",
        }
    }

    /// Those that can do `work` besides ours.
    pub(crate) fn others(work: &Work) -> impl Iterator<Item = Self> {
        let one = matches!(work.shape, Shape::Large | Shape::Quarter) && !work.link.is_tls();
        let mut all = vec![Self::Crane];
        match work.verb {
            Verb::Fetch => all.extend([Self::Oras, Self::Regctl]),
            _ => all.extend([Self::Skopeo, Self::Oras, Self::Regctl]),
        }
        match work.verb {
            Verb::Fetch | Verb::Pull if one => all.push(Self::Floor),
            Verb::Push if one && work.link == Link::Loopback => all.push(Self::Curl),
            _ => {}
        }
        all.into_iter()
    }

    pub(crate) fn is_installed(self) -> bool {
        matches!(self, Self::Floor | Self::Ours) || peers::find(self.name()).is_some()
    }

    /// The command that does `job`.
    pub(crate) fn command(self, job: &Job<'_>) -> Outcome<Command> {
        let mut command = match self {
            Self::Floor | Self::Ours => Command::new(std::env::current_exe()?),
            _ => Command::new(peers::find(self.name()).ok_or_else(|| format!("{} is not installed", self.name()))?),
        };
        command.stdout(Stdio::null());
        if let Some(ca) = job.ca {
            command.env("SSL_CERT_FILE", ca);
        }
        match self {
            Self::Crane => crane(&mut command, job)?,
            Self::Curl => curl(&mut command, job)?,
            Self::Floor => floor(&mut command, job),
            Self::Oras => oras(&mut command, job),
            Self::Ours => ours(&mut command, job),
            Self::Regctl => regctl(&mut command, job)?,
            Self::Skopeo => skopeo(&mut command, job),
        }
        Ok(command)
    }
}

impl Job<'_> {
    fn blob(&self) -> String {
        format!("{}@{}", self.there, self.first.0)
    }

    /// Source and destination, in a client's own way to write layouts and references.
    fn ends(&self, layout: impl Fn(&Path) -> String, reference: impl Fn(&str) -> String) -> [String; 2] {
        let (there, to) = (reference(&self.there), reference(&self.to));
        match self.verb {
            Verb::Copy | Verb::CopyInside => [there, to],
            Verb::Fetch | Verb::Pull => [there, layout(&self.output)],
            Verb::Push => [layout(self.layout), to],
        }
    }
}

fn ours(command: &mut Command, job: &Job<'_>) {
    let verb = match job.verb {
        Verb::Copy | Verb::CopyInside => "copy",
        Verb::Fetch => "fetch",
        Verb::Pull => "pull",
        Verb::Push => "push",
    };
    command.args(["run", "client", verb]);
    if let Some(jobs) = job.jobs {
        command.arg(format!("--jobs={jobs}"));
    }
    if let Some(ca) = job.ca {
        command.arg("--ca").arg(ca);
    }
    if job.verb == Verb::Fetch {
        let (digest, size) = &job.first;
        command
            .args([&job.there, &digest.to_string(), &size.to_string()])
            .arg(&job.output);
    } else {
        command.args(job.ends(
            |path| path.display().to_string(),
            |reference| format!("{reference}:latest"),
        ));
    }
}

fn crane(command: &mut Command, job: &Job<'_>) -> Outcome<()> {
    let tagged = |reference: &str| format!("{reference}:latest");
    match job.verb {
        Verb::Copy | Verb::CopyInside => command.args(["copy", &tagged(&job.there), &tagged(&job.to)]),
        Verb::Fetch => command.args(["blob", &job.blob()]).stdout(File::create(&job.output)?),
        Verb::Pull => command
            .args(["pull", "--format=oci", &tagged(&job.there)])
            .arg(&job.output),
        Verb::Push => command.arg("push").arg(job.layout).arg(tagged(&job.to)),
    };
    Ok(())
}

fn skopeo(command: &mut Command, job: &Job<'_>) {
    command.args(["--insecure-policy", "copy", "--quiet"]);
    command.args(["--src-tls-verify=false", "--dest-tls-verify=false"]);
    command.args(job.ends(
        |path| format!("oci:{}:latest", path.display()),
        |reference| format!("docker://{reference}:latest"),
    ));
}

fn oras(command: &mut Command, job: &Job<'_>) {
    let plain = job.ca.is_none();
    if job.verb == Verb::Fetch {
        command
            .args(["blob", "fetch", "--output"])
            .arg(&job.output)
            .arg(job.blob());
        command.args(plain.then_some("--plain-http"));
        return;
    }
    command.arg("copy");
    let (from, to) = match job.verb {
        Verb::Push => ("--from-oci-layout", "--to-plain-http"),
        Verb::Fetch | Verb::Pull => ("--from-plain-http", "--to-oci-layout"),
        Verb::Copy | Verb::CopyInside => ("--from-plain-http", "--to-plain-http"),
    };
    let wanted = |flag: &&str| plain || !flag.ends_with("plain-http");
    command.args([from, to].iter().filter(|flag| wanted(flag)).map(OsStr::new));
    command.args(job.ends(
        |path| format!("{}:latest", path.display()),
        |reference| format!("{reference}:latest"),
    ));
}

fn regctl(command: &mut Command, job: &Job<'_>) -> Outcome<()> {
    for reference in [&job.there, &job.to] {
        let host = reference.split('/').next().unwrap_or_default();
        let tls = if job.ca.is_some() { "enabled" } else { "disabled" };
        command.args(["--host", &format!("reg={host},tls={tls}")]);
    }
    if job.verb == Verb::Fetch {
        let digest = job.first.0.to_string();
        command
            .args(["blob", "get", &job.there, &digest])
            .stdout(File::create(&job.output)?);
    } else {
        command.args(["image", "copy"]);
        command.args(job.ends(
            |path| format!("ocidir://{}:latest", path.display()),
            |reference| format!("{reference}:latest"),
        ));
    }
    Ok(())
}

fn floor(command: &mut Command, job: &Job<'_>) {
    let (address, repository) = job.there.split_once('/').unwrap_or_default();
    command.args(["run", "floor", address, repository, &job.first.0.to_string()]);
    command.arg(&job.output);
}

/// Sends the first layer into a session that is open already.
fn curl(command: &mut Command, job: &Job<'_>) -> Outcome<()> {
    let (address, repository) = job.to.split_once('/').unwrap_or_default();
    let begin = format!("http://{address}/v2/{repository}/blobs/uploads/");
    let opened = Command::new(command.get_program())
        .args(["--silent", "--output", "/dev/null", "--request", "POST"])
        .args(["--write-out", "%header{location}", &begin])
        .output()?;
    let location = String::from_utf8(opened.stdout)?;
    let separator = if location.contains('?') { '&' } else { '?' };
    let (digest, _) = &job.first;
    command.args(["--silent", "--fail", "--header", "Expect:", "--upload-file"]);
    command.arg(job.layout.join("blobs/sha256").join(digest.encoded_string()));
    command.arg(format!("{location}{separator}digest={digest}"));
    Ok(())
}
