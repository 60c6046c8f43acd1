use std::hash::{BuildHasher, RandomState};

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<MediaType, InvalidMediaType> {
    text.parse()
}

#[test]
fn well_known_types_are_interned() {
    for text in known::ALL {
        let media_type = parse(text).unwrap();
        assert!(matches!(media_type.0, Repr::Static(_)), "{text}");
        assert_eq!(media_type.to_string(), *text);
    }
    assert!(matches!(parse("text/plain").unwrap().0, Repr::Shared(_)));
}

#[test]
fn case_does_not_count_but_stays() {
    let upper = parse("Application/VND.oci.image.INDEX.v1+json").unwrap();
    assert_eq!(upper, MediaType::IMAGE_INDEX);
    assert!(upper.is_index());
    assert_eq!(upper.as_str(), "Application/VND.oci.image.INDEX.v1+json");
    assert_eq!(upper.cmp(&MediaType::IMAGE_INDEX), Ordering::Equal);
    let state = RandomState::new();
    assert_eq!(state.hash_one(&upper), state.hash_one(MediaType::IMAGE_INDEX));
}

#[test]
fn predicates_tell_documents_and_layers_apart() {
    type Predicate = fn(&MediaType) -> bool;
    let counts: [(Predicate, usize); 7] = [
        (MediaType::is_docker, 10),
        (MediaType::is_image_config, 2),
        (MediaType::is_image_manifest, 2),
        (MediaType::is_index, 2),
        (MediaType::is_layer, 11),
        (MediaType::is_manifest, 4),
        (MediaType::is_nondistributable, 5),
    ];
    for (position, (predicate, expected)) in counts.into_iter().enumerate() {
        let matches = known::ALL.iter().filter(|text| predicate(&parse(text).unwrap()));
        assert_eq!(matches.count(), expected, "row {position}");
    }
    assert!(MediaType::DOCKER_MANIFEST_LIST.is_index());
    assert!(!MediaType::DOCKER_SCHEMA1.is_manifest());
    assert!(!parse("application/vnd").unwrap().is_docker());
}

#[test]
fn refuses_malformed_text_with_its_position() {
    use InvalidMediaTypeKind::{Character, Empty, MissingSlash, TooLong};
    let part = |len: usize| "x".repeat(len);
    let table = [
        (String::new(), Empty, 0),
        ("/".into(), Empty, 0),
        ("/json".into(), Empty, 0),
        ("application/".into(), Empty, 12),
        ("application".into(), MissingSlash, 11),
        ("a/b/c".into(), Character('/'), 3),
        ("a//b".into(), Empty, 2),
        ("a/b; charset=utf-8".into(), Character(';'), 3),
        ("a/b,c/d".into(), Character(','), 3),
        (" a/b".into(), Character(' '), 0),
        ("a/b ".into(), Character(' '), 3),
        ("a/b\n".into(), Character('\n'), 3),
        ("a/\0".into(), Character('\0'), 2),
        ("*/*".into(), Character('*'), 0),
        (".a/b".into(), Character('.'), 0),
        ("a/+b".into(), Character('+'), 2),
        ("a/é".into(), Character('é'), 2),
        ("a/b\u{202e}".into(), Character('\u{202e}'), 3),
        (format!("{}/b", part(128)), TooLong, 127),
        (format!("a/{}", part(128)), TooLong, 129),
    ];
    for (text, kind, position) in table {
        assert_eq!(parse(&text), Err(kind.at(position)), "{text:?}");
    }
    parse(&format!("{}/{}", part(127), part(127))).unwrap();
}

/// CP2: the parameters of a `Content-Type` do not count.
#[test]
fn cp2_content_type_parameters_are_left_out() {
    let headers = [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.index.v1+json;charset=utf-8",
        " \tapplication/vnd.oci.image.index.v1+json ; charset=\"utf;8\"",
        "APPLICATION/vnd.oci.image.index.v1+json;",
    ];
    for header in headers {
        let media_type = MediaType::parse_content_type(header).unwrap();
        assert_eq!(media_type, MediaType::IMAGE_INDEX, "{header:?}");
    }
    let position = |header| MediaType::parse_content_type(header).unwrap_err().position();
    assert_eq!(position("  a b/c"), 3);
    assert_eq!(position("; charset=utf-8"), 0);
    assert_eq!(position("  "), 2);
}

/// R15: serde goes through the parser.
#[test]
fn r15_serde_refuses_what_the_parser_refuses() {
    let json = "\"application/vnd.oci.image.index.v1+json\"";
    let media_type: MediaType = serde_json::from_str(json).unwrap();
    assert!(matches!(media_type.0, Repr::Static(_)));
    assert_eq!(serde_json::to_string(&media_type).unwrap(), json);
    serde_json::from_str::<MediaType>("\"a/b;c\"").unwrap_err();
}

proptest! {
    #[test]
    fn text_of_the_grammar_parses_and_displays_as_it_was(text in GRAMMAR) {
        prop_assert_eq!(parse(&text).unwrap().to_string(), text);
    }

    #[test]
    fn any_text_gives_itself_or_a_position_inside(text in "\\PC*|[a-c/.;+ ]{0,9}") {
        match parse(&text) {
            Ok(media_type) => prop_assert_eq!(media_type.to_string(), text),
            Err(error) => prop_assert!(text.is_char_boundary(error.position())),
        }
    }
}

/// The grammar of RFC 6838, as the spec prints it.
const GRAMMAR: &str = "[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}";
