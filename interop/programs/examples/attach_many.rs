//! Attaches COUNT artifacts to a subject, all at once: `attach_many REF COUNT NAME`.
//!
//! Prints the digest of each that was recorded as a referrer. One that another writer got in the way of is said on stderr, and is no failure.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;

use futures_util::future::join_all;
use oci_client_core::ErrorKind;
use oci_client_core::client::{Client, Repository};
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference, TagOrDigest};
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("attach_many: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [reference, count, name] = arguments.as_slice() else {
        return Err("usage: attach_many REF COUNT NAME".into());
    };
    let (reference, count): (Reference, usize) = (reference.parse()?, count.parse()?);
    let runtime = Arc::new(TokioRuntime::try_current()?);
    let repository = Client::new(Arc::new(ReqwestTransport::new()?), runtime).repository(&reference);
    let target = reference.target().ok_or("the reference needs a tag or a digest")?;
    let subject = repository.resolve(&target).await?.ok_or("the subject is not there")?;
    repository.push_blob(&Descriptor::empty(), Arc::new(empty())).await?;
    let attached = join_all((0..count).map(|number| attach(&repository, &subject, format!("{name}-{number}")))).await;
    for result in attached {
        match result {
            Ok(digest) => println!("{digest}"),
            Err(error) if error.kind() == ErrorKind::Conflict => eprintln!("{error}"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn attach(repository: &Repository, subject: &Descriptor, name: String) -> Result<String, oci_client_core::Error> {
    let artifact_type = MediaType::from_static("application/vnd.example.many");
    let mut manifest = ImageManifest::artifact(artifact_type, vec![Descriptor::empty()]).with_subject(subject.clone());
    manifest.annotations.extend([("org.example.name".to_owned(), name)]);
    let document =
        Document::from_value(AnyManifest::Image(manifest)).expect("a manifest of so few fields is a document");
    let digest = TagOrDigest::Digest(document.digest().clone());
    repository.push_manifest(&digest, &document).await?;
    Ok(digest.to_string())
}

fn empty() -> bytes::Bytes {
    bytes::Bytes::from_static(b"{}")
}
