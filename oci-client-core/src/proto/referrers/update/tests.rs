use super::*;
use crate::proto::testing::{Actor, Stage, body, head, hello_digest, refused, refuses_all_but, show, start, woken};

const INDEX: &str = "application/vnd.oci.image.index.v1+json";

mod concurrency;

fn referrer(content: &str) -> Descriptor {
    Descriptor::of(MediaType::IMAGE_MANIFEST, content.as_bytes())
        .with_artifact_type("application/sbom+json".parse().unwrap())
        .with_annotation("k", "v")
}

fn name() -> RepositoryName {
    "a/b".parse().unwrap()
}

fn add(content: &str) -> Actor<UpdateReferrers> {
    Actor::new(UpdateReferrers::add(name(), hello_digest(), referrer(content)))
}

fn remove(content: &str) -> Actor<UpdateReferrers> {
    let digest = referrer(content).digest;
    Actor::new(UpdateReferrers::remove(name(), hello_digest(), digest))
}

fn line(method: &str) -> String {
    format!("{method} /v2/a/b/manifests/{}", hello_digest().fallback_tag())
}

/// A list of these, as JSON.
fn list(referrers: &[Descriptor]) -> String {
    let document = Document::from_value(ImageIndex::new(referrers.to_vec())).unwrap();
    String::from_utf8(document.bytes().to_vec()).unwrap()
}

/// Answers a GET with `text`.
fn give(
    actor: &mut Actor<UpdateReferrers>,
    stage: &mut Stage,
    etag: Option<&str>,
    text: &str,
) -> Step<UpdatedReferrers> {
    let mut fields = vec![("content-type", INDEX)];
    fields.extend(etag.map(|etag| ("etag", etag)));
    actor.rows(stage, [(head(200, &fields), "buffer 4194304")]);
    actor.tell(stage, body(text))
}

/// The list that a step puts, and the condition of it.
#[track_caller]
fn put(step: Step<UpdatedReferrers>) -> (ImageIndex, Option<String>) {
    let Step::Send(request) = step else {
        panic!("{}", show(&step));
    };
    assert_eq!(
        (request.method().as_str(), request.uri().path()),
        ("PUT", &line("")[1..])
    );
    assert_eq!(request.headers().get("content-type").unwrap(), INDEX);
    let condition = [IF_MATCH, IF_NONE_MATCH].iter().find_map(|name| {
        let value = request.headers().get(name)?.to_str().unwrap();
        Some(format!("{name}: {value}"))
    });
    let crate::proto::Payload::Bytes(bytes) = request.body() else {
        panic!("it has no content");
    };
    let document = Document::<ImageIndex>::parse(&**bytes, MediaType::IMAGE_INDEX).unwrap();
    (document.into_value(), condition)
}

#[test]
fn cr2_a_list_is_begun_where_there_is_none() {
    let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
    actor.rows(stage, [(start(), &*line("GET"))]);
    let (index, condition) = put(actor.tell(stage, refused(404)));
    assert_eq!(index, ImageIndex::new(vec![referrer("sbom")]));
    assert_eq!(condition.as_deref(), Some("if-none-match: *"));
    actor.rows(stage, [(head(201, &[]), &*line("GET"))]);
    let written = list(&index.manifests);
    assert_eq!(show(&give(&mut actor, stage, None, &written)), "sleep 20ms");
    actor.rows(stage, [(woken(), &*line("GET"))]);
    assert_eq!(show(&give(&mut actor, stage, None, &written)), "done Written");
}

#[test]
fn p21_others_get_twice_the_time_that_this_took_to_overwrite_it_and_be_noticed() {
    for (seconds, pause) in [(0, "sleep 20ms"), (1, "sleep 2s"), (60, "sleep 2s")] {
        let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
        actor.rows(stage, [(start(), &*line("GET"))]);
        stage.pass(seconds);
        put(actor.tell(stage, refused(404)));
        actor.rows(stage, [(head(201, &[]), &*line("GET"))]);
        assert_eq!(show(&give(&mut actor, stage, None, &list(&[referrer("sbom")]))), pause);
        actor.rows(stage, [(woken(), &*line("GET"))]);
        // Overwritten by somebody who had read the list before: once more.
        let shown = show(&give(&mut actor, stage, None, &list(&[referrer("other")])));
        assert!(shown.starts_with("sleep"), "{shown}");
        actor.rows(stage, [(woken(), &*line("GET"))]);
        let (index, _) = put(give(&mut actor, stage, None, &list(&[referrer("other")])));
        assert_eq!(index.manifests, [referrer("other"), referrer("sbom")]);
    }
}

#[test]
fn cr2_cr3_an_entry_is_appended_on_the_condition_that_the_list_is_as_it_was_read() {
    for (etag, expected) in [
        (Some("\"x\""), Some("if-match: \"x\"")),
        (Some("W/\"x\""), None),
        (Some("x"), None),
        (None, None),
    ] {
        let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
        actor.rows(stage, [(start(), &*line("GET"))]);
        let (index, condition) = put(give(&mut actor, stage, etag, &list(&[referrer("old")])));
        assert_eq!(index.manifests, [referrer("old"), referrer("sbom")]);
        assert_eq!(condition.as_deref(), expected, "{etag:?}");
    }
}

#[test]
fn cr2_there_is_one_entry_for_a_digest_and_it_is_brought_up_to_date() {
    let stage = &mut Stage::new();
    let mut actor = add("sbom");
    actor.rows(stage, [(start(), "GET…")]);
    let same = list(&[referrer("old"), referrer("sbom")]);
    assert_eq!(show(&give(&mut actor, stage, None, &same)), "done Unchanged");

    let mut stale = Descriptor::of(MediaType::IMAGE_MANIFEST, b"sbom").with_annotation("gone", "x");
    stale.extra.insert("com.example.kept", true);
    let mut actor = add("sbom");
    actor.rows(stage, [(start(), "GET…")]);
    let text = list(&[stale.clone(), referrer("old"), stale]);
    let (index, _) = put(give(&mut actor, stage, None, &text));
    let mut expected = referrer("sbom");
    expected.extra.insert("com.example.kept", true);
    assert_eq!(index.manifests, [expected, referrer("old")]);
}

#[test]
fn cr2_what_is_not_known_of_a_list_survives() {
    let text = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[],"annotations":{"a":"b"},"com.example.kept":[1,{"x":null}]}"#;
    let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
    actor.rows(stage, [(start(), "GET…")]);
    let (index, _) = put(give(&mut actor, stage, None, text));
    assert_eq!(index.annotations.get("a"), Some("b"));
    assert_eq!(
        index.extra.get("com.example.kept").unwrap().to_string(),
        r#"[1,{"x":null}]"#
    );
}

#[test]
fn cr2_what_is_no_index_is_left_alone() {
    for text in [
        "{",
        "<html>",
        r#"{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}"#,
    ] {
        for mut actor in [add("sbom"), remove("sbom")] {
            let stage = &mut Stage::new();
            actor.rows(stage, [(start(), "GET…")]);
            let shown = show(&give(&mut actor, stage, None, text));
            assert!(shown.starts_with("failed Conflict: the tag sha256-"), "{shown}");
        }
    }
}

#[test]
fn cr2_the_subject_itself_is_never_written_back() {
    let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
    actor.rows(stage, [(start(), "GET…")]);
    let (index, _) = put(give(&mut actor, stage, None, "hello"));
    assert_eq!(index, ImageIndex::new(vec![referrer("sbom")]));
    let mut actor = remove("sbom");
    actor.rows(stage, [(start(), "GET…")]);
    assert_eq!(show(&give(&mut actor, stage, None, "hello")), "done Unchanged");
}

#[test]
fn cr2_a_list_is_begun_where_the_subject_was_answered_whatever_conditions_are_compared_with() {
    let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
    actor.rows(stage, [(start(), "GET…")]);
    let mut conditions = Vec::new();
    let mut step = give(&mut actor, stage, Some("\"s\""), "hello");
    for _ in 0..3 {
        let (index, condition) = put(step);
        assert_eq!(index, ImageIndex::new(vec![referrer("sbom")]));
        conditions.extend(condition);
        assert!(matches!(actor.tell(stage, refused(412)), Step::Sleep(_)));
        actor.rows(stage, [(woken(), "GET…")]);
        step = give(&mut actor, stage, Some("\"s\""), "hello");
    }
    assert_eq!(conditions, ["if-none-match: *", "if-match: \"s\"", "if-none-match: *"]);
    // Without an entity tag there is one condition only.
    let mut actor = add("sbom");
    actor.rows(stage, [(start(), "GET…")]);
    let (_, condition) = put(give(&mut actor, stage, None, "hello"));
    assert_eq!(condition.as_deref(), Some("if-none-match: *"));
}

#[test]
fn cr11_an_entry_is_taken_out_and_an_empty_list_stays() {
    let (stage, mut actor) = (&mut Stage::new(), remove("sbom"));
    actor.rows(stage, [(start(), &*line("GET"))]);
    let (index, condition) = put(give(&mut actor, stage, Some("\"x\""), &list(&[referrer("sbom")])));
    assert_eq!(
        (index.manifests.len(), condition.as_deref()),
        (0, Some("if-match: \"x\""))
    );
    actor.rows(stage, [(head(201, &[]), &*line("GET"))]);
    assert_eq!(show(&give(&mut actor, stage, None, &list(&[]))), "sleep 20ms");
    actor.rows(stage, [(woken(), &*line("GET"))]);
    assert_eq!(show(&give(&mut actor, stage, None, &list(&[]))), "done Written");
    remove("sbom").rows(stage, [(start(), "GET…"), (refused(404), "done Unchanged")]);
}

#[test]
fn p21_a_list_that_others_keep_changing_is_a_conflict_in_the_end() {
    // The PUT is refused each time, or what was put is not there afterwards.
    for refuses in [true, false] {
        let (stage, mut actor) = (&mut Stage::new(), add("sbom"));
        let mut step = actor.tell(stage, start());
        let mut puts = 0;
        loop {
            step = match step {
                Step::Send(request) if request.method() == "GET" => give(&mut actor, stage, None, &list(&[])),
                Step::Send(_) => {
                    puts += 1;
                    let answer = if refuses { refused(412) } else { head(201, &[]) };
                    actor.tell(stage, answer)
                }
                Step::Sleep(_) => actor.tell(stage, woken()),
                step => {
                    let shown = show(&step);
                    assert!(
                        shown.starts_with("failed Conflict") && shown.contains("8 times"),
                        "{shown}"
                    );
                    // A registry whose tags never change refuses in the same words: what it says itself is there too.
                    let Step::Done(Err(error)) = step else {
                        panic!("{shown}");
                    };
                    let refusal = std::error::Error::source(&error).map(ToString::to_string);
                    assert_eq!(refusal.is_some_and(|refusal| refusal.contains("412")), refuses);
                    assert_eq!(shown.contains("tags may not be changed"), refuses, "{shown}");
                    break;
                }
            };
        }
        assert_eq!(puts, MAX_ROUNDS);
    }
}

#[test]
fn p19_refusals_are_errors() {
    for (status, expected) in [
        (401, "failed Unauthorized"),
        (403, "failed Denied"),
        (503, "failed Server"),
    ] {
        let stage = &mut Stage::new();
        add("sbom").rows(stage, [(start(), "GET…"), (refused(status), expected)]);
        let rows = [(start(), "GET…"), (refused(404), "PUT…"), (refused(status), expected)];
        add("sbom").rows(stage, rows);
    }
    let rows = [
        (start(), "GET…"),
        (refused(404), "PUT…"),
        (head(304, &[]), "failed Protocol"),
    ];
    add("sbom").rows(&mut Stage::new(), rows);
    let error = unrecorded(&hello_digest(), Error::new(ErrorKind::Denied, "no"));
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert!(error.to_string().contains("itself is stored"), "{error}");
}

#[test]
fn a_wrong_input_is_an_error() {
    refuses_all_but(&["start"], |_| add("sbom"));
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = add("sbom");
        actor.rows(stage, [(start(), "GET…")]);
        actor
    });
    refuses_all_but(&["failed", "head"], |stage| {
        let mut actor = add("sbom");
        actor.rows(stage, [(start(), "GET…"), (refused(404), "PUT…")]);
        actor
    });
    refuses_all_but(&["woken"], |stage| {
        let mut actor = add("sbom");
        actor.rows(
            stage,
            [(start(), "GET…"), (refused(404), "PUT…"), (refused(409), "sleep…")],
        );
        actor
    });
}
