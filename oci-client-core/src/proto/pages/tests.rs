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
fn p01_what_is_kept_of_a_visited_page_is_neither_long_nor_a_secret() {
    let mut pages = Pages::default();
    let long = |number| Url::parse(&format!("https://r.test/?page={number}&sig={}", "s3cret".repeat(5000))).unwrap();
    for number in 0..100 {
        pages.turn(1, Some(&long(number))).unwrap();
    }
    let shown = format!("{pages:?}");
    assert!(
        !shown.contains("s3cret") && shown.len() < 100 * 200,
        "{} bytes",
        shown.len()
    );
    // URLs that differ at their very end only are two.
    let last = Url::parse(&format!("{}!", long(99))).unwrap();
    pages.turn(1, Some(&last)).unwrap();
    pages.turn(1, Some(&long(50))).unwrap_err();
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

#[test]
fn p01_a_link_that_cannot_be_read_does_not_end_the_list() {
    let url = numbered(1);
    let (unreadable, next): (&[u8], &[u8]) = (b"</?page=\xfc>; rel=\"next\"", b"</?page=2>; rel=next");
    for (lines, expected) in [
        (&[][..], Some(None)),
        (&[next], Some(Some(numbered(2)))),
        (&[unreadable], None),
        (&[unreadable, next], Some(Some(numbered(2)))),
    ] {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(LINK, HeaderValue::from_bytes(line).unwrap());
        }
        match next_page(&headers, &url) {
            Ok(found) => assert_eq!(Some(found), expected),
            Err(error) => assert_eq!((error.kind(), expected), (ErrorKind::Protocol, None)),
        }
    }
}
