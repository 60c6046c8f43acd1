//! Drives state machines by hand: no async, no thread, no network. The answers are canned.
//!
//! ```text
//! cargo run --example drive_by_hand
//! ```
//!
//! This is all there is to a driver: put an HTTP library in place of `answer`, and a clock in place of `Now::default()`.
//!
//! Cargo.toml:
//!
//! ```toml
//! bytes = "1"
//! http = "1"
//! oci-client-core = { version = "0.1", default-features = false }
//! oci-spec-types = "0.1"
//! ```

use std::error::Error;

use bytes::Bytes;
use http::Response;
use oci_client_core::proto::auth::Scopes;
use oci_client_core::proto::{
    CredentialQuery, HostMemory, HostProfile, Input, ListTags, Machine, Now, Operation, PullBlob, Sent, Session, Step,
};
use oci_spec_types::{Descriptor, MediaType, RegistryHost, RepositoryName, Verifier};

fn main() -> Result<(), Box<dyn Error>> {
    let registry: RegistryHost = "registry.example.com".parse()?;
    let name: RepositoryName = "app".parse()?;
    // What is learned of the registry serves every machine that talks to it: the second one sends its token at once.
    let mut host = HostMemory::new(HostProfile::new(registry.clone()), 0);
    let operation = |what| {
        let query = CredentialQuery::new(registry.clone(), Some(name.clone()));
        Operation::new(what, query, Scopes::repository(&name, &["pull"]))
    };

    let list = Session::new(ListTags::first(name.clone()), operation("list tags"));
    let page = drive(list, &mut host, &mut |_, _| Ok(()))?;
    println!(
        "tags: {}",
        page.tags.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    );

    // The bytes of a blob do not pass through its machine: who drives it hashes them.
    let blob = Descriptor::of(MediaType::from_static("text/plain"), HELLO);
    let mut verifier: Verifier = blob.verifier()?;
    let pull = PullBlob::new(name.clone(), blob.digest, blob.size, 0);
    drive(
        Session::new(pull, operation("pull blob")),
        &mut host,
        &mut |at, piece| {
            assert_eq!(at, verifier.position(), "the canned answers never break off");
            Ok(verifier.update(piece)?)
        },
    )?;
    verifier.finish()?;
    println!("pulled and verified {} bytes", HELLO.len());
    Ok(())
}

/// Takes what a reader gets: the offset of a piece in the blob, and the piece.
type Receive<'a> = &'a mut dyn FnMut(u64, &[u8]) -> Result<(), Box<dyn Error>>;

/// Performs each step and resumes the machine with what came of it.
fn drive<M: Machine>(mut machine: M, host: &mut HostMemory, receive: Receive<'_>) -> Result<M::Output, Box<dyn Error>> {
    let mut body = Bytes::new();
    let mut input = Input::Start;
    loop {
        input = match machine.resume(host, Now::default(), input) {
            Step::Ask(query) => {
                println!("  no credential for {}: go on anonymously", query.host);
                Input::Credential(None)
            }
            Step::Buffer { limit } => {
                assert!(body.len() <= limit, "the canned answers are short");
                Input::Body(std::mem::take(&mut body))
            }
            Step::Done(result) => return Ok(result?),
            Step::Receive { at, .. } => {
                receive(at, &body)?;
                Input::Received { len: body.len() as u64 }
            }
            Step::Send(request) => {
                let token = request.headers().contains_key("authorization");
                println!(
                    "  {} {}{}",
                    request.method(),
                    request.uri(),
                    if token { " with a token" } else { "" }
                );
                let (parts, content) = answer(request.uri().path(), token)?.into_parts();
                body = content;
                let url = request.uri().to_string().parse()?;
                Input::Head {
                    parts,
                    url,
                    sent: Sent::default(),
                }
            }
            Step::Sleep(_) => Input::Woken,
            Step::Wait(ticket) => Input::Granted(ticket),
        };
    }
}

/// The registry: it wants a token for everything.
fn answer(path: &str, token: bool) -> Result<Response<Bytes>, http::Error> {
    let challenge = r#"Bearer realm="https://registry.example.com/token",service="registry.example.com""#;
    match (path, token) {
        ("/token", _) => Response::builder().body(Bytes::from_static(br#"{"token":"let-me-in"}"#)),
        (_, false) => Response::builder()
            .status(401)
            .header("www-authenticate", challenge)
            .body(Bytes::new()),
        ("/v2/app/tags/list", true) => {
            Response::builder().body(Bytes::from_static(br#"{"name":"app","tags":["1.0","1.1"]}"#))
        }
        _ => Response::builder().body(Bytes::from_static(HELLO)),
    }
}

const HELLO: &[u8] = b"Hello, registry!\n";
