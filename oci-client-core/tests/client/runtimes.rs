//! What the client asks of an executor, and the one that comes with it.

use std::time::Duration;

use futures_channel::oneshot;
use futures_core::future::BoxFuture;
use oci_client_core::runtime::{Runtime, ThreadRuntime, block_on, unblock};
use test_support::SimRuntime;

#[test]
fn threads_run_what_they_are_given() {
    let runtime = ThreadRuntime::new();
    let (sender, receiver) = oneshot::channel();
    runtime.spawn(Box::pin(async move { sender.send(1).unwrap() }));
    assert_eq!(block_on(receiver), Ok(1));
    assert_eq!(block_on(unblock(&runtime, || 2)), Ok(2));
    let before = runtime.now();
    block_on(runtime.sleep(Duration::from_millis(1)));
    assert!(runtime.now().monotonic >= before.monotonic + Duration::from_millis(1));
}

#[test]
fn work_that_panics_is_interrupted() {
    assert!(
        block_on(unblock(&ThreadRuntime::new(), || -> () {
            panic!("as the test wants it")
        }))
        .is_err()
    );
}

#[test]
fn work_that_a_runtime_drops_is_interrupted() {
    struct ShutDown(SimRuntime);

    impl Runtime for ShutDown {
        fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
            self.0.sleep(duration)
        }

        fn spawn(&self, task: BoxFuture<'static, ()>) {
            self.0.spawn(task);
        }

        fn spawn_blocking(&self, work: Box<dyn FnOnce() + Send>) {
            drop(work);
        }
    }

    let runtime = SimRuntime::new();
    assert_eq!(runtime.run(unblock(&runtime, || 7)).unwrap(), 7);
    assert!(runtime.run(unblock(&ShutDown(runtime.clone()), || 7)).is_err());
}
