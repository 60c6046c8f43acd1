//! A profiled registry on the simulated clock, with a client and with requests by hand.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, Request, StatusCode};
use oci_client_core::client::{Client, ClientBuilder, Repository};
use oci_client_core::credentials::CredentialSource;
use oci_client_core::proto::{Credential, CredentialQuery};
use oci_client_core::runtime::Runtime as _;
use oci_client_core::transport::{Body, Transport as _, TransportError};
use oci_client_core::{Error, ErrorKind};
use oci_registry::profile::{Origins, Profile, ProfiledRegistry};
use oci_registry::{Limits, Registry};
use oci_spec_types::{AnyManifest, Descriptor, Digest, Document, MediaType, Tag, TagOrDigest};
use serde_json::Value;
use test_support::{FaultyTransport, Recorder, SimRuntime};

use crate::round::Driver;

/// A registry with little room in its pages.
pub(crate) struct Site {
    /// Between the client and the registry.
    pub(crate) link: Arc<FaultyTransport<ProfiledRegistry>>,
    pub(crate) recorder: Recorder<Arc<FaultyTransport<ProfiledRegistry>>>,
    pub(crate) registry: ProfiledRegistry,
    pub(crate) runtime: SimRuntime,
}

impl Site {
    pub(crate) fn new(profile: Profile) -> Self {
        Self::with_faults(profile, 0, 0)
    }

    /// A registry behind a link that fails `percent` of a hundred exchanges.
    pub(crate) fn with_faults(profile: Profile, seed: u64, percent: u64) -> Self {
        let runtime = SimRuntime::new();
        let limits = Limits::new().with_tags_page(2);
        let registry = Registry::builder().limits(limits).build();
        let registry = profile.start(registry, Arc::new(runtime.clone()));
        Self::over(registry, runtime, seed, percent)
    }

    /// The same registry behind a link without faults.
    pub(crate) fn without_faults(&self) -> Self {
        Self::over(self.registry.clone(), self.runtime.clone(), 0, 0)
    }

    fn over(registry: ProfiledRegistry, runtime: SimRuntime, seed: u64, percent: u64) -> Self {
        let link = Arc::new(FaultyTransport::new(registry.clone(), &runtime, seed).with_rate(percent));
        Self {
            recorder: Recorder::new(link.clone()),
            link,
            registry,
            runtime,
        }
    }

    /// A client of the first test user on the profile's repository.
    pub(crate) fn client(&self) -> SiteClient {
        let repository = self.registry.profile().repository();
        self.client_as(Some(0), repository.as_str())
    }

    /// A client of one test user, or of nobody, on a repository.
    pub(crate) fn client_as(&self, login: Option<usize>, repository: &str) -> SiteClient {
        self.client_of(self.builder(login).build(), repository)
    }

    /// A client of the first test user on the profile's repository, of what `configure` makes of it.
    pub(crate) fn client_with(&self, configure: impl FnOnce(ClientBuilder) -> ClientBuilder) -> SiteClient {
        let repository = self.registry.profile().repository();
        self.client_of(configure(self.builder(Some(0))).build(), repository.as_str())
    }

    fn builder(&self, login: Option<usize>) -> ClientBuilder {
        Client::builder(Arc::new(self.recorder.clone()), Arc::new(self.runtime.clone()))
            .jitter_seed(1)
            .credentials(self.logins(login))
    }

    /// What logs in as one test user, or as nobody.
    pub(crate) fn logins(&self, login: Option<usize>) -> Logins {
        let registry = self.registry.clone();
        Logins { login, registry }
    }

    fn client_of(&self, client: Client, repository: &str) -> SiteClient {
        let host = client.registry(&self.registry.profile().host());
        SiteClient {
            recorder: self.recorder.clone(),
            repository: host.repository(repository.parse().unwrap()),
            runtime: self.runtime.clone(),
        }
    }

    /// Lets time pass.
    pub(crate) fn wait(&self, seconds: u64) {
        self.runtime.run(self.runtime.sleep(Duration::from_secs(seconds)));
    }

    /// Sends a request as it is, to the registry's own origin unless the target names another one.
    pub(crate) fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, TransportError> {
        let uri = if target.starts_with('/') {
            format!("{}{target}", self.origins().registry())
        } else {
            target.to_owned()
        };
        let request = Request::builder().method(method).uri(uri);
        let request = headers
            .iter()
            .fold(request, |request, (name, value)| request.header(*name, *value));
        let request = request.body(Body::from(body.to_vec())).unwrap();
        self.runtime.run(async {
            let (parts, body) = self.registry.send(request).await?.into_parts();
            Ok(Reply {
                body: body.collect(16 << 20).await?,
                headers: parts.headers,
                status: parts.status,
            })
        })
    }

    /// Sends a request with what the registry's challenge asks for.
    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        let first = self.send(method, target, headers, body).unwrap();
        if first.status != StatusCode::UNAUTHORIZED {
            return first;
        }
        let authorization = self.authorization(&first);
        let headers = [headers, &[(AUTHORIZATION.as_str(), &authorization)]].concat();
        self.send(method, target, &headers, body).unwrap()
    }

    pub(crate) fn get(&self, target: &str) -> Reply {
        self.ask(Method::GET.as_str(), target, &[], b"")
    }

    /// The `Authorization` with which the first test user meets a challenge.
    pub(crate) fn authorization(&self, challenge: &Reply) -> String {
        let basic = basic(&self.registry.logins().unwrap()[0]);
        let challenge = challenge.header(WWW_AUTHENTICATE.as_str());
        if challenge.starts_with("Basic") {
            return basic;
        }
        let part = |name: &str| {
            let rest = challenge.split(&format!("{name}=\"")).nth(1);
            rest.and_then(|rest| rest.split('"').next()).unwrap_or_default()
        };
        let scope = part("scope").replace(' ', "+");
        let url = format!("{}?service={}&scope={scope}", part("realm"), part("service"));
        let token = self
            .send("GET", &url, &[(AUTHORIZATION.as_str(), &basic)], b"")
            .unwrap();
        assert_eq!(token.status, StatusCode::OK, "{url}: {:?}", token.body);
        format!("Bearer {}", token.json()["token"].as_str().unwrap())
    }

    pub(crate) fn origins(&self) -> &Origins {
        self.registry.profile().origins()
    }

    /// Checks that nobody but the registry and its token endpoint was shown a credential.
    pub(crate) fn assert_confined(&self) {
        let content = self.origins().content();
        let shown = self
            .recorder
            .count_where(|request| content.contains(&request.origin) && request.headers.contains_key(AUTHORIZATION));
        assert_eq!(shown, 0);
        if !content.is_empty() {
            assert!(self.recorder.count_where(|request| content.contains(&request.origin)) > 0);
        }
    }
}

/// The value of an `Authorization` field with a test user's name and password.
pub(crate) fn basic(login: &Credential) -> String {
    let Credential::Password { username, password } = login else {
        panic!("{login:?} is no password");
    };
    format!("Basic {}", STANDARD.encode(format!("{username}:{}", password.expose())))
}

pub(crate) struct Reply {
    pub(crate) body: Bytes,
    pub(crate) headers: HeaderMap,
    pub(crate) status: StatusCode,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Status and code of a refusal.
    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{:?}", self.body);
        assert_eq!(self.json()["errors"][0]["code"], code);
    }
}

/// The async client, driven to the end of each step.
pub(crate) struct SiteClient {
    recorder: Recorder<Arc<FaultyTransport<ProfiledRegistry>>>,
    pub(crate) repository: Repository,
    runtime: SimRuntime,
}

impl Driver for SiteClient {
    fn blob(&self, descriptor: &Descriptor) -> Result<Bytes, Error> {
        self.runtime.run(self.repository.blob(descriptor)?.bytes(128 << 20))
    }

    fn delete(&self, target: &TagOrDigest) -> Result<(), Error> {
        self.runtime.run(self.repository.delete_manifest(target))
    }

    fn manifest(&self, target: &TagOrDigest) -> Result<Document<AnyManifest>, Error> {
        self.runtime.run(self.repository.manifest(target))
    }

    fn push_blob(&self, descriptor: &Descriptor, content: &Bytes) -> Result<(), Error> {
        let content = Arc::new(content.clone());
        self.runtime
            .run(self.repository.push_blob(descriptor, content))
            .map(drop)
    }

    fn push_manifest(&self, target: &TagOrDigest, document: &Document<AnyManifest>) -> Result<(), Error> {
        self.runtime
            .run(self.repository.push_manifest(target, document))
            .map(drop)
    }

    fn referrers(&self, subject: &Digest, artifact_type: Option<&MediaType>) -> Result<Vec<Descriptor>, Error> {
        let referrers = self.repository.referrers(subject);
        let referrers = match artifact_type {
            Some(artifact_type) => referrers.artifact_type(artifact_type.clone()),
            None => referrers,
        };
        self.runtime.run(referrers.all())
    }

    fn requests(&self) -> usize {
        self.recorder.count()
    }

    fn tags(&self) -> Result<Vec<Tag>, Error> {
        self.runtime.run(self.repository.tags().all())
    }
}

/// Logs in as one of the test users, with what is valid at that time.
pub(crate) struct Logins {
    pub(crate) login: Option<usize>,
    pub(crate) registry: ProfiledRegistry,
}

#[async_trait]
impl CredentialSource for Logins {
    async fn credential(&self, _: &CredentialQuery) -> Result<Option<Credential>, Error> {
        let Some(login) = self.login else {
            return Ok(None);
        };
        let logins = self.registry.logins();
        let logins = logins.map_err(|error| Error::new(ErrorKind::Store, error.to_string()))?;
        Ok(logins.get(login).cloned())
    }
}
