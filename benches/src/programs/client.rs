use std::path::PathBuf;
use std::sync::Arc;

use clap::Subcommand;
use oci_client_core::client::{Client, PullOptions};
use oci_client_core::proto::HostProfile;
use oci_client_core::store::{CopyOptions, OciLayout, Source, Target, copy};
use oci_spec_types::{Descriptor, Digest, MediaType, Reference, RegistryHost, TagOrDigest};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};
use url::Url;

use crate::Outcome;

/// What our client does; a process for each, which knows nothing yet.
#[derive(Subcommand)]
pub(crate) enum Operation {
    /// Copies between registries, or inside one.
    Copy {
        #[command(flatten)]
        how: How,
        from: Reference,
        to: Reference,
    },
    /// Gets one blob into a file.
    Fetch {
        #[command(flatten)]
        how: How,
        repository: Reference,
        digest: Digest,
        size: u64,
        file: PathBuf,
    },
    /// Pulls into an OCI layout.
    Pull {
        #[command(flatten)]
        how: How,
        from: Reference,
        dir: PathBuf,
    },
    /// Pushes the image tagged `latest` from an OCI layout.
    Push {
        #[command(flatten)]
        how: How,
        dir: PathBuf,
        to: Reference,
    },
}

#[derive(clap::Args)]
pub(crate) struct How {
    /// How many blobs, or parts of one, are on their way at a time, in place of the default.
    #[arg(long)]
    jobs: Option<usize>,
    /// Trust the certificates in this file too.
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Speak HTTP/1.1 only.
    #[arg(long)]
    http1: bool,
}

impl How {
    fn client(&self, host: &RegistryHost) -> Outcome<Client> {
        let mut transport = ReqwestTransport::builder().no_proxy();
        if let Some(ca) = &self.ca {
            transport = transport.root_certificates_pem(std::fs::read(ca)?);
        }
        if self.http1 {
            transport = transport.http1_only();
        }
        let mut profile = HostProfile::new(host.clone());
        if self.ca.is_some() {
            // On loopback too.
            profile = profile.with_base(Url::parse(&format!("https://{host}/"))?)?;
        }
        let runtime = Arc::new(TokioRuntime::try_current()?);
        let client = Client::builder(Arc::new(transport.build()?), runtime);
        Ok(client.profile(profile).build())
    }

    fn copy_options(&self) -> CopyOptions {
        self.jobs
            .map_or_else(CopyOptions::new, |jobs| CopyOptions::new().with_jobs(jobs))
    }

    fn pull_options(&self) -> PullOptions {
        self.jobs
            .map_or_else(PullOptions::new, |jobs| PullOptions::new().with_jobs(jobs))
    }
}

impl Operation {
    pub(super) async fn run(self) -> Outcome<()> {
        match self {
            Self::Copy { how, from, to } => {
                let client = how.client(from.host())?;
                let (source, target) = (client.repository(&from), client.repository(&to));
                transfer(&source, &from, &target, &to, &how).await
            }
            Self::Fetch {
                how,
                repository,
                digest,
                size,
                file,
            } => {
                let descriptor = Descriptor::new(MediaType::OCTET_STREAM, digest, size);
                let repository = how.client(repository.host())?.repository(&repository);
                Ok(repository.save_blob(&descriptor, file, &how.pull_options()).await?)
            }
            Self::Pull { how, from, dir } => {
                let client = how.client(from.host())?;
                let layout = OciLayout::create(dir, client.runtime().clone()).await?;
                transfer(&client.repository(&from), &from, &layout, &from, &how).await
            }
            Self::Push { how, dir, to } => {
                let client = how.client(to.host())?;
                let layout = OciLayout::open(dir, client.runtime().clone()).await?;
                transfer(&layout, &to, &client.repository(&to), &to, &how).await
            }
        }
    }
}

async fn transfer(
    source: &dyn Source,
    from: &Reference,
    target: &dyn Target,
    to: &Reference,
    how: &How,
) -> Outcome<()> {
    let tag = from.tag().ok_or("the reference needs a tag")?;
    let from = TagOrDigest::Tag(tag.clone());
    copy(source, &from, target, to.tag(), &how.copy_options()).await?;
    Ok(())
}
