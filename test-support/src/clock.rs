use std::future::Future;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use futures_core::future::BoxFuture;
use futures_util::future::{Either, select};
use oci_client_core::blocking::Clock;
use oci_client_core::proto::Now;
use oci_client_core::runtime::Runtime;

use crate::SimRuntime;

/// The same clock for the blocking client: whoever waits on a thread lets it jump. With it, `BlockOn` makes blocking transports of
/// everything here.
impl Clock for SimRuntime {
    fn now(&self) -> Now {
        Runtime::now(self)
    }

    fn sleep(&self, duration: Duration) -> BoxFuture<'static, ()> {
        Runtime::sleep(self, duration)
    }

    fn wait(&self, mut future: Pin<&mut dyn Future<Output = ()>>, limit: Duration) -> bool {
        let future = std::future::poll_fn(move |context| -> Poll<()> { future.as_mut().poll(context) });
        matches!(self.run(select(future, Runtime::sleep(self, limit))), Either::Left(_))
    }
}
