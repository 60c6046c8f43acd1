use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn parse(text: &str) -> Result<Digest, InvalidDigest> {
    text.parse()
}

#[test]
fn hashes_the_published_vectors() {
    assert_eq!(Digest::sha256(b"").to_string(), SHA256_OF_EMPTY);
    assert_eq!(Digest::sha512(b"abc").to_string(), SHA512_OF_ABC);
    assert_eq!(
        Digest::sha256(b"{}").to_string(),
        "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    );
}

#[test]
fn keeps_a_registered_digest_as_its_bytes() {
    let digest = Digest::from_sha256([0xab; 32]);
    assert_eq!(digest.algorithm(), Algorithm::SHA256);
    assert_eq!(digest.encoded_string(), "ab".repeat(32));
    assert_eq!(digest.to_string(), format!("sha256:{}", "ab".repeat(32)));
    assert_eq!(format!("{digest:?}"), digest.to_string());
    assert_eq!(format!("{digest:.11}"), "sha256:abab");
    assert_eq!(
        Digest::from_sha512([0x01; 64]).to_string(),
        format!("sha512:{}", "01".repeat(64))
    );
}

/// R08, C09: what no digest may look like, and where each text goes wrong.
#[test]
fn c09_g5_r08_refuses_malformed_text_with_its_position() {
    use InvalidDigestKind::{
        AlgorithmCharacter, EmptyAlgorithm, EmptyEncoded, EncodedCharacter, HexCharacter, Length, MissingColon,
        Separator,
    };
    let hex = |count: usize| "a".repeat(count);
    let length = |expected, found| Length { expected, found };
    let table = [
        (String::new(), EmptyAlgorithm, 0),
        (":".into(), EmptyAlgorithm, 0),
        (format!(":{}", hex(64)), EmptyAlgorithm, 0),
        ("sha256".into(), MissingColon, 6),
        ("sha256:".into(), EmptyEncoded, 7),
        (format!("sha256:{}", hex(63)), length(64, 63), 70),
        (format!("sha256:{}", hex(65)), length(64, 65), 71),
        (format!("sha256:{}A", hex(63)), HexCharacter('A'), 70),
        (format!("sha256:{}", "A".repeat(64)), HexCharacter('A'), 7),
        (format!("sha256:g{}", hex(63)), HexCharacter('g'), 7),
        (format!("sha256:{}é", hex(62)), HexCharacter('é'), 69),
        (format!("sha256:\0{}", hex(63)), HexCharacter('\0'), 7),
        (format!("sha256:{}\n", hex(64)), length(64, 65), 71),
        (format!("sha256: {}", hex(64)), HexCharacter(' '), 7),
        ("sha256:../../../../v2/x".into(), HexCharacter('.'), 7),
        (format!("sha256:{}%2f", hex(61)), HexCharacter('%'), 68),
        (format!("sha512:{}", hex(64)), length(128, 64), 71),
        (format!("sha512:{}", hex(129)), length(128, 129), 135),
        (format!("blake3:{}", hex(63)), length(64, 63), 70),
        (format!("blake3:{}", hex(128)), length(64, 128), 71),
        (format!("SHA256:{}", hex(64)), AlgorithmCharacter('S'), 0),
        (format!(" sha256:{}", hex(64)), AlgorithmCharacter(' '), 0),
        (format!("sha/256:{}", hex(64)), AlgorithmCharacter('/'), 3),
        (format!("шa256:{}", hex(64)), AlgorithmCharacter('ш'), 0),
        ("../x:00".into(), Separator, 0),
        ("+a:0".into(), Separator, 0),
        ("a+:0".into(), Separator, 1),
        ("a++b:0".into(), Separator, 2),
        ("a+-b:0".into(), Separator, 2),
        ("md5:".into(), EmptyEncoded, 4),
        ("sha256+b64u:".into(), EmptyEncoded, 12),
        ("md5:a:b".into(), EncodedCharacter(':'), 5),
        ("md5:a/b".into(), EncodedCharacter('/'), 5),
        ("md5:a+b".into(), EncodedCharacter('+'), 5),
        ("md5:..".into(), EncodedCharacter('.'), 4),
        ("md5:é".into(), EncodedCharacter('é'), 4),
    ];
    for (text, kind, position) in table {
        assert_eq!(parse(&text), Err(kind.at(position)), "{text:?}");
    }
}

/// R08: an algorithm that nobody registered is carried, and never verified.
#[test]
fn r08_carries_unknown_algorithms_and_never_verifies_them() {
    let md5_of_empty = "md5:d41d8cd98f00b204e9800998ecf8427e";
    let sha384 = format!("sha384:{}", "0".repeat(96));
    let texts = [md5_of_empty, &sha384, "sha256+b64u:LCa0a2j_xo=", "x.y_z-1:A=_-"];
    for text in texts {
        let digest = parse(text).unwrap();
        assert_eq!(digest.to_string(), text);
        let encoded = digest.encoded_string();
        assert_eq!(format!("{}:{encoded}", digest.algorithm()), text);
        assert!(!digest.is_verifiable() && !digest.algorithm().is_supported(), "{text}");
        assert!(matches!(digest.verify(b""), Err(Mismatch::Unsupported(_))), "{text}");
        assert_eq!(digest.verifier(0).unwrap_err().algorithm(), &digest.algorithm());
    }
}

#[test]
fn parses_algorithms() {
    assert_eq!("sha512".parse(), Ok(Algorithm::SHA512));
    assert_eq!("blake3".parse(), Ok(Algorithm::BLAKE3));
    assert_eq!("md5".parse::<Algorithm>().unwrap().as_str(), "md5");
    let error = |text: &str| text.parse::<Algorithm>().unwrap_err();
    assert_eq!(error(""), InvalidDigestKind::EmptyAlgorithm.at(0));
    assert_eq!(error("sha256:"), InvalidDigestKind::AlgorithmCharacter(':').at(6));
    assert_eq!(error("SHA256"), InvalidDigestKind::AlgorithmCharacter('S').at(0));
}

#[test]
fn blake3_is_computed_only_where_it_is_built_in() {
    let digest = parse(BLAKE3_OF_EMPTY).unwrap();
    assert_eq!(digest.algorithm(), Algorithm::BLAKE3);
    assert_eq!(digest.is_verifiable(), cfg!(feature = "blake3"));
    assert_eq!(digest.verify(b"").is_ok(), cfg!(feature = "blake3"));
    if digest.is_verifiable() {
        assert_eq!(digest.hasher().unwrap().finish(), digest);
    } else {
        let error = digest.verify(b"").unwrap_err().to_string();
        assert!(error.contains("`blake3` feature"), "{error}");
    }
}

/// CR4: the vectors of the referrers tag schema.
#[test]
fn cr4_fallback_tags() {
    let long = "test+algorithm+using+algorithm+separators+and+lots+of+characters+to+excercise+overall+\
                truncation:alsoSome=InTheEncodedSectionToShowHyphenReplacementAndLotsAndLotsOfCharacters\
                ToExcerciseEncodedTruncation";
    let table = [
        (
            format!("sha256:{}", "a".repeat(64)),
            format!("sha256-{}", "a".repeat(64)),
        ),
        (
            format!("sha512:{}", "a".repeat(128)),
            format!("sha512-{}", "a".repeat(64)),
        ),
        (
            long.into(),
            "test-algorithm-using-algorithm-s-\
             alsoSome-InTheEncodedSectionToShowHyphenReplacementAndLotsAndLot"
                .into(),
        ),
    ];
    for (digest, tag) in table {
        assert_eq!(parse(&digest).unwrap().fallback_tag().as_str(), tag);
    }
}

/// R15: serde goes through the parser.
#[test]
fn r15_serde_refuses_what_the_parser_refuses() {
    let json = format!("\"{SHA256_OF_EMPTY}\"");
    let digest: Digest = serde_json::from_str(&json).unwrap();
    assert_eq!(digest, Digest::sha256(b""));
    assert_eq!(serde_json::to_string(&digest).unwrap(), json);
    for bad in ["\"sha256:\"", "7", "null", "\"\"", "[\"sha256:00\"]"] {
        serde_json::from_str::<Digest>(bad).unwrap_err();
    }
    let escaped = json.replace("sha", "s\\u0068a");
    assert_eq!(serde_json::from_str::<Digest>(&escaped).unwrap(), digest);
}

#[test]
fn errors_name_invisible_characters_by_code_point() {
    let error = parse("md5:a\u{202e}b").unwrap_err().to_string();
    assert!(
        error.is_ascii() && error.contains("U+202E") && error.contains("byte 5"),
        "{error}"
    );
}

#[test]
fn is_small_and_can_be_sent() {
    fn assert_send_sync<T: Send + Sync + 'static>() {}
    assert_send_sync::<(Digest, Algorithm, Hasher, Verifier, Mismatch, InvalidDigest)>();
    assert!(size_of::<Digest>() <= 72);
    assert!(size_of::<Result<(), Mismatch>>() <= 40);
}

#[test]
fn length_is_limited() {
    let longest = format!("x:{}", "0".repeat(Digest::MAX_LEN - 2));
    assert_eq!(parse(&longest).unwrap().to_string(), longest);
    let too_long = InvalidDigestKind::TooLong.at(Digest::MAX_LEN);
    assert_eq!(parse(&(longest + "0")), Err(too_long.clone()));
    let name = "a".repeat(4 << 20);
    assert_eq!(parse(&format!("{name}:0")), Err(too_long.clone()));
    assert_eq!(name.parse::<Algorithm>(), Err(too_long.clone()));
    assert_eq!(
        too_long.to_string(),
        "invalid digest at byte 1024: a digest may have at most 1024 bytes"
    );
}

#[test]
fn errors_cut_a_long_algorithm() {
    let algorithm: Algorithm = "a".repeat(Digest::MAX_LEN).parse().unwrap();
    let error = algorithm.hasher().unwrap_err().to_string();
    assert!(
        error.contains("`aaaa") && error.contains("a…`") && error.len() < 200,
        "{error}"
    );
}

proptest! {
    #[test]
    fn g5_text_of_the_grammar_parses_and_displays_as_it_was(text in GRAMMAR) {
        match parse(&text) {
            Ok(digest) => prop_assert_eq!(digest.to_string(), text),
            Err(_) => prop_assert!(is_registered(&text) || text.len() > Digest::MAX_LEN),
        }
    }

    #[test]
    fn hashes_display_and_parse_back(hash in any::<[u8; 32]>(), long in any::<[u8; 64]>()) {
        for digest in [Digest::from_sha256(hash), Digest::from_sha512(long)] {
            prop_assert_eq!(parse(&digest.to_string()), Ok(digest));
        }
    }

    #[test]
    fn g5_any_text_gives_itself_or_a_position_inside(text in "\\PC*|[a-z0-9+._:-]{0,80}|sha256:.{0,70}") {
        match parse(&text) {
            Ok(digest) => prop_assert_eq!(digest.to_string(), text),
            Err(error) => prop_assert!(text.is_char_boundary(error.position())),
        }
    }

    #[test]
    fn order_equality_and_hash_follow_the_text(texts in prop::collection::vec(ORDERED, 2..20)) {
        let digests: Vec<Digest> = texts.iter().map(|text| parse(text).unwrap()).collect();
        for (a, b) in digests.iter().zip(digests.iter().skip(1)) {
            prop_assert_eq!(a.cmp(b), a.to_string().cmp(&b.to_string()));
        }
        let distinct: HashSet<&String> = texts.iter().collect();
        prop_assert_eq!(digests.iter().collect::<HashSet<_>>().len(), distinct.len());
    }

    #[test]
    fn fallback_tags_are_tags(text in "[a-z0-9]{1,50}([+._-][a-z0-9]{1,9}){0,4}:[a-zA-Z0-9=_-]{1,90}") {
        if let Ok(digest) = parse(&text) {
            let tag = digest.fallback_tag();
            prop_assert_eq!(tag.as_str().parse(), Ok(tag.clone()));
        }
    }
}

fn is_registered(text: &str) -> bool {
    ["sha256:", "sha512:", "blake3:"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

const BLAKE3_OF_EMPTY: &str = "blake3:af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262";
const SHA256_OF_EMPTY: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const SHA512_OF_ABC: &str = "sha512:ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
     2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";

/// The spec's grammar of a digest.
const GRAMMAR: &str = "[a-z0-9]+([+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+";

/// Digests whose texts differ early, late, and around the end of a registered algorithm's name.
const ORDERED: &str =
    "sha256:[0-9a-f]{64}|sha512:0{127}[0-9a-f]|blake3:0{63}[0-9a-f]|sha(256|512)[+._0a-]z:[a-zA-Z0-9=_-]|[a-t]:0";
