use std::future::poll_fn;
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};

use super::{ServerLimits, Stall};

/// S07: time is up after the stall time, and only then.
#[tokio::test(start_paused = true)]
async fn s07_nothing_comes() {
    let (mut stall, start) = (stall(), Instant::now());
    poll_fn(|context| stall.poll_waiting(context)).await;
    assert_eq!(start.elapsed(), TIME);
}

/// S07: enough in time starts the clock anew, as often as it comes.
#[tokio::test(start_paused = true)]
async fn s07_enough_comes() {
    let mut stall = stall();
    for _ in 0..10 {
        waits(&mut stall, TIME - SECOND).await;
        stall.passed(100);
    }
    let start = Instant::now();
    poll_fn(|context| stall.poll_waiting(context)).await;
    assert_eq!(start.elapsed(), TIME);
}

/// S07: too little in time does not.
#[tokio::test(start_paused = true)]
async fn s07_too_little_comes() {
    let (mut stall, start) = (stall(), Instant::now());
    for _ in 0..9 {
        waits(&mut stall, SECOND).await;
        stall.passed(11);
    }
    poll_fn(|context| stall.poll_waiting(context)).await;
    assert_eq!(start.elapsed(), TIME);
}

/// Small amounts add up.
#[tokio::test(start_paused = true)]
async fn little_by_little() {
    let mut stall = stall();
    for _ in 0..100 {
        waits(&mut stall, SECOND).await;
        stall.passed(13);
    }
}

/// The clock does not run before the first wait, and not after a rest.
#[tokio::test(start_paused = true)]
async fn time_without_a_wait() {
    let mut stall = stall();
    sleep(TIME * 2).await;
    waits(&mut stall, TIME - SECOND).await;
    stall.rest();
    sleep(TIME * 2).await;
    waits(&mut stall, TIME - SECOND).await;
}

fn stall() -> Stall {
    Stall::new(ServerLimits::new().with_stall_time(TIME).with_stall_bytes(100))
}

/// Waits for the client, who lets time pass that is not too long.
async fn waits(stall: &mut Stall, time: Duration) {
    let waiting = poll_fn(|context| stall.poll_waiting(context));
    assert!(timeout(time, waiting).await.is_err(), "the time was up");
}

const SECOND: Duration = Duration::from_secs(1);
const TIME: Duration = Duration::from_secs(10);
