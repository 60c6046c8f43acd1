//! Passwords as `htpasswd -B` writes them: `name:hash` in each line, hashed with bcrypt.

mod accounts;
mod entries;
mod error;
mod file;

pub use accounts::Htpasswd;
pub use error::{InvalidHtpasswd, InvalidHtpasswdKind};
