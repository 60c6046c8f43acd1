use super::*;

fn numbered(number: usize) -> Url {
    Url::parse(&format!("https://r.test/?page={number}")).unwrap()
}

#[test]
fn p01_a_list_that_goes_in_circles_is_an_error() {
    let mut pages = Pages::default();
    pages.turn(1, Some(&numbered(1))).unwrap();
    pages.turn(1, Some(&numbered(2))).unwrap();
    let error = pages.turn(1, Some(&numbered(1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[test]
fn p01_empty_pages_pages_and_entries_are_counted() {
    let mut pages = Pages::default();
    pages.turn(0, Some(&numbered(1))).unwrap();
    pages.turn(0, Some(&numbered(2))).unwrap();
    pages.turn(1, Some(&numbered(3))).unwrap();
    pages.turn(0, Some(&numbered(4))).unwrap();
    pages.turn(0, Some(&numbered(5))).unwrap();
    pages.turn(0, Some(&numbered(6))).unwrap_err();

    let mut pages = Pages::default();
    let turned = (0..)
        .take_while(|&number| pages.turn(1, Some(&numbered(number))).is_ok())
        .count();
    assert_eq!(turned, Pages::MAX_PAGES);

    let mut pages = Pages::default();
    pages.turn(Pages::MAX_ENTRIES, Some(&numbered(1))).unwrap();
    pages.turn(1, Some(&numbered(2))).unwrap_err();
    assert!(
        Pages::default().turn(Pages::MAX_ENTRIES + 1, None).is_ok(),
        "the last page is never cut off"
    );
}
