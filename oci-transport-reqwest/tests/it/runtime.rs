//! The runtime on Tokio.

use std::time::Duration;

use oci_client_core::runtime::{Runtime as _, unblock};
use oci_transport_reqwest::TokioRuntime;
use tokio::sync::oneshot;

#[test]
fn there_is_no_current_runtime_outside_of_one() {
    assert!(TokioRuntime::try_current().is_err());
}

#[tokio::test]
async fn the_current_runtime_spawns_sleeps_and_blocks() {
    let runtime = TokioRuntime::try_current().unwrap();
    let (sender, receiver) = oneshot::channel();
    let sleep = runtime.sleep(Duration::from_millis(1));
    runtime.spawn(Box::pin(async move {
        sleep.await;
        sender.send("slept").unwrap();
    }));
    assert_eq!(receiver.await.unwrap(), "slept");
    let this = std::thread::current().id();
    assert_ne!(unblock(&runtime, || std::thread::current().id()).await.unwrap(), this);
}

#[test]
fn a_handle_serves_threads_that_tokio_does_not_know() {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let runtime = TokioRuntime::from(tokio.handle().clone());
    let sleep = runtime.sleep(Duration::from_millis(1));
    let (sender, receiver) = std::sync::mpsc::channel();
    let done = sender.clone();
    runtime.spawn(Box::pin(async move {
        sleep.await;
        done.send("task").unwrap();
    }));
    assert_eq!(receiver.recv().unwrap(), "task");
    runtime.spawn_blocking(Box::new(move || sender.send("work").unwrap()));
    assert_eq!(receiver.recv().unwrap(), "work");
}

#[test]
fn work_for_a_runtime_that_is_gone_is_reported_as_interrupted() {
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let runtime = TokioRuntime::new(tokio.handle().clone());
    drop(tokio);
    let other = tokio::runtime::Builder::new_current_thread().build().unwrap();
    other.block_on(unblock(&runtime, || ())).unwrap_err();
}
