//! Where a value stands in a document.

use std::fmt::{self, Display};

use crate::Sanitized;

/// The place of a value, as a chain of borrowed steps: building one allocates nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Path<'a> {
    Index(&'a Path<'a>, usize),
    Name(&'a Path<'a>, &'a str),
    Root,
}

impl<'a> Path<'a> {
    /// The field `name` of the value here.
    pub(crate) const fn name(&'a self, name: &'a str) -> Self {
        Self::Name(self, name)
    }

    /// The element `index` of the value here.
    pub(crate) const fn index(&'a self, index: usize) -> Self {
        Self::Index(self, index)
    }

    /// The steps from the root.
    pub(crate) fn segments(&self) -> Vec<Segment<'a>> {
        let mut segments = Vec::new();
        let mut here = *self;
        loop {
            match here {
                Self::Index(parent, index) => {
                    segments.push(Segment::Index(index));
                    here = *parent;
                }
                Self::Name(parent, name) => {
                    segments.push(Segment::Name(name));
                    here = *parent;
                }
                Self::Root => break,
            }
        }
        segments.reverse();
        segments
    }
}

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("$")?;
        self.segments().iter().try_for_each(|segment| segment.fmt(f))
    }
}

/// One step of a path: `.name`, `["a name"]` or `[3]`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Segment<'a> {
    Index(usize),
    Name(&'a str),
}

impl Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Name(name) if is_identifier(name) => write!(f, ".{name}"),
            Self::Name(name) => {
                let quoted = name.replace('\\', r"\\").replace('"', "\\\"");
                write!(f, "[\"{}\"]", Sanitized::new(&quoted).with_max_len(MAX_NAME))
            }
        }
    }
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.len() <= MAX_NAME
}

/// The most bytes of a name that a path shows.
const MAX_NAME: usize = 128;

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn display() {
        let root = Path::Root;
        let layers = root.name("layers");
        let third = layers.index(3);
        let annotations = third.name("annotations");
        assert_eq!(root.to_string(), "$");
        assert_eq!(third.name("digest").to_string(), "$.layers[3].digest");
        assert_eq!(
            annotations.name("org.example.a\"\u{1b}").to_string(),
            r#"$.layers[3].annotations["org.example.a\"\u{1b}"]"#
        );
    }
}
