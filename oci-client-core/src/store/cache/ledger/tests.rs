use oci_spec_types::Digest;

use super::{Ledger, Room, Seen};

fn digest(name: u8) -> Digest {
    Digest::sha256(&[name])
}

fn seen(room: Room) -> Seen {
    match room {
        Room::Without(seen) => seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_was_not_used_for_the_longest_time_goes_first() {
    let mut ledger = Ledger::new(10);
    for name in 1..=3 {
        assert_eq!(ledger.reserve(&digest(name), 3), Room::Made);
        ledger.keep(&digest(name));
    }
    assert!(ledger.touch(&digest(1)).is_some());
    let oldest = seen(ledger.reserve(&digest(4), 3));
    assert_eq!(oldest.digest, digest(2));
    ledger.forget(&oldest);
    assert_eq!(ledger.reserve(&digest(4), 3), Room::Made);
    assert_eq!((ledger.used(), ledger.touch(&digest(2))), (9, None));
    assert_eq!(seen(ledger.reserve(&digest(5), 3)).digest, digest(3));
}

#[test]
fn what_came_again_is_not_forgotten_with_what_it_replaces() {
    let mut ledger = Ledger::new(10);
    ledger.add(digest(1), 6);
    let former = ledger.touch(&digest(1)).unwrap();
    assert_eq!(ledger.touch(&digest(1)).unwrap(), former);
    assert!(ledger.has(&former));
    ledger.forget(&former);
    assert!(!ledger.has(&former));
    assert_eq!(ledger.reserve(&digest(1), 6), Room::Made);
    ledger.keep(&digest(1));
    ledger.forget(&former);
    assert_eq!(ledger.used(), 6);
    assert!(ledger.touch(&digest(1)).is_some_and(|latter| latter != former));
}

#[test]
fn what_is_on_its_way_in_counts_against_the_limit() {
    let mut ledger = Ledger::new(10);
    assert_eq!(ledger.reserve(&digest(1), 11), Room::None);
    assert_eq!(ledger.reserve(&digest(1), u64::MAX), Room::None);
    assert_eq!(ledger.reserve(&digest(1), 10), Room::Made);
    assert_eq!(ledger.reserve(&digest(1), 10), Room::None);
    assert_eq!(ledger.reserve(&digest(2), 1), Room::None);
    assert_eq!(ledger.reserve(&digest(2), u64::MAX), Room::None);
    ledger.release(&digest(1));
    ledger.release(&digest(1));
    assert_eq!((ledger.used(), ledger.reserve(&digest(2), 1)), (0, Room::Made));
    ledger.keep(&digest(2));
    ledger.release(&digest(2));
    assert!(ledger.touch(&digest(2)).is_some());
    assert_eq!((ledger.used(), ledger.reserve(&digest(2), 1)), (1, Room::None));
}

#[test]
fn what_was_there_before_is_cut_down_to_the_limit() {
    let mut ledger = Ledger::new(5);
    for name in 1..=4 {
        ledger.add(digest(name), 2);
    }
    ledger.add(digest(1), 2);
    let mut gone = Vec::new();
    while let Some(oldest) = ledger.surplus() {
        ledger.forget(&oldest);
        gone.push(oldest.digest);
    }
    assert_eq!((gone, ledger.used()), (vec![digest(2), digest(3)], 4));
}
