use super::*;

#[test]
fn rd5_rd6_s15_numbers_are_clamped_and_garbage_is_refused() {
    let cases = [
        ("", Some((100, None))),
        ("n=7", Some((7, None))),
        ("n=0", Some((0, None))),
        ("n=100&last=v1", Some((100, Some("v1")))),
        ("n=101", Some((100, None))),
        ("n=9223372036854775808", Some((100, None))),
        ("n=99999999999999999999999999999", Some((100, None))),
        ("last=", Some((100, None))),
        ("n=-1", None),
        ("n=+1", None),
        ("n=abc", None),
        ("n=", None),
        ("n=1.5", None),
    ];
    for (text, expected) in cases {
        let query = Query::parse(Some(text)).unwrap();
        let paging = Paging::parse(&query, 100).ok();
        assert_eq!(paging, expected.map(|(size, last)| Paging { size, last }), "{text}");
    }
}

#[test]
fn rd4_a_link_is_encoded() {
    let link = next_link(
        "/v2/a/referrers/x",
        2,
        "sha256:0",
        &[("artifactType", "application/a+json")],
    );
    let expected = "</v2/a/referrers/x?n=2&last=sha256%3A0&artifactType=application%2Fa%2Bjson>; rel=\"next\"";
    assert_eq!(link, expected);
}
