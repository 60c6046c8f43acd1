//! The configuration files of other tools, read into [`Hosts`](super::Hosts).
//!
//! - [`RegistriesConf`]: `registries.conf`, version 2, of [containers], with its directory of additions.
//! - [`CertsDir`]: a directory with a `hosts.toml` per registry as [containerd] has it, or with certificates as [Docker] has them (`certs.d`).
//!
//! Everything is read when the value is made, with a limit to every size, and nothing afterwards. Unknown keys are left alone. What is missing, what cannot be read and what is malformed
//! are different errors, which name file and line; nothing that could weaken a rule is passed over in silence.
//!
//! ```
//! use oci_client_core::hosts::Hosts;
//! use oci_client_core::hosts::files::RegistriesConf;
//!
//! let conf = RegistriesConf::parse(
//!     r#"
//!         [[registry]]
//!         prefix = "docker.io/library"
//!         location = "registry.example.com/hub"
//!
//!         [[registry.mirror]]
//!         location = "cache.example.com"
//!     "#,
//! )?;
//! let name = "library/alpine".parse()?;
//! let config = conf.config(&"docker.io".parse()?, Some(&name));
//! assert_eq!(config.registry().repository(&name)?.as_str(), "hub/alpine");
//! assert_eq!(config.mirrors()[0].profile().base().as_str(), "https://cache.example.com/");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [containers]: https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md
//! [containerd]: https://github.com/containerd/containerd/blob/main/docs/hosts.md
//! [Docker]: https://docs.docker.com/engine/security/certificates/

mod certs_dir;
mod error;
mod hosts_toml;
mod place;
mod registries_conf;
mod source;

pub use certs_dir::CertsDir;
pub use error::{HostFileError, HostFileErrorKind};
pub use registries_conf::RegistriesConf;
