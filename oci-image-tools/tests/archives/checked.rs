//! Archives held to what every store has to keep to.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use oci_client_core::store::{Source, Target};
use oci_client_core::store_testing::{Bench, check};
use oci_image_tools::archive::{ArchiveWriter, OciArchive};
use test_support::SimRuntime;

#[test]
fn an_oci_archive_passes_the_checks_for_stores() {
    let (runtime, folder) = (SimRuntime::new(), tempfile::tempdir().unwrap());
    let number = AtomicUsize::new(0);
    let new = || async {
        let path = folder.path().join(number.fetch_add(1, Ordering::Relaxed).to_string());
        let writer = ArchiveWriter::oci(&path, Arc::new(runtime.clone())).await.unwrap();
        Archive {
            path,
            runtime: runtime.clone(),
            writer,
        }
    };
    runtime.run(check(new)).assert_passed();
}

/// Written as a whole, then read.
struct Archive {
    path: PathBuf,
    runtime: SimRuntime,
    writer: ArchiveWriter,
}

#[async_trait]
impl Bench for Archive {
    fn target(&self) -> &dyn Target {
        &self.writer
    }

    async fn into_source(self: Box<Self>) -> Arc<dyn Source> {
        self.writer.finish().await.unwrap();
        Arc::new(OciArchive::open(&self.path, Arc::new(self.runtime)).await.unwrap())
    }
}
