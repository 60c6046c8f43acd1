use std::fmt;

use super::attempt::write_attempts;
use super::{Error, Inner};

impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("operation", &self.0.operation)
            .field("url", &self.0.url)
            .field("status", &self.0.status)
            .field("text", &self.to_string())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            operation,
            url,
            status,
            registry,
            message,
            source,
            attempts,
            mirrors,
            ..
        } = &*self.0;
        if let Some(operation) = operation {
            write!(formatter, "{operation}: ")?;
        }
        // What a transport says needs no introduction.
        let introduced = status.is_some() || !message.is_empty() || self.transport().is_none();
        match status {
            Some(status) => write!(formatter, "{status}")?,
            None if !message.is_empty() => formatter.write_str(message)?,
            None if introduced => formatter.write_str(self.0.kind.summary())?,
            None => {}
        }
        for error in registry.iter().take(ERRORS_SHOWN) {
            write!(formatter, ": {error}")?;
        }
        if registry.len() > ERRORS_SHOWN {
            write!(
                formatter,
                " and {} more errors",
                registry.len().saturating_sub(ERRORS_SHOWN)
            )?;
        }
        if status.is_some() {
            write!(
                formatter,
                " ({})",
                if message.is_empty() {
                    self.0.kind.advice()
                } else {
                    message
                }
            )?;
        }
        if let Some(source) = source {
            write!(formatter, "{}{source}", if introduced { ": " } else { "" })?;
        }
        if let Some(url) = url {
            write!(formatter, " [{url}]")?;
        }
        write_attempts(formatter, attempts)?;
        mirrors
            .iter()
            .try_for_each(|mirror| write!(formatter, "; before that, {mirror}"))
    }
}

/// How many of the errors that a registry lists are shown.
const ERRORS_SHOWN: usize = 4;
