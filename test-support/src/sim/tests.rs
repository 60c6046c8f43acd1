use std::sync::atomic::AtomicUsize;

use futures_util::future::{join, join_all, pending, select};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn sleepers_wake_in_the_order_of_their_deadlines() {
    let runtime = SimRuntime::new();
    let woken = Mutex::new(Vec::new());
    runtime.run(join_all([3, 1, 2].map(|seconds| {
        let (runtime, woken) = (&runtime, &woken);
        async move {
            runtime.sleep(seconds * SECOND).await;
            woken.lock().unwrap().push((seconds, runtime.elapsed()));
        }
    })));
    let woken = woken.into_inner().unwrap();
    assert_eq!(woken, [(1, SECOND), (2, 2 * SECOND), (3, 3 * SECOND)]);
}

#[test]
fn a_dropped_sleep_leaves_no_timer() {
    let runtime = SimRuntime::new();
    runtime.run(select(runtime.sleep(SECOND), runtime.sleep(2 * SECOND)));
    assert_eq!((runtime.elapsed(), runtime.timers()), (SECOND, 0));
}

#[test]
#[should_panic(expected = "deadlock after 1s")]
fn a_future_that_nothing_will_wake_is_a_deadlock() {
    let runtime = SimRuntime::new();
    runtime.run(join(runtime.sleep(SECOND), pending::<()>()));
}

#[test]
fn spawned_tasks_run_beside_the_future_and_outlive_it() {
    let runtime = SimRuntime::new();
    let steps = Arc::new(AtomicUsize::new(0));
    let task = {
        let (runtime, steps) = (runtime.clone(), steps.clone());
        async move {
            runtime.sleep(SECOND).await;
            steps.fetch_add(1, Ordering::Relaxed);
            runtime.sleep(2 * SECOND).await;
            steps.fetch_add(1, Ordering::Relaxed);
        }
    };
    runtime.spawn(Box::pin(task));
    runtime.run(runtime.sleep(2 * SECOND));
    assert_eq!(steps.load(Ordering::Relaxed), 1);
    runtime.run(runtime.sleep(2 * SECOND));
    assert_eq!(steps.load(Ordering::Relaxed), 2);
}

#[test]
fn a_future_is_dropped_after_the_polls_that_it_is_given() {
    let runtime = SimRuntime::new();
    let twice = || async {
        runtime.sleep(SECOND).await;
        runtime.sleep(SECOND).await;
    };
    assert_eq!(
        (0..4).map(|polls| runtime.run_for(polls, twice())).collect::<Vec<_>>(),
        [None, None, None, Some(())]
    );
    assert_eq!(runtime.timers(), 0);
}
