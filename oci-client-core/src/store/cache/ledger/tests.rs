use oci_spec_types::Digest;

use super::{Ledger, Room};

fn digest(name: u8) -> Digest {
    Digest::sha256(&[name])
}

#[test]
fn what_was_not_used_for_the_longest_time_goes_first() {
    let mut ledger = Ledger::new(10);
    for name in 1..=3 {
        assert_eq!(ledger.reserve(&digest(name), 3), Room::Made);
        ledger.keep(&digest(name));
    }
    assert!(ledger.touch(&digest(1)));
    assert_eq!(ledger.reserve(&digest(4), 3), Room::Without(digest(2)));
    ledger.forget(&digest(2));
    assert_eq!(ledger.reserve(&digest(4), 3), Room::Made);
    assert_eq!((ledger.used(), ledger.touch(&digest(2))), (9, false));
    assert_eq!(ledger.reserve(&digest(5), 3), Room::Without(digest(3)));
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
    assert!(ledger.touch(&digest(2)));
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
        gone.push(oldest);
    }
    assert_eq!((gone, ledger.used()), (vec![digest(2), digest(3)], 4));
}
