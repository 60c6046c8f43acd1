use super::*;

fn parsed(line: &str) -> Vec<(String, Vec<(String, String)>)> {
    Challenge::parse_line(line)
        .into_iter()
        .map(|challenge| (challenge.scheme, challenge.parameters))
        .collect()
}

fn expected(challenges: &[(&str, &[(&str, &str)])]) -> Vec<(String, Vec<(String, String)>)> {
    let owned = |pairs: &[(&str, &str)]| {
        pairs
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect()
    };
    challenges
        .iter()
        .map(|(scheme, pairs)| ((*scheme).into(), owned(pairs)))
        .collect()
}

#[test]
fn a1_a24_well_formed_lines() {
    type Row = (
        &'static str,
        &'static [(&'static str, &'static [(&'static str, &'static str)])],
    );
    let rows: [Row; 9] = [
        ("Basic", &[("basic", &[])]),
        ("Basic realm=\"x\"", &[("basic", &[("realm", "x")])]),
        (
            "BEARER Realm = \"https://h/t\" , service=s",
            &[("bearer", &[("Realm", "https://h/t"), ("service", "s")])],
        ),
        (
            "Bearer realm=\"r\",scope=\"repository:a:pull,push repository:b:pull\"",
            &[(
                "bearer",
                &[("realm", "r"), ("scope", "repository:a:pull,push repository:b:pull")],
            )],
        ),
        (
            "Negotiate, Basic realm=\"x\"",
            &[("negotiate", &[]), ("basic", &[("realm", "x")])],
        ),
        (
            "Negotiate oYG2MIGz==, Bearer realm=r",
            &[("negotiate", &[]), ("bearer", &[("realm", "r")])],
        ),
        (
            "Basic realm=\"a \\\"b\\\" \\\\c\", Bearer realm=r",
            &[("basic", &[("realm", "a \"b\" \\c")]), ("bearer", &[("realm", "r")])],
        ),
        (
            ", ,Basic realm=x,, error=\"e\",",
            &[("basic", &[("realm", "x"), ("error", "e")])],
        ),
        (
            "Digest qop=\"auth, auth-int\", nonce=\"é\", Basic realm=\"x\"",
            &[
                ("digest", &[("qop", "auth, auth-int"), ("nonce", "é")]),
                ("basic", &[("realm", "x")]),
            ],
        ),
    ];
    for (line, challenges) in rows {
        assert_eq!(parsed(line), expected(challenges), "{line}");
    }
}

#[test]
fn a24_malformed_lines_give_what_came_before() {
    for (line, whole) in [
        ("", 0),
        ("\"", 0),
        ("Bearer realm=\"https://h", 0),
        // A token68, as far as the grammar goes.
        ("Bearer realm=", 1),
        ("Bearer realm=\"a\" service=\"b\"", 0),
        ("Basic realm=\"x\", Bearer realm=\"", 1),
        ("Basic realm=x, é", 1),
        ("Bearer\trealm=x", 0),
    ] {
        assert_eq!(Challenge::parse_line(line).len(), whole, "{line}");
    }
}

#[test]
fn a24_counts_are_bounded() {
    let many: String = (0..10_000).map(|n| format!("p{n}=v,")).collect();
    assert!(Challenge::parse_line(&format!("Bearer {many}")).is_empty());
    assert_eq!(
        Challenge::parse_line(&"Basic,".repeat(10_000)).len(),
        Challenge::MAX_CHALLENGES
    );
}

#[test]
fn a1_a8_a24_bearer_is_chosen_before_basic_and_a_relative_realm_resolved() {
    let url = Url::parse("https://r.test/v2/").unwrap();
    let challenges =
        Challenge::parse_line("Negotiate, Basic realm=x, Bearer realm=\"/token\",service=s,scope=\"a:b:c\"");
    let Asked { scheme, scope, error } = Asked::choose(&challenges, &url).unwrap();
    assert_eq!(error, None);
    let realm = Url::parse("https://r.test/token").unwrap();
    assert_eq!(
        scheme,
        Scheme::Bearer {
            realm,
            service: Some("s".into())
        }
    );
    assert_eq!(scope.as_deref(), Some("a:b:c"));
    let only_basic = Challenge::parse_line("Bearer service=s, Basic realm=x");
    assert_eq!(Asked::choose(&only_basic, &url).unwrap().scheme, Scheme::Basic);
    assert_eq!(Asked::choose(&Challenge::parse_line("Negotiate"), &url), None);
}

#[test]
fn a_displayed_challenge_parses_to_itself() {
    for line in ["Basic", "Negotiate abc==", "Bearer realm=\"a \\\"b\\\" \\\\c\",x=y"] {
        let challenges = Challenge::parse_line(line);
        assert_eq!(Challenge::parse_line(&challenges[0].to_string()), challenges, "{line}");
    }
}
