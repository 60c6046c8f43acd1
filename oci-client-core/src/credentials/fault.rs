use crate::{Error, ErrorKind};

/// What is wrong with credentials at rest: never a word of what they hold. Cheap to share among those who wait for the same answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Fault {
    kind: ErrorKind,
    message: String,
    unavailable: bool,
}

impl Fault {
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            unavailable: false,
        }
    }

    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// A helper that cannot even be started here.
    pub(super) fn unavailable(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            unavailable: true,
            ..Self::new(kind, message)
        }
    }

    pub(super) const fn is_unavailable(&self) -> bool {
        self.unavailable
    }

    /// The same fault, with the place that it is in.
    pub(super) fn prefixed(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    pub(super) fn message(&self) -> &str {
        &self.message
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::new(fault.kind, fault.message)
    }
}
