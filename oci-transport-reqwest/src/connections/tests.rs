use super::*;
use crate::ReqwestTransport;

fn connections(most: usize) -> Connections {
    let builder = ReqwestTransport::builder().no_proxy().parallel_connections(most);
    builder.build().unwrap().connections().clone()
}

fn part(uri: &str) -> Request<Body> {
    let mut request = Request::get(uri).body(Body::empty()).unwrap();
    request.extensions_mut().insert(ParallelPart::default());
    request
}

fn enter(connections: &Connections, uri: &str) -> Option<Place> {
    connections.choose(&part(uri)).1
}

#[test]
fn a_part_goes_where_the_least_is_to_do_once_connections_are_shared() {
    let connections = connections(3);
    let here = "https://r.test/a";
    let first = enter(&connections, here).unwrap();
    assert_eq!(enter(&connections, here).unwrap().index, 0, "nothing is known yet");
    for (status, version) in [(307, Version::HTTP_2), (404, Version::HTTP_2), (206, Version::HTTP_11)] {
        first.answered(status.try_into().unwrap(), version);
        assert_eq!(enter(&connections, here).unwrap().index, 0, "{status} {version:?}");
    }
    first.answered(StatusCode::PARTIAL_CONTENT, Version::HTTP_2);
    let places: Vec<_> = (0..5).map(|_| enter(&connections, here).unwrap()).collect();
    let indices: Vec<_> = places.iter().map(|place| place.index).collect();
    assert_eq!(indices, [1, 2, 0, 1, 2]);
    assert_eq!(enter(&connections, "https://other.test/a").unwrap().index, 0);
    drop(places);
    assert_eq!(enter(&connections, here).unwrap().index, 1);
}

#[test]
fn a_connection_that_is_not_to_be_had_is_not_asked_for_again_until_all_have_ended() {
    let connections = connections(3);
    let here = "https://r.test/a";
    let first = enter(&connections, here).unwrap();
    first.answered(StatusCode::OK, Version::HTTP_2);
    let second = enter(&connections, here).unwrap();
    enter(&connections, here).unwrap().not_connected();
    let indices = [(); 2].map(|()| enter(&connections, here).unwrap());
    assert_eq!(indices.map(|place| place.index), [0, 1]);
    second.not_connected();
    first.not_connected();
    drop(second);
    assert_eq!(enter(&connections, here).unwrap().index, 0);
    drop(first);
    let places = [(); 3].map(|()| enter(&connections, here).unwrap());
    assert_eq!(places.map(|place| place.index), [0, 1, 2]);
}

#[test]
fn what_is_no_part_and_what_has_no_tls_takes_no_place() {
    let connections = connections(3);
    assert!(enter(&connections, "http://r.test/a").is_none());
    let request = Request::get("https://r.test/a").body(Body::empty()).unwrap();
    assert!(connections.choose(&request).1.is_none());
    assert!(enter(&self::connections(1), "https://r.test/a").is_none());
}

#[test]
fn origins_without_end_are_not_remembered_without_end() {
    let connections = connections(3);
    let place = |number: usize| enter(&connections, &format!("https://r{number}.test/"));
    let busy: Vec<_> = (0..MAX_ORIGINS).map(|number| place(number).unwrap()).collect();
    assert!(place(MAX_ORIGINS).is_none(), "all are in use");
    drop(busy);
    for number in 0..2 * MAX_ORIGINS {
        assert!(place(number).is_some());
    }
    assert!(connections.shared.unwrap().origins().len() <= MAX_ORIGINS);
}
