//! What a component imports and exports, read from its sections of those kinds alone.

use std::io::{self, Read, Seek, SeekFrom};

use oci_client_core::Error;
use wasmparser::{BinaryReader, ComponentExportSectionReader, ComponentImportSectionReader};

use super::WasmComponent;
use crate::errors::{invalid, too_large};

/// Reads the sections from behind the header, where `file` is, and skips whatever is in the others.
pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<WasmComponent, Error> {
    let (mut exports, mut imports) = (Vec::new(), Vec::new());
    let len = file.seek(SeekFrom::End(0))?;
    let mut at = file.seek(SeekFrom::Start(HEADER_LEN))?;
    for _ in 0..MAX_SECTIONS {
        if at >= len {
            return Ok(WasmComponent::new(exports, imports));
        }
        let id = byte(file)?;
        let size = u64::from(leb(file)?);
        let start = file.stream_position()?;
        at = start.checked_add(size).filter(|end| *end <= len).ok_or_else(torn)?;
        match id {
            IMPORTS => imports.extend(imported(&section(file, size)?)?),
            EXPORTS => exports.extend(exported(&section(file, size)?)?),
            _ => {}
        }
        file.seek(SeekFrom::Start(at))?;
    }
    Err(too_large(format!(
        "the component has more than {MAX_SECTIONS} sections"
    )))
}

fn section(file: &mut impl Read, size: u64) -> Result<Vec<u8>, Error> {
    if size > MAX_SECTION_LEN {
        return Err(too_large(format!(
            "a list of imports or exports has {size} bytes, more than the {MAX_SECTION_LEN} that are read"
        )));
    }
    let mut section = Vec::new();
    file.take(size).read_to_end(&mut section)?;
    Ok(section)
}

fn imported(section: &[u8]) -> Result<Vec<String>, Error> {
    let reader = ComponentImportSectionReader::new(BinaryReader::new(section, 0)).map_err(unreadable)?;
    let name =
        |import: Result<wasmparser::ComponentImport<'_>, _>| import.map(|import| import.name.full_name().into_owned());
    reader
        .into_iter()
        .map(name)
        .collect::<Result<_, _>>()
        .map_err(unreadable)
}

fn exported(section: &[u8]) -> Result<Vec<String>, Error> {
    let reader = ComponentExportSectionReader::new(BinaryReader::new(section, 0)).map_err(unreadable)?;
    let name =
        |export: Result<wasmparser::ComponentExport<'_>, _>| export.map(|export| export.name.full_name().into_owned());
    reader
        .into_iter()
        .map(name)
        .collect::<Result<_, _>>()
        .map_err(unreadable)
}

fn byte(file: &mut impl Read) -> Result<u8, Error> {
    let mut byte = [0];
    file.read_exact(&mut byte).map_err(|error| torn().with_source(error))?;
    Ok(byte[0])
}

/// An unsigned number of up to 32 bits, seven to a byte, the lowest first.
fn leb(file: &mut impl Read) -> Result<u32, Error> {
    let mut value = 0_u64;
    for shift in (0..35).step_by(7) {
        let byte = byte(file)?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(value).map_err(|_| torn());
        }
    }
    Err(torn())
}

fn torn() -> Error {
    invalid("the component ends within a section, or its sizes are wrong")
}

fn unreadable(error: wasmparser::BinaryReaderError) -> Error {
    invalid("the imports or exports of the component cannot be read").with_source(io::Error::other(error))
}

/// The number of the section with exports.
const EXPORTS: u8 = 11;
/// The bytes before the first section.
const HEADER_LEN: u64 = 8;
/// The number of the section with imports.
const IMPORTS: u8 = 10;
/// The most bytes of a section that is read: 1 MiB.
const MAX_SECTION_LEN: u64 = 1 << 20;
/// The most sections of a component.
const MAX_SECTIONS: usize = 100_000;
