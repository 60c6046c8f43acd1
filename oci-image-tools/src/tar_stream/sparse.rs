//! The maps of sparse files, in the four forms that GNU tar has had.

use super::header::{BLOCK, field};
use super::numbers::{decimal, numeric};
use super::pax::{Pax, SPARSE_MAP};

/// A part of a sparse file that is not a hole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Segment {
    pub(crate) offset: u64,
    pub(crate) len: u64,
}

/// Where an extended header says that the map is.
pub(super) enum MapPlace {
    /// In front of the content.
    Content,
    /// In the header itself.
    Header,
    None,
}

impl MapPlace {
    pub(super) fn of(pax: &Pax) -> Result<Self, &'static str> {
        let version = (pax.value(b"GNU.sparse.major"), pax.value(b"GNU.sparse.minor"));
        match version {
            (Some(b"0"), Some(b"0" | b"1")) => Ok(Self::Header),
            (Some(b"1"), Some(b"0")) => Ok(Self::Content),
            (None, None) if pax.value(SPARSE_MAP).is_some() => Ok(Self::Header),
            (None, None) => Ok(Self::None),
            _ => Err("it is sparse in a way that is not known"),
        }
    }
}

/// The map of an extended header.
pub(super) fn in_header(pax: &Pax) -> Result<Vec<Segment>, &'static str> {
    let count = pax.number(b"GNU.sparse.numblocks")?.ok_or(MALFORMED)?;
    let map = pax.value(SPARSE_MAP).unwrap_or_default();
    let numbers = map.split(|byte| *byte == b',').filter(|_| !map.is_empty());
    let numbers = numbers.map(decimal).collect::<Result<Vec<_>, _>>()?;
    if i64::try_from(numbers.len() / 2) != Ok(count) || numbers.len() % 2 != 0 {
        return Err(MALFORMED);
    }
    pairs(&numbers)
}

/// The map in front of the content: decimal lines, the first of which says how many pairs follow, filled up to a block. `next` reads a block.
pub(super) fn in_content<E>(mut next: impl FnMut() -> Result<[u8; BLOCK], E>) -> Result<Vec<Segment>, E>
where
    E: From<&'static str>,
{
    let (mut numbers, mut line, mut wanted) = (Vec::new(), Vec::new(), None::<usize>);
    for _ in 0..MAX_MAP / BLOCK {
        for byte in next()? {
            match (byte, wanted) {
                (b'\n', None) => {
                    let count = usize::try_from(decimal(&line)?).unwrap_or(usize::MAX);
                    wanted = Some(count.checked_mul(2).ok_or(MALFORMED)?);
                }
                (b'\n', Some(wanted)) if numbers.len() < wanted => numbers.push(decimal(&line)?),
                (_, Some(wanted)) if numbers.len() >= wanted => break,
                (byte, _) => {
                    line.push(byte);
                    continue;
                }
            }
            line.clear();
        }
        if wanted.is_some_and(|wanted| numbers.len() >= wanted) {
            return Ok(pairs(&numbers)?);
        }
    }
    Err(E::from("the map of a sparse file is too long"))
}

/// The map of GNU's own header, which may go on in blocks after it. Gives the file's size too.
pub(super) fn in_gnu_header<E>(
    header: &[u8; BLOCK],
    mut next: impl FnMut() -> Result<[u8; BLOCK], E>,
) -> Result<(Vec<Segment>, u64), E>
where
    E: From<&'static str>,
{
    let size = u64::try_from(numeric(field(header, 483, 12))?).map_err(|_| MALFORMED)?;
    let mut segments = Vec::new();
    table(field(header, 386, 96), &mut segments)?;
    let mut more = field(header, 482, 1) != [0];
    for _ in 0..MAX_MAP / BLOCK {
        if !more {
            return Ok((segments, size));
        }
        let block = next()?;
        table(field(&block, 0, 504), &mut segments)?;
        more = field(&block, 504, 1) != [0];
    }
    Err(E::from("the map of a sparse file is too long"))
}

/// Whether the segments follow each other within the file and hold as much as the archive does.
pub(super) fn check(segments: &[Segment], size: u64, stored: u64) -> Result<(), &'static str> {
    let (mut at, mut sum) = (0_u64, 0_u64);
    for segment in segments {
        let end = segment.offset.checked_add(segment.len).ok_or(MALFORMED)?;
        if segment.offset < at || end > size {
            return Err(MALFORMED);
        }
        at = end;
        sum += segment.len;
    }
    if sum == stored {
        Ok(())
    } else {
        Err("a sparse file holds more or less than its map says")
    }
}

fn table(entries: &[u8], segments: &mut Vec<Segment>) -> Result<(), &'static str> {
    let (entries, _) = entries.as_chunks::<24>();
    for entry in entries {
        if entry.first() == Some(&0) {
            break;
        }
        let (offset, len) = entry.split_at(12);
        segments.extend(pairs(&[numeric(offset)?, numeric(len)?])?);
    }
    Ok(())
}

fn pairs(numbers: &[i64]) -> Result<Vec<Segment>, &'static str> {
    let (pairs, _) = numbers.as_chunks::<2>();
    let segment = |&[offset, len]: &[i64; 2]| {
        let (offset, len) = (u64::try_from(offset).ok()?, u64::try_from(len).ok()?);
        Some(Segment { offset, len })
    };
    pairs.iter().map(segment).collect::<Option<_>>().ok_or(MALFORMED)
}

const MALFORMED: &str = "the map of a sparse file is malformed";

/// How long a map may be.
const MAX_MAP: usize = 1 << 20;
