use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{HostFileError, HostFileErrorKind};

/// The text of a file, and its name for errors.
pub(super) struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    pub(super) fn new(path: &Path, text: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            text: text.into(),
        }
    }

    pub(super) fn read(path: &Path) -> Result<Self, HostFileError> {
        let bytes = read(path)?;
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, text)),
            Err(error) => {
                let valid = error.utf8_error().valid_up_to();
                let line = line_of(error.as_bytes(), valid);
                Err(HostFileError::new(
                    HostFileErrorKind::Malformed,
                    path,
                    Some(line),
                    "it is not UTF-8",
                ))
            }
        }
    }

    pub(super) fn parse(&self) -> Result<Table<'_>, HostFileError> {
        let parsed = DeTable::parse(&self.text);
        let table = parsed.map_err(|error| {
            let at = error.span().map_or(0, |span| span.start);
            self.malformed(at, error.message())
        })?;
        let at = table.span().start;
        Ok(Table {
            at,
            source: self,
            table: table.into_inner(),
        })
    }

    pub(super) fn into_text(self) -> String {
        self.text
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// An error at the byte `at`.
    pub(super) fn malformed(&self, at: usize, message: impl Into<String>) -> HostFileError {
        let line = line_of(self.text.as_bytes(), at);
        HostFileError::new(HostFileErrorKind::Malformed, &self.path, Some(line), message)
    }
}

/// A table of a TOML file.
pub(super) struct Table<'s> {
    pub(super) at: usize,
    source: &'s Source,
    table: DeTable<'s>,
}

/// A value with the place where it stands.
pub(super) struct Placed<T> {
    pub(super) at: usize,
    pub(super) value: T,
}

impl<'s> Table<'s> {
    pub(super) const fn source(&self) -> &'s Source {
        self.source
    }

    /// Takes `key` out.
    pub(super) fn take(&mut self, key: &str) -> Option<Placed<DeValue<'s>>> {
        self.table.remove(key).map(placed)
    }

    pub(super) fn take_bool(&mut self, key: &str) -> Result<Option<Placed<bool>>, HostFileError> {
        let Some(found) = self.take(key) else { return Ok(None) };
        match found.value.as_bool() {
            Some(value) => Ok(Some(Placed { at: found.at, value })),
            None => Err(self.wrong(key, &found, "true or false")),
        }
    }

    /// A text; an empty one counts as none.
    pub(super) fn take_text(&mut self, key: &str) -> Result<Option<Placed<String>>, HostFileError> {
        let Some(found) = self.take(key) else { return Ok(None) };
        match found.value.as_str() {
            Some("") => Ok(None),
            Some(text) => Ok(Some(Placed {
                at: found.at,
                value: text.to_owned(),
            })),
            None => Err(self.wrong(key, &found, "a string")),
        }
    }

    /// One text, or a list of them.
    pub(super) fn take_texts(&mut self, key: &str) -> Result<Vec<Placed<String>>, HostFileError> {
        let Some(found) = self.take(key) else {
            return Ok(Vec::new());
        };
        let items = match &found.value {
            DeValue::Array(items) => items.iter().collect(),
            DeValue::String(text) => {
                let value = text.to_string();
                return Ok(vec![Placed { at: found.at, value }]);
            }
            _ => Vec::new(),
        };
        let is_array = found.value.is_array();
        let texts: Option<Vec<_>> = items
            .into_iter()
            .map(|item| {
                let value = item.get_ref().as_str()?.to_owned();
                let at = item.span().start;
                Some(Placed { at, value })
            })
            .collect();
        texts
            .filter(|_| is_array)
            .ok_or_else(|| self.wrong(key, &found, "a string or a list of strings"))
    }

    /// The tables of a list, such as `[[registry]]`.
    pub(super) fn take_tables(&mut self, key: &str) -> Result<Vec<Self>, HostFileError> {
        let Some(found) = self.take(key) else {
            return Ok(Vec::new());
        };
        let wrong = self.wrong(key, &found, "a list of tables");
        let DeValue::Array(items) = found.value else {
            return Err(wrong);
        };
        let tables: Option<Vec<_>> = items
            .into_iter()
            .map(|item| {
                let item = placed(item);
                match item.value {
                    DeValue::Table(table) => Some(Self {
                        at: item.at,
                        source: self.source,
                        table,
                    }),
                    _ => None,
                }
            })
            .collect();
        tables.ok_or(wrong)
    }

    pub(super) fn take_table(&mut self, key: &str) -> Result<Option<Self>, HostFileError> {
        let Some(found) = self.take(key) else { return Ok(None) };
        let wrong = self.wrong(key, &found, "a table");
        let DeValue::Table(table) = found.value else {
            return Err(wrong);
        };
        Ok(Some(Self {
            at: found.at,
            source: self.source,
            table,
        }))
    }

    /// The keys in the order of the file, which decides where it matters.
    pub(super) fn keys(&self) -> Vec<Placed<String>> {
        let mut keys: Vec<_> = self
            .table
            .keys()
            .map(|key| Placed {
                at: key.span().start,
                value: key.get_ref().to_string(),
            })
            .collect();
        keys.sort_by_key(|key| key.at);
        keys
    }

    pub(super) fn wrong(&self, key: &str, found: &Placed<DeValue<'_>>, wanted: &str) -> HostFileError {
        let message = format!("`{key}` has to be {wanted}, and is of type {}", found.value.type_str());
        self.source.malformed(found.at, message)
    }
}

/// All of a file, if it is not too large and a file at all.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, HostFileError> {
    let failed = |cause| HostFileError::io(path, cause);
    if !fs::metadata(path).map_err(failed)?.is_file() {
        let message = "it is not a regular file";
        return Err(HostFileError::new(HostFileErrorKind::Unreadable, path, None, message));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(failed)?;
    file.take(FILE_LIMIT.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > FILE_LIMIT {
        let message = format!("it has more than {FILE_LIMIT} bytes");
        return Err(HostFileError::new(HostFileErrorKind::TooLarge, path, None, message));
    }
    Ok(bytes)
}

/// The entries of a directory, sorted by name.
pub(super) fn list(directory: &Path) -> Result<Vec<PathBuf>, HostFileError> {
    let failed = |cause| HostFileError::io(directory, cause);
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        if paths.len() >= ENTRY_LIMIT {
            let message = format!("it has more than {ENTRY_LIMIT} entries");
            return Err(HostFileError::new(
                HostFileErrorKind::TooLarge,
                directory,
                None,
                message,
            ));
        }
        paths.push(entry.map_err(failed)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn placed<'s>(value: Spanned<DeValue<'s>>) -> Placed<DeValue<'s>> {
    Placed {
        at: value.span().start,
        value: value.into_inner(),
    }
}

fn line_of(text: &[u8], at: usize) -> usize {
    let before = text.iter().take(at);
    before.filter(|byte| **byte == b'\n').count().saturating_add(1)
}

/// The largest file that is read: 1 MiB.
const FILE_LIMIT: u64 = 1 << 20;

/// The most entries of a directory.
const ENTRY_LIMIT: usize = 10_000;
