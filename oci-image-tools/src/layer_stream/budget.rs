use std::sync::Arc;
use std::time::Duration;

use oci_client_core::runtime::Runtime;
use oci_client_core::{Error, ErrorKind};

use crate::limits::ImageLimits;
use crate::tar_stream::Entry;

/// What of the limits is left.
pub(crate) struct Budget {
    deadline: Option<Duration>,
    limits: ImageLimits,
    runtime: Arc<dyn Runtime>,
    used: Used,
}

impl Budget {
    pub(crate) fn new(limits: ImageLimits, runtime: Arc<dyn Runtime>) -> Self {
        let deadline = limits.time.map(|time| runtime.now().monotonic.saturating_add(time));
        Self {
            deadline,
            limits,
            runtime,
            used: Used::default(),
        }
    }

    /// Takes bytes that came out of a layer of which `compressed` bytes were read and `produced` came out in all.
    pub(super) fn take_bytes(&mut self, count: u64, compressed: u64, produced: u64) -> Result<(), Error> {
        self.used.bytes = self.used.bytes.saturating_add(count);
        check(self.used.bytes, self.limits.bytes, "bytes without compression")?;
        let allowed = compressed
            .saturating_mul(self.limits.ratio)
            .max(ImageLimits::RATIO_FROM);
        if produced > allowed {
            let ratio = self.limits.ratio;
            let message =
                format!("a layer has {produced} bytes already, more than {ratio} times what it has compressed");
            return Err(Error::new(ErrorKind::TooLarge, message));
        }
        match self.deadline {
            Some(deadline) if self.runtime.now().monotonic >= deadline => Err(Error::new(
                ErrorKind::Timeout,
                "the layers take longer than the time allowed for them",
            )),
            _ => Ok(()),
        }
    }

    pub(super) fn take_entry(&mut self, entry: &Entry) -> Result<(), Error> {
        self.used.entries += 1;
        check(self.used.entries, self.limits.entries, "entries")?;
        let names = entry.path.len().saturating_add(entry.link.len());
        self.used.name_bytes = self.used.name_bytes.saturating_add(names as u64);
        check(self.used.name_bytes, self.limits.name_bytes, "bytes of names")?;
        check(entry.size, self.limits.file_size, "bytes in one file")
    }

    /// The most components that a path may have.
    pub(crate) const fn depth(&self) -> usize {
        self.limits.depth
    }
}

#[derive(Default)]
struct Used {
    bytes: u64,
    entries: u64,
    name_bytes: u64,
}

fn check(used: u64, limit: u64, what: &str) -> Result<(), Error> {
    if used > limit {
        let message = format!("the layers have more than {limit} {what}");
        return Err(Error::new(ErrorKind::TooLarge, message));
    }
    Ok(())
}
