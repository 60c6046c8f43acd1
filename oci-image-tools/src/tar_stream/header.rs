//! One block that begins an entry.

use super::numbers::{numeric, octal};

pub(super) const BLOCK: usize = 512;

/// The fields of a header, before extended headers are applied.
pub(super) struct Header {
    pub(super) device: (i64, i64),
    pub(super) format: Format,
    pub(super) gid: i64,
    pub(super) link: Vec<u8>,
    pub(super) mode: i64,
    pub(super) mtime: i64,
    pub(super) name: Vec<u8>,
    pub(super) size: u64,
    pub(super) type_flag: u8,
    pub(super) uid: i64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Format {
    Gnu,
    Star,
    Ustar,
    V7,
}

impl Header {
    pub(super) fn parse(block: &[u8; BLOCK]) -> Result<Self, &'static str> {
        check(block)?;
        let format = format_of(block);
        let size = numeric(field(block, 124, 12))?;
        let mut header = Self {
            device: (0, 0),
            format,
            gid: numeric(field(block, 116, 8))?,
            link: text(field(block, 157, 100)),
            mode: numeric(field(block, 100, 8))?,
            mtime: numeric(field(block, 136, 12))?,
            name: text(field(block, 0, 100)),
            size: u64::try_from(size).map_err(|_| "its size is negative")?,
            type_flag: field(block, 156, 1).first().copied().unwrap_or_default(),
            uid: numeric(field(block, 108, 8))?,
        };
        if format != Format::V7 {
            header.device = (numeric(field(block, 329, 8))?, numeric(field(block, 337, 8))?);
            let prefix = prefix(block, format)?;
            if !prefix.is_empty() {
                header.name = [&prefix, &b"/"[..], &header.name].concat();
            }
        }
        Ok(header)
    }
}

/// The field of `len` bytes at `start`.
pub(super) fn field(block: &[u8; BLOCK], start: usize, len: usize) -> &[u8] {
    block.get(start..start + len).unwrap_or_default()
}

/// What precedes the first NUL.
pub(super) fn text(field: &[u8]) -> Vec<u8> {
    field.split(|byte| *byte == 0).next().unwrap_or_default().to_vec()
}

/// The sum over all bytes, its own field counting as blanks; old writers have added signed bytes.
fn check(block: &[u8; BLOCK]) -> Result<(), &'static str> {
    let stated = octal(field(block, 148, 8))?;
    let (mut unsigned, mut signed) = (0_i64, 0_i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if (148..156).contains(&at) { b' ' } else { *byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    if stated == unsigned || stated == signed {
        Ok(())
    } else {
        Err("its checksum is wrong")
    }
}

fn format_of(block: &[u8; BLOCK]) -> Format {
    match (field(block, 257, 6), field(block, 263, 2), field(block, 508, 4)) {
        (b"ustar\0", _, b"tar\0") => Format::Star,
        (b"ustar\0", _, _) => Format::Ustar,
        (b"ustar ", b" \0", _) => Format::Gnu,
        _ => Format::V7,
    }
}

/// The first part of a long name.
fn prefix(block: &[u8; BLOCK], format: Format) -> Result<Vec<u8>, &'static str> {
    match format {
        Format::Gnu => {
            // Some writers call themselves GNU and have a prefix all the same, where GNU has times.
            let is_time = |start| {
                let field = field(block, start, 12);
                field.first() == Some(&0) || numeric(field).is_ok()
            };
            let prefix = text(field(block, 345, 155));
            let plain = prefix.is_ascii() && !(is_time(345) && is_time(357));
            Ok(if plain { prefix } else { Vec::new() })
        }
        Format::Star => {
            numeric(field(block, 476, 12))?;
            numeric(field(block, 488, 12))?;
            Ok(text(field(block, 345, 131)))
        }
        Format::Ustar => Ok(text(field(block, 345, 155))),
        Format::V7 => Ok(Vec::new()),
    }
}
