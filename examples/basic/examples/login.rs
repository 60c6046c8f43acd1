//! Checks a user name and password against a registry, and keeps them where Docker keeps its logins.
//!
//! ```text
//! cargo run --example login -- [-u USER] [--password-stdin] HOST
//! ```
//!
//! The user `<token>` has a refresh token for a password.
//!
//! Cargo.toml:
//!
//! ```toml
//! clap = { version = "4", features = ["derive"] }
//! oci-client-core = { version = "0.1", features = ["credentials"] }
//! oci-spec-types = "0.1"
//! oci-transport-reqwest = "0.1"
//! rpassword = "7"
//! tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
//! ```

use std::error::Error;
use std::io::{BufRead as _, Read as _, Write as _, stderr, stdin};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;
use oci_client_core::Secret;
use oci_client_core::client::{Client, RegistryAccess};
use oci_client_core::credentials::{ConfigFile, StaticCredentials};
use oci_client_core::proto::{Credential, HostProfile};
use oci_spec_types::RegistryHost;
use oci_transport_reqwest::{ReqwestTransport, TokioRuntime};

/// Check a user name and password against a registry, and keep them.
#[derive(Parser)]
struct Args {
    /// Speak http instead of https (loopback does so anyway).
    #[arg(long)]
    plain_http: bool,
    /// The user name; asked for if it is missing.
    #[arg(short, long, value_name = "USER")]
    username: Option<String>,
    /// Read the password from standard input to its end, in place of asking for it.
    #[arg(long, requires = "username")]
    password_stdin: bool,
    /// The registry: host[:port].
    #[arg(value_name = "HOST")]
    host: RegistryHost,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("login: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> Result<(), Box<dyn Error>> {
    let file = ConfigFile::docker().ok_or("there is no home folder: set DOCKER_CONFIG")?;
    let credential = credential(&args)?;
    let transport = Arc::new(ReqwestTransport::new()?);
    let mut client = Client::builder(transport, Arc::new(TokioRuntime::try_current()?))
        .credentials(StaticCredentials::new().with(args.host.clone(), credential.clone()));
    if args.plain_http {
        client = client.profile(HostProfile::new(args.host.clone()).with_plain_http());
    }
    let access = client.build().registry(&args.host).check().await?;
    if access == RegistryAccess::Open {
        eprintln!("{} did not ask for a password: it could not be checked", args.host);
    }
    let place = file.store(&args.host, &credential).await?;
    println!("logged in to {}, kept in {place}", args.host);
    Ok(())
}

fn credential(args: &Args) -> Result<Credential, Box<dyn Error>> {
    let username = match &args.username {
        Some(username) => username.clone(),
        None => ask_username()?,
    };
    let password = if args.password_stdin {
        let mut text = String::new();
        stdin().read_to_string(&mut text)?;
        let text = Secret::from(text);
        Secret::new(text.expose().trim_end_matches(['\r', '\n']))
    } else {
        Secret::from(rpassword::prompt_password("Password: ")?)
    };
    if username.is_empty() || password.expose().is_empty() {
        return Err("user name and password must not be empty".into());
    }
    Ok(match username.as_str() {
        "<token>" => Credential::identity_token(password),
        _ => Credential::password(username, password),
    })
}

fn ask_username() -> std::io::Result<String> {
    write!(stderr(), "Username: ")?;
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}
