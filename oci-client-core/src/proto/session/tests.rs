use http::header::ACCEPT_ENCODING;

use crate::proto::testing::{
    Actor, Stage, Told, body, broken, credential, head, hello_digest, refuses_all_but, session, start,
};
use crate::proto::{GetManifest, HeadBlob, HostProfile, PullBlob, Upload};

use super::*;

const CANARY: &str = "hunter2canary";

fn get() -> Actor<Session<GetManifest>> {
    session(
        GetManifest::new("a/b".parse().unwrap(), "v1".parse().unwrap()),
        &["pull"],
    )
}

fn pull() -> Actor<Session<PullBlob>> {
    session(PullBlob::new("a/b".parse().unwrap(), hello_digest(), 5, 0), &["pull"])
}

fn brought<M: Machine, const N: usize>(stage: &mut Stage, mut actor: Actor<M>, rows: [(Told, &str); N]) -> Actor<M>
where
    M::Output: std::fmt::Debug,
{
    actor.rows(stage, rows);
    actor
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| get());
    refuses_all_but(&["failed", "head"], |stage| brought(stage, get(), [(start(), "GET…")]));
    refuses_all_but(&["body", "failed"], |stage| {
        brought(stage, get(), [(start(), "GET…"), (head(200, &[]), "buffer…")])
    });
    refuses_all_but(&["body", "failed"], |stage| {
        brought(stage, get(), [(start(), "GET…"), (head(404, &[]), "buffer…")])
    });
    refuses_all_but(&["woken"], |stage| {
        brought(
            stage,
            get(),
            [(start(), "GET…"), (head(500, &[]), "buffer…"), (body(""), "sleep…")],
        )
    });
    refuses_all_but(&["broken", "received"], |stage| {
        brought(stage, pull(), [(start(), "GET…"), (head(200, &[]), "receive 0..5")])
    });
}

#[test]
fn c17_every_request_asks_for_content_as_it_is() {
    let Step::Send(request) = get().tell(&mut Stage::new(), start()) else {
        panic!("a request is expected");
    };
    assert_eq!(request.headers().get(ACCEPT_ENCODING).unwrap(), "identity");
}

#[test]
fn a_registry_below_a_path_is_asked_below_it() {
    let base = Url::parse("https://r.test/proxy/oci").unwrap();
    let profile = HostProfile::new("r.test".parse().unwrap()).with_base(base).unwrap();
    let rows = [(start(), "GET /proxy/oci/v2/a/b/manifests/v1")];
    get().rows(&mut Stage::with(profile), rows);
    let alias = [(start(), "GET https://registry-1.docker.io/v2/a/b/manifests/v1")];
    get().rows(&mut Stage::at("docker.io"), alias);
}

/// Everything that a person could be shown of a step, an actor's machine and the memory.
fn shown<M: Machine + std::fmt::Debug>(stage: &Stage, actor: &Actor<M>, step: &Step<M::Output>) -> String
where
    M::Output: std::fmt::Debug,
{
    let failure = match step {
        Step::Done(Err(error)) => format!("{error} {error:?}"),
        _ => String::new(),
    };
    format!("{:?} {:?} {step:?} {failure}", stage.host, actor.machine())
}

#[track_caller]
fn keeps_quiet<M: Machine + std::fmt::Debug>(mut actor: Actor<M>, tellings: Vec<Told>)
where
    M::Output: std::fmt::Debug,
{
    let stage = &mut Stage::new();
    for (number, told) in tellings.into_iter().enumerate() {
        let input = match &told {
            Told::Input(input) => format!("{input:?}"),
            _ => String::new(),
        };
        let step = actor.tell(stage, told);
        let shown = input + &shown(stage, &actor, &step);
        // In base64 as well: the Basic scheme is no disguise.
        for secret in [CANARY, "dTpodW50ZXIyY2FuYXJ5"] {
            assert!(!shown.contains(secret), "telling {number}: {shown}");
        }
    }
}

#[test]
fn a13_no_secret_is_shown_on_the_way_to_a_token() {
    let bearer = "Bearer realm=\"https://r.test/token\",service=\"s\"";
    let answer = format!(r#"{{"token":"{CANARY}","refresh_token":"{CANARY}"}}"#);
    let tellings = vec![
        start(),
        head(401, &[("www-authenticate", bearer)]),
        credential("u", CANARY),
        head(200, &[]),
        body(answer),
        head(401, &[("www-authenticate", bearer)]),
        head(403, &[]),
        body(format!(r#"{{"token":"{CANARY}"}}"#)),
    ];
    keeps_quiet(pull(), tellings);
    let unusable = vec![
        start(),
        head(401, &[("www-authenticate", bearer)]),
        credential("u", CANARY),
        head(200, &[]),
        body(format!(r#"{{"token":"{CANARY}\n"}}"#)),
    ];
    keeps_quiet(pull(), unusable);
}

#[test]
fn a13_no_secret_is_shown_with_basic() {
    let basic = "Basic realm=\"x\"";
    let tellings = vec![
        start(),
        head(401, &[("www-authenticate", basic)]),
        credential("u", CANARY),
        head(401, &[("www-authenticate", basic)]),
        body(""),
    ];
    keeps_quiet(pull(), tellings);
    let colon = vec![
        start(),
        head(401, &[("www-authenticate", basic)]),
        credential("u:v", CANARY),
    ];
    keeps_quiet(pull(), colon);
}

#[test]
fn a13_no_signed_url_is_shown() {
    let signed = format!("https://cdn.test/x?X-Amz-Signature={CANARY}");
    let detour = || head(307, &[("location", &signed)]);
    let tellings = vec![
        start(),
        detour(),
        head(200, &[]),
        broken(2),
        detour(),
        head(403, &[]),
        body(""),
    ];
    keeps_quiet(pull(), tellings);
    keeps_quiet(get(), vec![start(), detour(), head(200, &[]), body("{}")]);
    let upload = Upload::new("a/b".parse().unwrap(), hello_digest(), 5);
    let location = format!("/u?_state={CANARY}");
    let tellings = vec![
        start(),
        head(202, &[("location", &location)]),
        head(400, &[]),
        body(""),
        head(204, &[]),
    ];
    keeps_quiet(session(upload, &["push"]), tellings);
    let elsewhere = vec![start(), head(202, &[("location", &signed)])];
    keeps_quiet(
        session(Upload::new("a/b".parse().unwrap(), hello_digest(), 5), &["push"]),
        elsewhere,
    );
    let refused = format!("http://cdn.test/x?X-Amz-Signature={CANARY}");
    keeps_quiet(get(), vec![start(), head(307, &[("location", &refused)])]);
}

#[test]
fn a14_user_information_in_what_a_server_names_is_not_shown() {
    let realm = format!("Bearer realm=\"https://u:{CANARY}@r.test/token\"");
    let tellings = vec![
        start(),
        head(401, &[("www-authenticate", &realm)]),
        credential("u", "p"),
    ];
    keeps_quiet(pull(), tellings);
    let location = format!("https://u:{CANARY}@r.test/x");
    keeps_quiet(pull(), vec![start(), head(307, &[("location", &location)])]);
    let upload = session(Upload::new("a/b".parse().unwrap(), hello_digest(), 5), &["push"]);
    keeps_quiet(upload, vec![start(), head(202, &[("location", &location)])]);
}

#[test]
fn a_refusal_tells_what_was_wanted_and_where() {
    let machine = HeadBlob::new("a/b".parse().unwrap(), hello_digest());
    let rows = [
        (start(), "HEAD…"),
        (
            head(403, &[]),
            "failed Denied: test: 403 Forbidden (r.test wants credentials for `repository:a/b:pull`",
        ),
    ];
    session(machine, &["pull"]).rows(&mut Stage::new(), rows);
}
