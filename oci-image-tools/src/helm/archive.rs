//! Finding `Chart.yaml` in the archive of a chart.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use oci_client_core::Error;
use tar::{Archive, Entry, EntryType, PaxExtensions};

use super::ChartMetadata;
use crate::errors::{at_path, invalid, too_large};

/// Reads the archive to its end, and what its one `*/Chart.yaml` says.
pub(super) fn read(path: &Path) -> Result<ChartMetadata, Error> {
    let file = File::open(path).map_err(|error| at_path("open", path, error))?;
    let mut yaml = None;
    let mut reader = Limited {
        inner: MultiGzDecoder::new(file),
        left: MAX_ARCHIVE_LEN,
    };
    let found = find(&mut reader, &mut yaml).and_then(|()| {
        // What comes after the archive has to be sound as well.
        io::copy(&mut reader, &mut io::sink()).map(drop).map_err(Error::from)
    });
    found.map_err(|error| match reader.left {
        0 => too_large(format!(
            "{} unpacks to more than {MAX_ARCHIVE_LEN} bytes, which Helm does not read either",
            path.display()
        )),
        _ => invalid(format!("{} cannot be read as the archive of a chart", path.display())).with_source(error),
    })?;
    let yaml = yaml.ok_or_else(|| invalid(format!("{} has no Chart.yaml in its folder", path.display())))?;
    ChartMetadata::from_yaml(&yaml)
}

/// Goes through the entries as they are, so that no extension is ever held that is larger than a name may be.
fn find(reader: &mut impl Read, yaml: &mut Option<String>) -> Result<(), Error> {
    let mut archive = Archive::new(reader);
    let mut long_name = None;
    for entry in archive.entries()?.raw(true) {
        let mut entry = entry?;
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() {
            let mut name = text(&mut entry)?;
            name.truncate(name.find('\0').unwrap_or(name.len()));
            long_name = Some(name);
        } else if kind.is_pax_local_extensions() {
            long_name = pax_name(&text(&mut entry)?)?.or(long_name);
        } else if !kind.is_gnu_longlink() && !kind.is_pax_global_extensions() {
            let name = match long_name.take() {
                Some(name) => name,
                None => String::from_utf8_lossy(&entry.path_bytes()).into_owned(),
            };
            if is_chart_yaml(&name) && matches!(kind, EntryType::Regular | EntryType::Continuous) {
                if yaml.is_some() {
                    return Err(invalid("it has more than one Chart.yaml"));
                }
                *yaml = Some(text(&mut entry)?);
            }
        }
    }
    Ok(())
}

/// The name of the next entry where a pax header gives it.
fn pax_name(header: &str) -> Result<Option<String>, Error> {
    let mut name = None;
    for extension in PaxExtensions::new(header.as_bytes()) {
        let extension = extension?;
        match extension.key_bytes() {
            b"path" => name = Some(String::from_utf8_lossy(extension.value_bytes()).into_owned()),
            // The entries are read by the sizes in their headers.
            b"size" => {
                return Err(invalid(
                    "an entry has its size in a pax header, which is for more than 8 GiB",
                ));
            }
            _ => {}
        }
    }
    Ok(name)
}

fn is_chart_yaml(name: &str) -> bool {
    let name = name.strip_prefix("./").unwrap_or(name);
    matches!(name.split_once('/'), Some((folder, "Chart.yaml")) if !folder.is_empty())
}

fn text(entry: &mut Entry<'_, impl Read>) -> Result<String, Error> {
    let size = entry.size();
    if size > MAX_TEXT_LEN {
        return Err(too_large(format!(
            "Chart.yaml or a name has {size} bytes, more than the {MAX_TEXT_LEN} that are read"
        )));
    }
    let mut text = String::new();
    entry.read_to_string(&mut text)?;
    Ok(text)
}

/// Fails where there is more than a limit, so that little that becomes much comes to an end.
struct Limited<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.left = self.left.saturating_sub(read as u64);
        match self.left {
            0 => Err(io::Error::other("the archive is too large")),
            _ => Ok(read),
        }
    }
}

/// The most bytes that an archive may unpack to, as Helm has it: 100 MiB.
const MAX_ARCHIVE_LEN: u64 = 100 << 20;
/// The most bytes of `Chart.yaml`, and of a header that is an entry: 1 MiB.
const MAX_TEXT_LEN: u64 = 1 << 20;
