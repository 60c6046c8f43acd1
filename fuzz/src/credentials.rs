//! Configuration files with credentials, as other programs write them.

use std::fs;
use std::path::Path;

use oci_client_core::credentials::{ConfigFile, CredentialSource, HelperPrograms, PullSecrets};
use oci_client_core::proto::{Credential, CredentialQuery};
use oci_client_core::runtime::block_on;
use oci_spec_types::RegistryHost;

/// Whatever is in the file: a login is found again and changes nothing for other registries, a logout takes it away, and what fails leaves the file as it was.
pub fn docker_config(data: &[u8]) {
    pull_secrets(data);
    let folder = tempfile::tempdir().expect("there is a place for temporary files");
    let path = folder.path().join("config.json");
    fs::write(&path, data).expect("the file can be written");
    // No helper is to be found there.
    let config = ConfigFile::at(&path).with_helpers(HelperPrograms::in_path(""));
    let others = ["other.test", "docker.io"].map(host);
    let before: Vec<_> = others.iter().map(|host| ask(&config, host)).collect();
    let login = Credential::password("me", "pw".to_owned());
    let own = host("h.test");
    if block_on(config.store(&own, &login)).is_err() {
        assert_eq!(read(&path), data);
        let _ = block_on(config.erase(&own));
        return;
    }
    assert_eq!(ask(&config, &own), Ok(Some(login)));
    let after: Vec<_> = others.iter().map(|host| ask(&config, host)).collect();
    assert_eq!(after, before);
    assert!(block_on(config.erase(&own)).expect("what was kept can be forgotten"));
    assert_eq!(ask(&config, &own), Ok(None));
    assert!(!block_on(config.erase(&own)).expect("what is not there can be forgotten"));
}

/// Both forms are read or refused, and asked without a panic.
fn pull_secrets(data: &[u8]) {
    let secrets = [
        PullSecrets::new().with_docker_config_json(data),
        PullSecrets::new().with_dockercfg(data),
    ];
    for secrets in secrets.into_iter().flatten() {
        let repository = "team/app".parse().expect("this is a repository");
        let query = CredentialQuery::new(host("h.test"), Some(repository));
        let _ = block_on(secrets.credential(&query));
    }
}

/// The credential, or the message.
fn ask(config: &ConfigFile, host: &RegistryHost) -> Result<Option<Credential>, String> {
    let query = CredentialQuery::new(host.clone(), None);
    block_on(config.credential(&query)).map_err(|error| error.to_string())
}

fn host(text: &str) -> RegistryHost {
    text.parse().expect("this is a host")
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).expect("the file is there")
}
