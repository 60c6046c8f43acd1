use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use http::Method;

use super::fault::Fault;

/// A fault that has happened.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FaultRecord {
    exchange: u64,
    fault: Fault,
    method: Method,
    path: String,
}

impl FaultRecord {
    pub(super) const fn new(exchange: u64, fault: Fault, method: Method, path: String) -> Self {
        Self {
            exchange,
            fault,
            method,
            path,
        }
    }

    /// The number of the exchange that it happened to; the first one has 1.
    pub const fn exchange(&self) -> u64 {
        self.exchange
    }

    /// What happened.
    pub const fn fault(&self) -> &Fault {
        &self.fault
    }

    /// The method of the request.
    pub const fn method(&self) -> &Method {
        &self.method
    }

    /// The path of the request, with `<id>` for the id of an upload; empty for a path that is none of the API's.
    pub fn path(&self) -> &str {
        &self.path
    }
}

/// Written as `exchange 12: GET /v2/app/tags/list: status=503`.
impl fmt::Display for FaultRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            exchange,
            fault,
            method,
            path,
        } = self;
        write!(formatter, "exchange {exchange}: {method} {path}: {fault}")
    }
}

/// The faults that have happened, and who is told of each.
#[derive(Default)]
pub(super) struct Log {
    observer: Option<Box<Observer>>,
    records: Mutex<VecDeque<FaultRecord>>,
}

pub(super) type Observer = dyn Fn(&FaultRecord) + Send + Sync;

impl Log {
    pub(super) fn observed(observer: Box<Observer>) -> Self {
        Self {
            observer: Some(observer),
            records: Mutex::default(),
        }
    }

    pub(super) fn records(&self) -> Vec<FaultRecord> {
        let records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.iter().cloned().collect()
    }

    fn add(&self, record: FaultRecord) {
        tracing::debug!(%record, "a fault");
        if let Some(observer) = &self.observer {
            observer(&record);
        }
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() == MAX_RECORDS {
            records.pop_front();
        }
        records.push_back(record);
    }
}

/// A fault that is about to happen, unless there is no place for it.
pub(super) struct Pending {
    happened: Arc<AtomicBool>,
    log: Arc<Log>,
    record: FaultRecord,
}

impl Pending {
    pub(super) fn new(log: Arc<Log>, record: FaultRecord) -> Self {
        Self {
            happened: Arc::default(),
            log,
            record,
        }
    }

    pub(super) const fn fault(&self) -> &Fault {
        self.record.fault()
    }

    /// Now it has happened.
    pub(super) fn happens(self) {
        self.happened.store(true, Ordering::Release);
        self.log.add(self.record);
    }

    /// True once it has happened.
    pub(super) fn happened(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.happened)
    }
}

/// How many faults are remembered.
const MAX_RECORDS: usize = 10_000;
