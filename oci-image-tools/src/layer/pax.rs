//! Extended headers: what does not fit into the fields of an entry ([POSIX pax](https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html)).

use std::collections::BTreeMap;

/// The records of one entry, which are written in the order of their keys.
#[derive(Default)]
pub(super) struct Records(BTreeMap<Vec<u8>, Vec<u8>>);

impl Records {
    pub(super) fn insert(&mut self, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) {
        self.0.insert(key.into(), value.into());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (key, value) in &self.0 {
            let length = record_length(key.len().saturating_add(value.len()));
            bytes.extend_from_slice(length.to_string().as_bytes());
            for part in [b" ", key.as_slice(), b"=", value, b"\n"] {
                bytes.extend_from_slice(part);
            }
        }
        bytes
    }
}

/// The length of a record with a key and value of this many bytes, its own digits included.
fn record_length(content: usize) -> usize {
    let rest = content.saturating_add(3);
    let mut length = rest;
    loop {
        let with_digits = rest.saturating_add(length.to_string().len());
        if with_digits == length {
            return length;
        }
        length = with_digits;
    }
}

#[cfg(test)]
mod tests {
    use super::Records;

    #[test]
    fn a_record_counts_its_own_digits() {
        for (key, value, expected) in [
            (1, 0, "5 k=\n"),
            (1, 4, "9 k=vvvv\n"),
            (1, 5, "11 k=vvvvv\n"),
            (1, 6, "12 k=vvvvvv\n"),
        ] {
            let mut records = Records::default();
            records.insert("k".repeat(key), "v".repeat(value));
            assert_eq!(records.to_bytes(), expected.as_bytes());
        }
        for len in 0..2_000 {
            let mut records = Records::default();
            records.insert("key", "v".repeat(len));
            let bytes = records.to_bytes();
            let text = std::str::from_utf8(&bytes).unwrap();
            assert_eq!(text.split_once(' ').unwrap().0, bytes.len().to_string());
        }
    }
}
