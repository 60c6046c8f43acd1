//! Extended headers of POSIX: records of `LENGTH KEY=VALUE\n`.

use std::collections::BTreeMap;

use super::numbers::decimal;

/// The records of an extended header. Of records with one key the last counts, and an empty value is as good as none.
#[derive(Debug, Default)]
pub(super) struct Pax {
    records: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Pax {
    pub(super) fn parse(mut content: &[u8]) -> Result<Self, &'static str> {
        let mut pax = Self::default();
        let mut map = Vec::new();
        while !content.is_empty() {
            let Record { key, rest, value } = record(content)?;
            content = rest;
            match key {
                SPARSE_OFFSET | SPARSE_LENGTH => {
                    // In the oldest form a map is made of repeated records, in turn.
                    if (key == SPARSE_OFFSET) != (map.len() % 2 == 0) || value.contains(&b',') {
                        return Err("the map of a sparse file is malformed");
                    }
                    map.push(value);
                }
                _ => {
                    pax.records.insert(key.to_vec(), value.to_vec());
                }
            }
        }
        if !map.is_empty() {
            pax.records.insert(SPARSE_MAP.to_vec(), map.join(&b','));
        }
        Ok(pax)
    }

    /// The value of a record, if there is one and it is not empty.
    pub(super) fn value(&self, key: &[u8]) -> Option<&[u8]> {
        let value = self.records.get(key).map(Vec::as_slice);
        value.filter(|value| !value.is_empty())
    }

    pub(super) fn number(&self, key: &[u8]) -> Result<Option<i64>, &'static str> {
        self.value(key).map(decimal).transpose()
    }

    /// The extended attributes.
    pub(super) fn xattrs(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let attributes = self.records.iter().filter(|(_, value)| !value.is_empty());
        let named = attributes.filter_map(|(key, value)| Some((key.strip_prefix(XATTR)?.to_vec(), value.clone())));
        named.collect()
    }

    /// Whether it would change how the entries after it are read; that is for the header of one entry.
    pub(super) fn changes_entries(&self) -> bool {
        let ours = |key: &[u8]| FIELDS.contains(&key) || key.starts_with(XATTR) || key.starts_with(b"GNU.sparse.");
        self.records.keys().any(|key| ours(key))
    }
}

/// One record, and what follows it.
struct Record<'a> {
    key: &'a [u8],
    rest: &'a [u8],
    value: &'a [u8],
}

fn record(content: &[u8]) -> Result<Record<'_>, &'static str> {
    let blank = content.iter().position(|byte| *byte == b' ').ok_or(MALFORMED)?;
    let len = content.get(..blank).map(decimal).ok_or(MALFORMED)??;
    let len = usize::try_from(len).map_err(|_| MALFORMED)?;
    let record = content.get(blank + 1..len).ok_or(MALFORMED)?;
    let record = record.strip_suffix(b"\n").ok_or(MALFORMED)?;
    let equals = record.iter().position(|byte| *byte == b'=').ok_or(MALFORMED)?;
    let (key, value) = record.split_at_checked(equals).ok_or(MALFORMED)?;
    let value = value.get(1..).unwrap_or_default();
    let checked = if TEXTS.contains(&key) { value } else { key };
    if key.is_empty() || checked.contains(&0) {
        return Err(MALFORMED);
    }
    let rest = content.get(len..).unwrap_or_default();
    Ok(Record { key, rest, value })
}

const FIELDS: [&[u8]; 6] = [b"gid", b"linkpath", b"mtime", b"path", b"size", b"uid"];
const MALFORMED: &str = "an extended header is malformed";
const SPARSE_LENGTH: &[u8] = b"GNU.sparse.numbytes";
pub(super) const SPARSE_MAP: &[u8] = b"GNU.sparse.map";
const SPARSE_OFFSET: &[u8] = b"GNU.sparse.offset";
const TEXTS: [&[u8]; 4] = [b"gname", b"linkpath", b"path", b"uname"];
const XATTR: &[u8] = b"SCHILY.xattr.";
