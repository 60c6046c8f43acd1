//! Finding `Chart.yaml` in the archive of a chart.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use oci_client_core::Error;

use super::ChartMetadata;
use crate::compression::gunzipped;
use crate::errors::{at_path, invalid, too_large};
use crate::tar_stream::{Entry, EntryKind, TarReader};

/// Reads the archive to its end, and what its one `*/Chart.yaml` says.
pub(super) fn read(path: &Path) -> Result<ChartMetadata, Error> {
    let file = File::open(path).map_err(|error| at_path("open", path, error))?;
    let mut reader = Limited {
        inner: gunzipped(BufReader::new(file)),
        left: MAX_ARCHIVE_LEN,
    };
    let found = find(&mut reader);
    let yaml = found.map_err(|error| match reader.left {
        0 => too_large(format!(
            "{} unpacks to more than {MAX_ARCHIVE_LEN} bytes, which Helm does not read either",
            path.display()
        )),
        _ => invalid(format!("{} cannot be read as the archive of a chart", path.display())).with_source(error),
    })?;
    let yaml = yaml.ok_or_else(|| invalid(format!("{} has no Chart.yaml in its folder", path.display())))?;
    ChartMetadata::from_yaml(&yaml)
}

fn find(reader: &mut impl Read) -> Result<Option<String>, Error> {
    let mut archive = TarReader::new(reader);
    let mut yaml = None;
    while let Some(entry) = archive.next()? {
        if entry.kind == EntryKind::File && is_chart_yaml(&entry.path) {
            if yaml.is_some() {
                return Err(invalid("it has more than one Chart.yaml"));
            }
            yaml = Some(text(&mut archive, &entry)?);
        }
    }
    // What comes after the archive has to be sound as well.
    archive.finish()?;
    Ok(yaml)
}

fn is_chart_yaml(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"./").unwrap_or(name);
    let folder = name.strip_suffix(b"/Chart.yaml").unwrap_or_default();
    !folder.is_empty() && !folder.contains(&b'/')
}

fn text(archive: &mut TarReader<impl Read>, entry: &Entry) -> Result<String, Error> {
    if entry.sparse.is_some() {
        return Err(invalid("Chart.yaml has holes"));
    }
    let size = usize::try_from(entry.size).ok().filter(|size| *size <= MAX_YAML_LEN);
    let size = size.ok_or_else(|| {
        let size = entry.size;
        too_large(format!(
            "Chart.yaml has {size} bytes, more than the {MAX_YAML_LEN} that are read"
        ))
    })?;
    let mut text = vec![0; size];
    let mut filled = 0;
    while filled < size {
        filled += archive.read(text.get_mut(filled..).unwrap_or_default())?;
    }
    String::from_utf8(text).map_err(|error| invalid("Chart.yaml is no UTF-8 text").with_source(error))
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

/// The most bytes of `Chart.yaml`: 1 MiB.
const MAX_YAML_LEN: usize = 1 << 20;
