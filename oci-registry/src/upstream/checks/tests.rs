use std::time::Duration;

use super::{CAPACITY, Checks};

const SECOND: Duration = Duration::from_secs(1);

fn key(what: usize) -> super::Key {
    ("app".parse().unwrap(), what.to_string())
}

#[test]
fn is_remembered_until_its_age() {
    let checks = Checks::default();
    checks.set(SECOND, key(1), SECOND, Ok(()));
    assert!(checks.get(SECOND, &key(1)).is_some());
    assert!(checks.get(SECOND * 2, &key(1)).is_none());
    assert!(checks.get(SECOND, &key(2)).is_none());
}

/// However many names are asked for, no more are remembered than there is room for: those that have ended go first.
#[test]
fn has_a_capacity() {
    let checks = Checks::default();
    checks.set(SECOND, key(0), SECOND * 100, Ok(()));
    for what in 1..CAPACITY {
        checks.set(SECOND, key(what), SECOND, Ok(()));
    }
    checks.set(SECOND * 3, key(CAPACITY), SECOND, Ok(()));
    assert_eq!(checks.table().len(), 2);
    for what in 0..CAPACITY * 2 {
        checks.set(SECOND * 3, key(what), SECOND, Ok(()));
        assert!(checks.table().len() <= CAPACITY);
    }
}
