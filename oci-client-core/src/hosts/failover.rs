use std::collections::VecDeque;

use super::{HostCapabilities, HostConfig};
use crate::error::EndpointFailure;
use crate::{Error, ErrorKind};

/// Which of a registry's endpoints one read operation asks, and what its failure is in the end.
///
/// ```text
/// mirror 1 ──failed──► mirror 2 ──failed──► … ──► the registry itself ──failed──► its error, and what the mirrors said
/// ```
///
/// The endpoints are numbered as in [`HostConfig`]: its mirrors from 0 on, then the registry itself. Those without the capability are left out, and so are those that failed a
/// short while ago, unless nothing else is left. A mirror's "not found", "denied" or "not authorized" says nothing of the registry: only the registry's own
/// word, or the same word of all that could be asked, is the answer.
#[derive(Debug)]
pub struct Failover {
    current: usize,
    failures: Vec<EndpointFailure>,
    hosts: Vec<String>,
    left: VecDeque<usize>,
}

impl Failover {
    /// For an operation that needs `capability`. `is_out` says whether the endpoint of a number failed a short while ago; see
    /// [`HostMemory::is_out`](crate::proto::HostMemory::is_out).
    ///
    /// # Errors
    /// Of kind [`Denied`](ErrorKind::Denied) if the registry is blocked, [`Unsupported`](ErrorKind::Unsupported) if no endpoint has the capability.
    pub fn new(
        config: &HostConfig,
        capability: HostCapabilities,
        is_out: impl FnMut(usize) -> bool,
    ) -> Result<Self, Error> {
        config.check_allowed()?;
        let able = config
            .endpoints()
            .map(|endpoint| endpoint.capabilities().include(capability));
        let able: Vec<usize> = able
            .enumerate()
            .filter_map(|(number, able)| able.then_some(number))
            .collect();
        let registry = config.endpoints().count().saturating_sub(1);
        let mut left = passed_over(&able, registry, is_out);
        let Some(current) = left.pop_front() else {
            let message = format!(
                "no endpoint that is configured for the registry `{}` may be asked for this ({capability})",
                config.name()
            );
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let hosts = config.endpoints().map(|endpoint| endpoint.profile().host().to_string());
        Ok(Self {
            current,
            failures: Vec::new(),
            hosts: hosts.collect(),
            left,
        })
    }

    /// For a list of what refers to a manifest: the endpoints with that capability, and at last the one where lists are written, whatever it is told to be asked for.
    /// It alone knows of everything: what mirrors do not list may be there.
    ///
    /// # Errors
    /// Of kind [`Denied`](ErrorKind::Denied) if the registry is blocked.
    pub fn for_referrers(config: &HostConfig, is_out: impl FnMut(usize) -> bool) -> Result<Self, Error> {
        let written = Self::for_writing(config).or_else(|_| Self::without_mirrors(config))?;
        let Ok(mut all) = Self::new(config, HostCapabilities::REFERRERS, is_out) else {
            return Ok(written);
        };
        if all.current != written.current && !all.left.contains(&written.current) {
            all.left.push_back(written.current);
        }
        Ok(all)
    }

    /// The endpoint for what is stored or deleted: the first that takes it. What it answers is final.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_writing(config: &HostConfig) -> Result<Self, Error> {
        let mut one = Self::new(config, HostCapabilities::PUSH, |_| false)?;
        one.left.clear();
        Ok(one)
    }

    /// The registry itself, whatever it is told to be asked for: for what only it can answer.
    ///
    /// # Errors
    /// Of kind [`Denied`](ErrorKind::Denied) if the registry is blocked.
    pub fn without_mirrors(config: &HostConfig) -> Result<Self, Error> {
        config.check_allowed()?;
        let hosts: Vec<String> = config
            .endpoints()
            .map(|endpoint| endpoint.profile().host().to_string())
            .collect();
        Ok(Self {
            current: hosts.len().saturating_sub(1),
            failures: Vec::new(),
            hosts,
            left: VecDeque::new(),
        })
    }

    /// The number of the endpoint to ask.
    pub const fn current(&self) -> usize {
        self.current
    }

    /// The endpoint that was to be asked failed with `error`, or has not what was looked for (an error of kind [`NotFound`](ErrorKind::NotFound)).
    pub fn failed(&mut self, error: Error) -> Outcome {
        if is_local(&error) {
            return Outcome::Failed(error.with_mirrors(std::mem::take(&mut self.failures)));
        }
        if let Some(next) = self.left.pop_front() {
            let host = self.hosts.get(self.current).cloned().unwrap_or_default();
            self.failures.push(EndpointFailure::new(host, error));
            self.current = next;
            return Outcome::Next(next);
        }
        let mut failures = std::mem::take(&mut self.failures);
        let is_registry = self.current.checked_add(1) == Some(self.hosts.len());
        let unsure = (!is_registry && error.kind() == ErrorKind::NotFound)
            .then(|| {
                failures
                    .iter()
                    .position(|failure| failure.error().kind() != ErrorKind::NotFound)
            })
            .flatten();
        let error = match unsure {
            // The registry was not asked, and not everybody says that it is not there.
            Some(position) => {
                let host = self.hosts.get(self.current).cloned().unwrap_or_default();
                failures.push(EndpointFailure::new(host, error));
                failures.remove(position).into_error()
            }
            None => error,
        };
        Outcome::Failed(error.with_mirrors(failures))
    }
}

/// What follows from a failure.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Nobody is left to ask: this is the operation's error, with what the others said.
    Failed(Error),
    /// Ask the endpoint of this number.
    Next(usize),
}

/// The endpoints to ask. The registry itself is never passed over, nor is any where nothing else is left.
fn passed_over(able: &[usize], registry: usize, mut is_out: impl FnMut(usize) -> bool) -> VecDeque<usize> {
    let well = able
        .iter()
        .copied()
        .filter(|&number| number == registry || !is_out(number));
    let well: VecDeque<usize> = well.collect();
    if well.is_empty() {
        able.iter().copied().collect()
    } else {
        well
    }
}

/// Whether a failure has nothing to do with the endpoint, and would be the same at another.
fn is_local(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Invalid | ErrorKind::Misuse | ErrorKind::Store)
}

#[cfg(test)]
mod tests;
