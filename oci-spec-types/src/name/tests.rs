use proptest::prelude::*;

use super::*;
use crate::digest::Digest;

#[test]
fn hosts_have_one_canonical_text() {
    let same = [
        ["GHCR.io", "ghcr.io"],
        ["LOCALHOST:5000", "localhost:5000"],
        ["[2001:0DB8::0:1]:443", "[2001:db8::1]:443"],
    ];
    for [one, other] in same.map(|pair| pair.map(|text| text.parse::<RegistryHost>().unwrap())) {
        assert_eq!(one, other);
        assert_eq!(one.as_str(), other.as_str());
    }
    let bare: RegistryHost = "ghcr.io".parse().unwrap();
    let with_port: RegistryHost = "ghcr.io:443".parse().unwrap();
    assert_ne!(bare, with_port);
}

#[test]
fn hosts_come_apart() {
    let table = [
        ("ghcr.io", "ghcr.io", None, None),
        ("registry:5000", "registry", Some(5000), None),
        ("192.0.2.1", "192.0.2.1", None, Some("192.0.2.1")),
        ("192.0.2.1:80", "192.0.2.1", Some(80), Some("192.0.2.1")),
        ("[2001:db8::1]", "[2001:db8::1]", None, Some("2001:db8::1")),
        ("[2001:db8::1]:80", "[2001:db8::1]", Some(80), Some("2001:db8::1")),
    ];
    for (text, host, port, ip) in table {
        let parsed: RegistryHost = text.parse().unwrap();
        assert_eq!((parsed.host(), parsed.port()), (host, port), "{text}");
        assert_eq!(parsed.ip(), ip.map(|ip| ip.parse().unwrap()), "{text}");
    }
}

/// R02: a host of one word is one only with a port, so that it can never be read as a repository.
#[test]
fn r02_a_single_word_is_no_host() {
    let error = "registry".parse::<RegistryHost>().unwrap_err();
    assert_eq!(error, InvalidRegistryHostKind::Unqualified.at(8));
    assert!(error.to_string().contains("needs a port"), "{error}");
}

#[test]
fn references_are_built_from_parts() {
    let digest = Digest::sha256(b"");
    let tag: Tag = "v1".parse().unwrap();
    let bare = Reference::new("r.io".parse().unwrap(), "a/b".parse().unwrap()).unwrap();
    assert_eq!(bare.target(), None);
    assert_eq!(bare.clone().or_latest().to_string(), "r.io/a/b:latest");

    let tagged = bare.clone().with_tag(tag.clone());
    assert_eq!(tagged.target(), Some(TagOrDigest::Tag(tag)));
    assert_eq!(tagged.clone().or_latest(), tagged);

    let full = tagged.clone().with_digest(digest.clone());
    assert_eq!(full.to_string(), format!("r.io/a/b:v1@{digest}"));
    assert_eq!(full.target(), Some(digest.into()));
    assert_eq!(full.clone().without_digest(), tagged);
    assert_eq!(full.clone().without_tag().tag(), None);
    assert_eq!(full.without_tag().without_digest(), bare);
}

#[test]
fn familiar_form_takes_another_default() {
    let default: RegistryHost = "registry.example".parse().unwrap();
    let familiar = |text| Reference::familiar_with_default(text, &default).unwrap().to_string();
    assert_eq!(familiar("app:v1"), "registry.example/app:v1");
    assert_eq!(familiar("docker.io/app"), "docker.io/library/app");
    assert_eq!(familiar("ghcr.io/owner/app"), "ghcr.io/owner/app");
}

/// G4: the `:` decides.
#[test]
fn g4_tag_or_digest() {
    let parse = |text: &str| text.parse::<TagOrDigest>();
    assert_eq!(parse("v1"), Ok(TagOrDigest::Tag("v1".parse().unwrap())));
    let digest = Digest::sha256(b"");
    assert_eq!(parse(&digest.to_string()), Ok(digest.into()));
    let kind = |text| parse(text).unwrap_err().kind();
    assert!(matches!(kind(""), InvalidReferenceKind::Tag(_)));
    assert!(matches!(kind("v1+x"), InvalidReferenceKind::Tag(_)));
    assert!(matches!(kind("sha256:00"), InvalidReferenceKind::Digest(_)));
}

/// G7: a segment with a leading `_` is an extension's, and cannot be taken for a part of a name, nor a name for it.
#[test]
fn g7_names_and_extensions_cannot_meet() {
    for extension in ["_oci", "_catalog", "_docker", "_chainguard", "_a.b-c"] {
        for name in [extension.to_owned(), format!("a/{extension}"), format!("{extension}/a")] {
            assert!(name.parse::<RepositoryName>().is_err(), "{name}");
        }
    }
}

#[test]
fn errors_of_parts_become_errors_of_references() {
    fn build(host: &str, repository: &str) -> Result<Reference, InvalidReference> {
        Reference::new(host.parse()?, repository.parse()?)
    }
    assert!(build("r.io", "a").is_ok());
    let host = build("r_io.example", "a").unwrap_err();
    assert_eq!(
        host.kind(),
        InvalidReferenceKind::Host(InvalidRegistryHostKind::Character('_'))
    );
    let repository = build("r.io", "a/B").unwrap_err();
    assert_eq!(repository.position(), 2);
}

#[test]
fn are_shared_between_threads() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    assert_send_sync::<(Reference, TagOrDigest, InvalidReference)>();
}

proptest! {
    #[test]
    fn g1_repositories_of_the_grammar_are_accepted(text in REPOSITORY) {
        prop_assume!(text.len() <= RepositoryName::MAX_LEN);
        let name: RepositoryName = text.parse().unwrap();
        prop_assert_eq!(name.components().collect::<Vec<_>>().join("/"), text);
    }

    /// The scanner and the grammar, applied component by component, agree on any text.
    #[test]
    fn g1_repositories_are_those_of_the_grammar(text in "[a-c._/-]{0,12}|[a-z0-9A./:_-]{0,8}|\\PC*") {
        let valid = text.len() <= RepositoryName::MAX_LEN && text.split('/').all(is_component);
        match text.parse::<RepositoryName>() {
            Ok(name) => prop_assert!(valid && name.as_str() == text),
            Err(error) => prop_assert!(!valid && text.is_char_boundary(error.position())),
        }
    }

    /// A35: a name cannot add a field, a scope or a second action to `repository:NAME:pull`.
    #[test]
    fn a35_repository_names_are_safe_in_a_scope(text in "(?s).{0,20}|[a-z:, /]{0,9}") {
        if let Ok(name) = text.parse::<RepositoryName>() {
            prop_assert!(!name.as_str().contains([':', ',', ' ', '\t', '%', '?', '#', '\\']));
            let scope = format!("repository:{name}:pull");
            prop_assert_eq!(scope.split(':').count(), 3);
            prop_assert!(name.components().all(|part| !matches!(part, "" | "." | "..")));
        }
    }

    #[test]
    fn g3_tags_are_those_of_the_grammar(text in "[a-c._+-]{0,3}|\\PC*|[A-Z_0-9]{126,130}") {
        let is_first = |char: char| char.is_ascii_alphanumeric() || char == '_';
        let is_other = |char: char| is_first(char) || char == '.' || char == '-';
        let valid = text.starts_with(is_first) && text.chars().all(is_other) && text.len() <= 128;
        prop_assert_eq!(text.parse::<Tag>().is_ok(), valid);
    }

    #[test]
    fn g3_tags_of_the_grammar_are_accepted(text in "[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}") {
        prop_assert_eq!(text.parse::<Tag>().unwrap().to_string(), text);
    }

    #[test]
    fn hosts_display_and_parse_back(text in HOST) {
        if let Ok(host) = text.parse::<RegistryHost>() {
            prop_assert_eq!(host.to_string().parse(), Ok(host.clone()));
            prop_assert!(host.as_str().eq_ignore_ascii_case(&text) || text.starts_with('['));
            prop_assert!(!host.as_str().contains(|char: char| char.is_ascii_uppercase()));
            prop_assert_eq!(host.port().is_some(), !host.as_str().ends_with(host.host()));
        }
    }

    #[test]
    fn references_display_and_parse_back(
        host in "[a-zA-Z0-9]{1,9}\\.[a-z]{2,5}(:[1-9][0-9]{0,3})?|localhost|\\[(::|fe80::|1:2:3:4:5:6:7:)[0-9A-F]{1,4}\\]",
        repository in REPOSITORY,
        tag in prop::option::of("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}"),
        hash in prop::option::of(any::<[u8; 32]>()),
    ) {
        prop_assume!(host.len() + 1 + repository.len() <= Reference::MAX_NAME_LEN);
        let host: RegistryHost = host.parse().unwrap();
        let mut reference = Reference::new(host, repository.parse().unwrap()).unwrap();
        if let Some(tag) = tag {
            reference = reference.with_tag(tag.parse().unwrap());
        }
        if let Some(hash) = hash {
            reference = reference.with_digest(Digest::from_sha256(hash));
        }
        let text = reference.to_string();
        prop_assert_eq!(&text.parse::<Reference>().unwrap(), &reference);
        let json = serde_json::to_string(&reference).unwrap();
        prop_assert_eq!(serde_json::from_str::<Reference>(&json).unwrap(), reference);
    }

    #[test]
    fn any_text_parses_to_something_stable_or_fails_inside(
        text in "(?s).{0,40}|[a-cA.:/@\\[\\]_-]{0,14}|[a-z]{1,4}\\.[a-z]{2}/[a-c:@/._-]{0,9}",
    ) {
        for result in [text.parse::<Reference>(), Reference::familiar(&text)] {
            match result {
                Ok(reference) => prop_assert_eq!(reference.to_string().parse(), Ok(reference)),
                Err(error) => prop_assert!(error.position() <= text.len()),
            }
        }
    }
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, read off the grammar without regard to speed.
fn is_component(text: &str) -> bool {
    let is_word = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let separators: Vec<&str> = text.split(is_word).filter(|gap| !gap.is_empty()).collect();
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && separators
            .iter()
            .all(|gap| matches!(*gap, "." | "_" | "__") || gap.chars().all(|char| char == '-'))
}

/// The spec's grammar of a repository name, with fewer repetitions.
const REPOSITORY: &str =
    "[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,3}(/[a-z0-9]{1,8}((\\.|_|__|-{1,3})[a-z0-9]{1,4}){0,3}){0,3}";

/// Names, addresses and near misses.
const HOST: &str = "[a-zA-Z0-9.-]{1,20}(:[0-9]{1,5})?|([0-9]{1,3}\\.){3}[0-9]{1,3}(:[0-9]{0,4})?|\\[[0-9a-fA-F:.]{2,20}\\](:[0-9]{1,5})?";
