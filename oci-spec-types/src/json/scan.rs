//! A strict pass over a JSON text that names the place of what it refuses.
//!
//! It is run where [`read`](super::read) has refused a text, to say why, and where all faults are wanted. It has no recursion,
//! and keeps two stacks: of the open containers and of the names seen in them.

#[cfg(test)]
mod tests;

use super::{
    Limits, ParseError, ParseErrorKind, Path, Rules, Segment,
    reader::{Reader, Result, StringToken},
    rules::{TellingNames, duplicate},
};

/// Checks a text and stops at the first fault.
pub(crate) fn check(text: &str, rules: Rules<'_>) -> std::result::Result<(), ParseError> {
    Scanner::new(text, rules, Mode::First).run().map_err(|error| *error)
}

/// Checks a text and goes on after faults that leave it readable, which are added to `faults`.
///
/// # Errors
///
/// A fault that does not leave it readable.
pub(crate) fn check_all(
    text: &str,
    rules: Rules<'_>,
    faults: &mut Vec<ParseError>,
) -> std::result::Result<(), ParseError> {
    Scanner::new(text, rules, Mode::All(faults))
        .run()
        .map_err(|error| *error)
}

/// The byte where the value at `path` starts; of a path that the text does not have, of its last step that it has.
pub(crate) fn locate(text: &str, path: &Path<'_>) -> usize {
    let rules = Rules {
        limits: &Limits::DEEPEST,
        manifest: false,
    };
    let mut scanner = Scanner::new(
        text,
        rules,
        Mode::Locate {
            found: 0,
            target: path.segments(),
        },
    );
    // The text has been scanned before, so that this scan reaches its end as well.
    let _ = scanner.run();
    match scanner.mode {
        Mode::Locate { found, .. } => found,
        Mode::All(_) | Mode::First => 0,
    }
}

struct Scanner<'a> {
    frames: Vec<Frame>,
    mode: Mode<'a>,
    /// The names of all open objects: those of an object inside another follow the name that it is the value of.
    names: Vec<StringToken>,
    reader: Reader<'a>,
    rules: Rules<'a>,
    telling_names: TellingNames,
    /// How many more values there may be.
    values_left: usize,
}

/// What happens at a fault that leaves the text readable, and at each value.
enum Mode<'a> {
    All(&'a mut Vec<ParseError>),
    First,
    Locate { found: usize, target: Vec<Segment<'a>> },
}

/// An open array or object.
struct Frame {
    first_name: usize,
    is_object: bool,
    /// How many elements or members have started.
    items: usize,
    /// How many elements it may have.
    max_items: usize,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, rules: Rules<'a>, mode: Mode<'a>) -> Self {
        Self {
            frames: Vec::with_capacity(8),
            mode,
            names: Vec::with_capacity(32),
            reader: Reader::new(text),
            rules,
            telling_names: TellingNames::default(),
            values_left: rules.limits.values(),
        }
    }

    fn run(&mut self) -> Result<()> {
        let first = self.reader.token()?;
        self.value(first)?;
        while let Some(frame) = self.frames.last() {
            let started = frame.items > 0;
            if frame.is_object {
                self.member(started)?;
            } else {
                self.element(started)?;
            }
        }
        self.reader.end()
    }

    /// Goes on in an object: to the value of its next member, or to its end.
    fn member(&mut self, started: bool) -> Result<()> {
        let mut token = self.reader.token()?;
        if token == b'}' {
            return self.close();
        }
        if started {
            self.reader.expect(token, b',', "`,` or `}`")?;
            token = self.reader.token()?;
        }
        self.reader.expect(token, b'"', "a name in double quotes")?;
        let name = self.reader.string()?;
        self.names.push(name);
        if self.frames.len() == 1 && self.rules.manifest {
            self.top_level_name(name)?;
        }
        self.count_item();
        let colon = self.reader.token()?;
        self.reader.expect(colon, b':', "`:`")?;
        let first = self.reader.token()?;
        self.value(first)
    }

    /// Goes on in an array: to its next element, or to its end.
    fn element(&mut self, started: bool) -> Result<()> {
        let mut token = self.reader.token()?;
        if token == b']' {
            return self.close();
        }
        if started {
            self.reader.expect(token, b',', "`,` or `]`")?;
            token = self.reader.token()?;
        }
        if self.count_item() {
            self.too_many()?;
        }
        self.value(token)
    }

    /// Reads a scalar whole, or opens a container. `first` is its first byte, which has been read.
    fn value(&mut self, first: u8) -> Result<()> {
        if let Mode::Locate { .. } = self.mode {
            self.compare_place();
        }
        self.count_value()?;
        match first {
            b'"' => self.reader.string().map(|_| ()),
            b'{' => self.open(true),
            b'[' => self.open(false),
            b'-' | b'0'..=b'9' => self.reader.number(first).map(|_| ()),
            b't' => self.reader.literal(first, b"rue"),
            b'f' => self.reader.literal(first, b"alse"),
            b'n' => self.reader.literal(first, b"ull"),
            other => Err(self.reader.unexpected(Some(other), "a value")),
        }
    }

    fn count_value(&mut self) -> Result<()> {
        let Some(left) = self.values_left.checked_sub(1) else {
            let message = "the document has more JSON values than the limit; raise it with `Limits::with_values`";
            return Err(ParseError::new(ParseErrorKind::TooManyValues, message)
                .at_offset(self.reader.at() - 1)
                .into());
        };
        self.values_left = left;
        Ok(())
    }

    fn open(&mut self, is_object: bool) -> Result<()> {
        if self.frames.len() >= self.rules.limits.depth() {
            let message = "objects and arrays are nested deeper than the limit; raise it with `Limits::with_depth`";
            return Err(ParseError::new(ParseErrorKind::TooDeep, message)
                .at_offset(self.reader.at() - 1)
                .into());
        }
        self.frames.push(Frame {
            first_name: self.names.len(),
            is_object,
            items: 0,
            max_items: if is_object { usize::MAX } else { self.max_items() },
        });
        Ok(())
    }

    fn close(&mut self) -> Result<()> {
        let Some(Frame {
            first_name,
            is_object: true,
            ..
        }) = self.frames.pop()
        else {
            return Ok(());
        };
        let own = self.names.get_mut(first_name..).unwrap_or_default();
        let twice = duplicate(own, self.reader.text());
        self.names.truncate(first_name);
        match twice {
            None => Ok(()),
            Some(name) => {
                let error = ParseError::new(ParseErrorKind::DuplicateName, "the name occurs twice in one object");
                self.refuse(error.at_offset(name.quote()), self.frames.len(), Some(name))
            }
        }
    }

    /// Counts the item that starts and says whether it is the first one too many.
    fn count_item(&mut self) -> bool {
        self.frames.last_mut().is_some_and(|frame| {
            frame.items += 1;
            frame.items == frame.max_items.saturating_add(1)
        })
    }

    /// How many elements the array that opens may have: some are limited in the outermost object.
    fn max_items(&self) -> usize {
        match self.names.last() {
            Some(name) if self.frames.len() == 1 => self.rules.max_items(*name, self.reader.text()),
            _ => usize::MAX,
        }
    }

    fn too_many(&mut self) -> Result<()> {
        let message = "the list has more entries than the limit; raise it with `Limits::with_layers` or \
                       `Limits::with_index_entries`";
        let error = ParseError::new(ParseErrorKind::TooManyEntries, message);
        self.refuse(error.at_offset(self.reader.at() - 1), self.frames.len() - 1, None)
    }

    fn top_level_name(&mut self, name: StringToken) -> Result<()> {
        if !self.telling_names.note(name, self.reader.text()) {
            return Ok(());
        }
        let message = "the document has `layers` or `config`, as a manifest, and `manifests`, as an index";
        let error = ParseError::new(ParseErrorKind::Ambiguous, message);
        self.refuse(error.at_offset(name.quote()), 0, Some(name))
    }

    /// A fault that leaves the text readable. Its path is that of the first `steps` open containers, and `name`.
    fn refuse(&mut self, error: ParseError, steps: usize, name: Option<StringToken>) -> Result<()> {
        let path = (0..steps)
            .filter_map(|frame| self.step(frame))
            .chain(name.map(Step::Name));
        let path = path.fold(String::from("$"), |path, step| path + &step.display(self.reader.text()));
        let error = error.at_path_text(path);
        match &mut self.mode {
            Mode::All(faults) if faults.len() < MAX_FAULTS => faults.push(error),
            Mode::All(_) | Mode::Locate { .. } => {}
            Mode::First => return Err(error.into()),
        }
        Ok(())
    }

    /// Compares the place of the value that starts with the one that is looked for.
    fn compare_place(&mut self) {
        let depth = self.frames.len();
        let (start, text) = (self.reader.at() - 1, self.reader.text());
        let here: Vec<Step> = (0..depth).map_while(|frame| self.step(frame)).collect();
        if let Mode::Locate { found, target } = &mut self.mode
            && depth <= target.len()
            && here.iter().zip(target).all(|(step, segment)| step.is(segment, text))
        {
            *found = start;
        }
    }

    /// The step from an open container to the value inside it that is being read.
    fn step(&self, frame: usize) -> Option<Step> {
        let container = self.frames.get(frame)?;
        if !container.is_object {
            return Some(Step::Index(container.items.saturating_sub(1)));
        }
        let end = self
            .frames
            .get(frame + 1)
            .map_or(self.names.len(), |inner| inner.first_name);
        self.names
            .get(container.first_name..end)?
            .last()
            .copied()
            .map(Step::Name)
    }
}

/// The step from a container to a value inside it.
enum Step {
    Index(usize),
    Name(StringToken),
}

impl Step {
    fn is(&self, segment: &Segment<'_>, text: &str) -> bool {
        match (self, segment) {
            (Self::Index(index), Segment::Index(wanted)) => index == wanted,
            (Self::Name(name), Segment::Name(wanted)) => name.is(wanted, text),
            _ => false,
        }
    }

    fn display(&self, text: &str) -> String {
        match self {
            Self::Index(index) => Segment::Index(*index).to_string(),
            Self::Name(name) => Segment::Name(&name.unescaped(text)).to_string(),
        }
    }
}

/// The most faults that a check of all reports.
const MAX_FAULTS: usize = 100;
