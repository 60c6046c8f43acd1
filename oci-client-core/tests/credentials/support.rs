//! What the tests share: a folder with a configuration file and planted helpers.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use oci_client_core::Error;
use oci_client_core::credentials::{ConfigFile, CredentialHelper, CredentialSource, HelperPrograms};
use oci_client_core::proto::{Credential, CredentialQuery};
use oci_client_core::runtime::block_on;
use tempfile::TempDir;

pub(crate) struct Home {
    folder: TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("bin")).unwrap();
        Self { folder }
    }

    pub(crate) fn with_config(text: impl AsRef<[u8]>) -> Self {
        let home = Self::new();
        fs::write(home.path("config.json"), text).unwrap();
        home
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Plants `docker-credential-NAME`, a script that finds this folder in `$home`.
    pub(crate) fn plant(&self, name: &str, script: &str) {
        self.plant_at(&self.path("bin"), &format!("docker-credential-{name}"), script);
    }

    pub(crate) fn plant_at(&self, folder: &Path, name: &str, script: &str) {
        let text = format!("#!/bin/sh\nhome='{}'\n{script}\n", self.folder.path().display());
        // Another process writes it: a program that any process of ours holds open for writing, as a fork does for a moment, cannot be started.
        let mut write = Command::new("/bin/sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\""])
            .arg(folder.join(name))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        write.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(write.wait().unwrap().success());
    }

    /// The planted helpers, which get enough time even on a machine that is busy.
    pub(crate) fn helpers(&self) -> HelperPrograms {
        HelperPrograms::in_path(self.path("bin"))
    }

    pub(crate) fn hasty_helpers(&self) -> HelperPrograms {
        self.helpers().with_time_limit(Duration::from_millis(200))
    }

    pub(crate) fn helper(&self, name: &str) -> CredentialHelper {
        CredentialHelper::new(name, self.helpers()).unwrap()
    }

    pub(crate) fn config(&self) -> ConfigFile {
        ConfigFile::at(self.path("config.json")).with_helpers(self.helpers())
    }
}

/// What a source has for a repository of `host`.
pub(crate) fn asked(source: &impl CredentialSource, host: &str) -> Result<Option<Credential>, Error> {
    let query = CredentialQuery::new(host.parse().unwrap(), Some("team/app".parse().unwrap()));
    block_on(source.credential(&query))
}

pub(crate) fn password(username: &str, password: &str) -> Credential {
    Credential::password(username, password.to_owned())
}

/// What a helper answers that has a password.
pub(crate) fn answer(username: &str, secret: &str) -> String {
    format!(r#"echo '{{"ServerURL":"","Username":"{username}","Secret":"{secret}"}}'"#)
}

/// A helper that keeps one secret for each server in a file.
pub(crate) const KEEPER: &str = r#"
case "$1" in
store)
    cat > "$home/new"
    server=$(sed 's/.*"ServerURL":"\([^"]*\)".*/\1/' "$home/new" | tr '/:' '__')
    mv "$home/new" "$home/kept-$server" ;;
get)
    server=$(tr '/:' '__')
    cat "$home/kept-$server" 2>/dev/null || { echo "credentials not found in native keychain"; exit 1; } ;;
erase)
    server=$(tr '/:' '__')
    rm "$home/kept-$server" ;;
esac"#;
