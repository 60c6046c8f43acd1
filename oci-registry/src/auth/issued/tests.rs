use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_name_is_good_until_it_expires() {
    let issued = Issued::new();
    let name = issued.issue("it", SECOND, SECOND).unwrap();
    assert_eq!(name.expose().len(), 64);
    assert_eq!(issued.get(name.expose(), SECOND), Some("it"));
    assert_eq!(issued.get(name.expose(), 2 * SECOND), None);
    assert_eq!(issued.get("another", SECOND), None);
    assert!(!format!("{issued:?}").contains(name.expose()));
}

#[test]
fn what_would_expire_next_makes_room() {
    let issued = Issued::new();
    let first = issued.issue(0, SECOND, SECOND).unwrap();
    let later: Vec<_> = (1..MAX_ENTRIES)
        .map(|value| issued.issue(value, SECOND, 2 * SECOND).unwrap())
        .collect();
    let last = issued.issue(MAX_ENTRIES, SECOND, 3 * SECOND).unwrap();
    assert_eq!(issued.get(first.expose(), SECOND), None);
    assert_eq!(issued.get(last.expose(), SECOND), Some(MAX_ENTRIES));
    assert!(later.iter().all(|name| issued.get(name.expose(), SECOND).is_some()));

    let now = 5 * SECOND;
    issued.issue(0, now, SECOND).unwrap();
    assert_eq!(issued.entries.lock().unwrap().len(), 1);
}
