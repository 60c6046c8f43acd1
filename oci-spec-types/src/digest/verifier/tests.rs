use proptest::prelude::*;

use super::*;

#[test]
fn verifies_whole_content() {
    for digest in [Digest::sha256(b"abc"), Digest::sha512(b"abc")] {
        assert_eq!(digest.verify(b"abc"), Ok(()));
        let found = digest.hasher().unwrap().chain(b"abd").finish();
        let mismatch = digest.verify(b"abd").unwrap_err();
        let message = mismatch.to_string();
        assert!(message.contains(&digest.to_string()), "{message}");
        assert!(message.contains(&found.to_string()), "{message}");
    }
}

/// C08: content of another size than promised is refused, whatever it hashes to.
#[test]
fn c08_the_size_is_checked_before_the_digest() {
    let digest = Digest::sha256(b"hello");
    let run = |size, pieces: &[&[u8]]| {
        let mut verifier = digest.verifier(size).unwrap();
        for piece in pieces {
            verifier.update(piece)?;
        }
        verifier.finish()
    };
    assert_eq!(run(5, &[b"he", b"", b"llo"]), Ok(()));
    assert!(matches!(run(5, &[b"Hello"]), Err(Mismatch::Digest { .. })));
    let short = run(6, &[b"hello"]);
    assert!(matches!(
        short,
        Err(Mismatch::TooShort {
            expected: 6,
            found: 5,
            ..
        })
    ));
    let long = run(4, &[b"hel", b"lo"]);
    assert!(matches!(
        long,
        Err(Mismatch::TooLong {
            expected: 4,
            at_least: 5,
            ..
        })
    ));
}

/// C08: a size of 0 fits the empty content only.
#[test]
fn c08_size_zero_is_for_empty_content() {
    let empty = Digest::sha256(b"");
    assert_eq!(empty.verifier(0).unwrap().finish(), Ok(()));
    let other = Digest::sha256(b"x");
    assert!(matches!(
        other.verifier(0).unwrap().finish(),
        Err(Mismatch::Digest { .. })
    ));
    other.verifier(0).unwrap().update(b"x").unwrap_err();
}

#[test]
fn verifier_does_not_hash_the_surplus_and_stays_failed() {
    let mut verifier = Digest::sha256(b"").verifier(2).unwrap();
    verifier.update(b"a").unwrap();
    assert_eq!((verifier.position(), verifier.remaining(), verifier.size()), (1, 1, 2));
    verifier.update(b"bcd").unwrap_err();
    assert_eq!(verifier.hasher.len(), 1);
    assert_eq!((verifier.position(), verifier.remaining()), (4, 0));
    verifier.update(b"").unwrap_err();
    assert!(matches!(verifier.finish(), Err(Mismatch::TooLong { at_least: 4, .. })));
}

proptest! {
    #[test]
    fn pieces_hash_like_the_whole(content: Vec<u8>, at: prop::sample::Index) {
        let (head, tail) = content.split_at(at.index(content.len() + 1));
        let digest = Digest::sha512(&content);
        let mut verifier = digest.verifier(content.len() as u64).unwrap();
        verifier.update(head).unwrap();
        verifier.update(tail).unwrap();
        prop_assert_eq!(verifier.finish(), Ok(()));
    }
}
