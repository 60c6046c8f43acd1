//! Passwords from a file.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{BoxFuture, join_all};
use http::Request;
use oci_client_core::proto::Now;
use oci_client_core::runtime::Runtime;
use oci_client_core::transport::{Body, Transport as _};
use oci_registry::Registry;
use oci_registry::auth::{Access, Action, Htpasswd, Protected, User, Users};
use tempfile::TempDir;
use test_support::{Canary, SimRuntime};

use crate::site::{Scheme, Site, basic};

/// The passwords are the names with `'s`; a cost of 4 is enough for a test.
const FILE: &str = "\
# who may come in
admin:$2a$05$abcdefghijklmnopqrstuu1ry6ChA3exWWe6kBsr2nQKlVlBBZKpe

reader:$2y$04$abcdefghijklmnopqrstuuZ3kUjObJppm1CHqD9aO5AyeXBtoWCt6
writer:$2b$04$abcdefghijklmnopqrstuudc/UMLyDQ70j9dQBELT5gaRoJF7eFnO
";
/// The reader's password is `changed`.
const CHANGED: &str = "reader:$2y$04$abcdefghijklmnopqrstuu5XQl64I3WPWSJw.ftK7xXCrRn1r6QJi\n";

#[test]
fn users_of_the_file_may_do_what_the_rules_say() {
    for scheme in Scheme::BOTH {
        let site = Site::new(
            scheme,
            users(Htpasswd::parse(FILE, Arc::new(SimRuntime::new())).unwrap()),
        );
        for (name, tags, upload) in [(None, 401, 401), (Some("reader"), 404, 403), (Some("writer"), 404, 202)] {
            let path = "/v2/app/tags/list";
            let status = |reply: crate::site::Reply| reply.status.as_u16();
            if name.is_some() || scheme == Scheme::Basic {
                assert_eq!(status(site.send_as(name, "GET", path, "")), tags, "{name:?}");
                let found = status(site.send_as(name, "POST", "/v2/app/blobs/uploads/", ""));
                let is_refused = scheme == Scheme::Bearer && upload == 403;
                assert_eq!(found, if is_refused { 401 } else { upload }, "{name:?}");
            }
        }
        let (path, realm) = match scheme {
            Scheme::Basic => ("/v2/", "the registry"),
            Scheme::Bearer => ("/token", "registry.test"),
        };
        for login in [
            "reader:",
            "reader:writer's",
            "reader:reader's ",
            "nobody:",
            "nobody:reader's",
            ":",
            "# who may come in:",
        ] {
            let refused = site.send("GET", path, &basic(login), "");
            assert_eq!(refused.status, 401, "{login}");
            assert_eq!(refused.challenge(), format!("Basic realm=\"{realm}\""));
        }
    }
}

/// S18: nobody can tell by the work whether a name is there, and a password that was right is not worked on again for a minute.
#[test]
fn s18_a_name_that_nobody_has_is_as_much_work_as_a_wrong_password() {
    let runtime = Counting::new();
    let registry = registry(&runtime, Htpasswd::parse(FILE, Arc::new(runtime.clone())).unwrap());
    let work = |login: &str| {
        let before = runtime.count();
        let status = runtime.sim.run(look(&registry, login));
        (status, runtime.count() - before)
    };
    for (login, expected) in [
        ("nobody:x", (401, 1)),
        ("nobody:x", (401, 1)),
        ("reader:x", (401, 1)),
        ("reader:x", (401, 1)),
        ("reader:reader's", (200, 1)),
        ("reader:reader's", (200, 0)),
        ("writer:reader's", (401, 1)),
        ("reader:reader", (401, 1)),
    ] {
        assert_eq!(work(login), expected, "{login}");
    }
    runtime.sim.run(runtime.sim.sleep(Duration::from_secs(59)));
    assert_eq!(work("reader:reader's"), (200, 0));
    runtime.sim.run(runtime.sim.sleep(Duration::from_secs(1)));
    assert_eq!(work("reader:reader's"), (200, 1));
}

/// A flood of logins is worked on by four at a time, and the same one once.
#[test]
fn s18_many_logins_at_once_are_bounded() {
    let runtime = Counting::new();
    let registry = registry(&runtime, Htpasswd::parse(FILE, Arc::new(runtime.clone())).unwrap());
    let same = (0..64).map(|_| look(&registry, "reader:reader's"));
    let all = runtime.sim.run(join_all(same));
    assert!(all.iter().all(|status| *status == 200));
    assert_eq!(runtime.count(), 1);

    let logins: Vec<_> = (0..64).map(|number| format!("name{number}:x")).collect();
    let all = runtime
        .sim
        .run(join_all(logins.iter().map(|login| look(&registry, login))));
    assert!(all.iter().all(|status| *status == 401));
    assert_eq!(runtime.count(), 65);
    assert_eq!(runtime.most.load(Ordering::Relaxed), 4);
}

/// What was given for a password ends with it: S18.
#[test]
fn s18_a_changed_password_ends_tokens_and_refresh_tokens() {
    let file = PasswordFile::new(FILE);
    let site = file.site(Scheme::Bearer);
    let path = "/token?scope=repository:app:pull&offline_token=true";
    let tokens = |login: &str| {
        let answer = site.send("GET", path, &basic(login), "").json();
        [&answer["token"], &answer["refresh_token"]].map(|token| token.as_str().unwrap().to_owned())
    };
    let refresh = |token: &str| {
        let form = format!("grant_type=refresh_token&refresh_token={token}&scope=repository:app:pull");
        site.send("POST", "/token", "", &form).status.as_u16()
    };
    let pull = |token: &str| {
        let bearer = format!("Bearer {token}");
        site.send("GET", "/v2/app/tags/list", &bearer, "").status.as_u16()
    };
    let [token, refresh_token] = tokens("reader:reader's");
    let [writers, writers_refresh] = tokens("writer:writer's");
    assert_eq!((pull(&token), refresh(&refresh_token)), (404, 200));

    file.write(
        &FILE
            .lines()
            .filter(|line| !line.starts_with("reader"))
            .collect::<Vec<_>>()
            .join("\n"),
    );
    file.append(&format!("\n{CHANGED}"));
    site.wait(1);
    assert_eq!((pull(&token), refresh(&refresh_token)), (401, 400));
    assert_eq!(site.send("GET", path, &basic("reader:reader's"), "").status, 401);
    let [token, refresh_token] = tokens("reader:changed");
    assert_eq!((pull(&token), refresh(&refresh_token)), (404, 200));
    assert_eq!((pull(&writers), refresh(&writers_refresh)), (404, 200));

    // Without a line there is no account.
    file.write(CHANGED);
    site.wait(1);
    assert_eq!((pull(&writers), refresh(&writers_refresh)), (401, 400));
}

#[test]
fn a_file_that_has_become_useless_changes_nothing() {
    let file = PasswordFile::new(FILE);
    let site = file.site(Scheme::Basic);
    let look = |login: &str| {
        site.wait(1);
        site.send("GET", "/v2/", &basic(login), "").status.as_u16()
    };
    assert_eq!(look("reader:reader's"), 200);
    for useless in ["reader:{SHA}x", "reader", &"#".repeat((1 << 20) + 1)] {
        file.write(useless);
        assert_eq!((look("reader:reader's"), look("writer:writer's")), (200, 200));
    }
    fs::remove_file(&file.path).unwrap();
    assert_eq!(look("reader:reader's"), 200);
    file.write(CHANGED);
    assert_eq!(
        (look("reader:reader's"), look("reader:changed"), look("writer:writer's")),
        (401, 200, 401)
    );
}

#[test]
fn a_file_that_cannot_be_read_or_used_is_named() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("passwords");
    let open = || {
        let runtime = SimRuntime::new();
        runtime
            .run(Htpasswd::open(&path, Arc::new(runtime.clone())))
            .unwrap_err()
            .to_string()
    };
    let shown = path.display().to_string();
    assert!(open().starts_with(&shown));
    for (content, end) in [
        (
            b"a:b".to_vec(),
            "line 1: the password is kept as plain text or a hash of an unknown kind, and only bcrypt is taken; set the password of a anew with `htpasswd -B -C 10 FILE a`",
        ),
        (vec![0xff], "stream did not contain valid UTF-8"),
        (vec![b'#'; (1 << 20) + 1], "larger than the 1048576 bytes that are read"),
    ] {
        fs::write(&path, content).unwrap();
        assert_eq!(open(), format!("{shown}: {end}"));
    }
}

#[test]
fn hashes_and_passwords_of_files_are_not_printed() {
    let canary = Canary::new();
    let line = format!("reader:{}", canary.text());
    let error = Htpasswd::parse(&line, Arc::new(SimRuntime::new())).unwrap_err();
    let htpasswd = Htpasswd::parse(FILE, Arc::new(SimRuntime::new())).unwrap();
    let shown = format!("{error} {error:?} {htpasswd:?} {:?}", users(htpasswd.clone()));
    canary.assert_absent_from("what is printed", [shown.as_bytes()]);
    assert!(!shown.contains("$2y$"), "{shown}");
}

/// Everybody of the file may pull `app`, the writer may push as well.
fn users(htpasswd: Htpasswd) -> Users {
    let app = |actions: &[Action]| Access::on("app".parse().unwrap(), actions);
    Users::new()
        .with_htpasswd(htpasswd)
        .with_any_user(app(&[Action::Pull]))
        .with_user(User::in_htpasswd("writer").with_access(app(&[Action::Push])))
}

fn registry(runtime: &Counting, htpasswd: Htpasswd) -> Protected<Registry> {
    let runtime = Arc::new(runtime.clone());
    Protected::basic(Registry::in_memory(), users(htpasswd), "the registry", runtime)
}

async fn look(registry: &Protected<Registry>, login: &str) -> u16 {
    let request = Request::get("https://registry.test/v2/").header("authorization", basic(login));
    let request = request.body(Body::empty()).unwrap();
    registry.send(request).await.unwrap().status().as_u16()
}

/// A file that changes.
struct PasswordFile {
    path: PathBuf,
    _folder: TempDir,
}

impl PasswordFile {
    fn new(content: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let file = Self {
            path: folder.path().join("passwords"),
            _folder: folder,
        };
        file.write(content);
        file
    }

    fn write(&self, content: &str) {
        fs::write(&self.path, content).unwrap();
    }

    fn append(&self, content: &str) {
        self.write(&(fs::read_to_string(&self.path).unwrap() + content));
    }

    fn site(&self, scheme: Scheme) -> Site {
        let runtime = SimRuntime::new();
        let htpasswd = runtime
            .run(Htpasswd::open(&self.path, Arc::new(runtime.clone())))
            .unwrap();
        Site::before(&Registry::in_memory(), scheme, users(htpasswd), &runtime)
    }
}

type Work = Box<dyn FnOnce() + Send>;

/// A runtime that counts the work that blocks, and finishes it only a little later.
#[derive(Clone)]
struct Counting {
    all: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
    sim: SimRuntime,
    waiting: Arc<Mutex<Vec<Work>>>,
}

impl Counting {
    fn new() -> Self {
        Self {
            all: Arc::default(),
            most: Arc::default(),
            sim: SimRuntime::new(),
            waiting: Arc::default(),
        }
    }

    fn count(&self) -> usize {
        self.all.load(Ordering::Relaxed)
    }
}

impl Runtime for Counting {
    fn now(&self) -> Now {
        self.sim.now()
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        self.sim.sleep(duration)
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.sim.spawn(task);
    }

    fn spawn_blocking(&self, work: Work) {
        let mut waiting = self.waiting.lock().unwrap();
        waiting.push(work);
        self.all.fetch_add(1, Ordering::Relaxed);
        self.most.fetch_max(waiting.len(), Ordering::Relaxed);
        let (later, waiting) = (self.sim.sleep(Duration::from_millis(1)), Arc::clone(&self.waiting));
        self.sim.spawn(Box::pin(async move {
            later.await;
            let work = waiting.lock().unwrap().remove(0);
            work();
        }));
    }
}
