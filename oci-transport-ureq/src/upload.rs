use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use oci_client_core::blocking::Body;

/// Says whether an upload has begun, and whether nobody takes the rest of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stop {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    begun: AtomicBool,
    given: AtomicBool,
}

impl Stop {
    pub(crate) fn give(&self) {
        self.shared.given.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_given(&self) -> bool {
        self.shared.given.load(Ordering::Relaxed)
    }

    pub(crate) fn has_begun(&self) -> bool {
        self.shared.begun.load(Ordering::Relaxed)
    }
}

/// The body of a request, until it is stopped. From then on it counts out what ureq still waits for, which goes nowhere.
pub(crate) struct Upload {
    pub(crate) body: Body,
    pub(crate) remaining: Option<u64>,
    pub(crate) stop: Stop,
}

impl Read for Upload {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stop.shared.begun.store(true, Ordering::Relaxed);
        let length = if self.stop.is_given() {
            let left = self.remaining.unwrap_or_default();
            usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()))
        } else {
            self.body.read(buffer)?
        };
        self.remaining = self.remaining.map(|remaining| remaining.saturating_sub(length as u64));
        Ok(length)
    }
}
