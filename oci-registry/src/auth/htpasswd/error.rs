use std::fmt;

/// A line of a file of passwords that cannot be used. The hash in it is not shown.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("line {line}: {kind}{}", self.advice())]
pub struct InvalidHtpasswd {
    kind: InvalidHtpasswdKind,
    line: usize,
    name: Option<String>,
}

impl InvalidHtpasswd {
    pub(super) const fn new(line: usize, name: Option<String>, kind: InvalidHtpasswdKind) -> Self {
        Self { kind, line, name }
    }

    /// What is wrong.
    pub const fn kind(&self) -> InvalidHtpasswdKind {
        self.kind
    }

    /// The number of the line; the first one is 1.
    pub const fn line(&self) -> usize {
        self.line
    }

    /// Whose line it is, as far as it says so.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn advice(&self) -> String {
        match (&self.name, self.kind) {
            (Some(name), kind) if kind.is_of_hash() => {
                format!("; set the password of {name} anew with `htpasswd -B -C 10 FILE {name}`")
            }
            (Some(name), _) => format!(" ({name})"),
            (None, _) => String::new(),
        }
    }
}

/// What can be wrong with a line of a file of passwords.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum InvalidHtpasswdKind {
    /// The name has a line before this one.
    Again,
    /// The hash is of another kind than bcrypt, with this name.
    Algorithm(&'static str),
    /// The hash would take too long to compare with, or is weaker than bcrypt allows: its cost is not between 4 and 14.
    Cost(u32),
    /// It starts as bcrypt hashes do, but is none.
    Hash,
    /// The name is empty or has control characters.
    Name,
    /// There is no `:` between name and hash.
    NoColon,
}

impl InvalidHtpasswdKind {
    const fn is_of_hash(self) -> bool {
        matches!(self, Self::Algorithm(_) | Self::Cost(_) | Self::Hash)
    }
}

impl fmt::Display for InvalidHtpasswdKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Again => formatter.write_str("the name has a line before this one"),
            Self::Algorithm(name) => write!(formatter, "the password is kept as {name}, and only bcrypt is taken"),
            Self::Cost(cost) => write!(
                formatter,
                "the bcrypt hash has a cost of {cost}, and only 4 to 14 are taken"
            ),
            Self::Hash => formatter.write_str("the bcrypt hash is malformed or cut off"),
            Self::Name => formatter.write_str("the name is empty or has control characters"),
            Self::NoColon => formatter.write_str("there is no `:` between name and hash"),
        }
    }
}
