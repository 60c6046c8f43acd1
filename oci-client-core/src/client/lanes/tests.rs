use futures_executor::block_on;
use futures_util::FutureExt;

use super::*;

fn lanes(places: usize) -> Lanes {
    Lanes::new(NonZeroUsize::new(places).unwrap())
}

#[test]
fn places_are_given_in_the_order_of_asking() {
    let lanes = lanes(1);
    let first = block_on(lanes.enter(false));
    let mut second = Box::pin(lanes.enter(false));
    let mut third = Box::pin(lanes.enter(false));
    assert!(second.as_mut().now_or_never().is_none());
    assert!(third.as_mut().now_or_never().is_none());
    drop(first);
    assert!(third.as_mut().now_or_never().is_none());
    let second = second.now_or_never().unwrap();
    assert!(third.as_mut().now_or_never().is_none());
    drop(second);
    drop(third.now_or_never().unwrap());
    assert!(lanes.enter(false).now_or_never().is_some());
}

#[test]
fn who_stops_waiting_passes_the_place_on() {
    let lanes = lanes(1);
    for called_before in [false, true] {
        let first = block_on(lanes.enter(false));
        let mut second = Box::pin(lanes.enter(false));
        let mut third = Box::pin(lanes.enter(false));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        if called_before {
            drop(first);
            drop(second);
        } else {
            drop(second);
            drop(first);
        }
        drop(third.now_or_never().unwrap());
    }
}

#[test]
fn p26_uploads_do_not_take_the_places_of_what_they_read() {
    let lanes = lanes(1);
    let _upload = block_on(lanes.enter(true));
    assert!(lanes.enter(false).now_or_never().is_some());
    assert!(lanes.enter(true).now_or_never().is_none());
}
