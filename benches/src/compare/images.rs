//! Images of random layers, as OCI layouts.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_spec_types::{Algorithm, Digest, Hasher};
use serde_json::{Value, json};

use crate::Outcome;

/// A layout with one image, tagged `latest`.
#[derive(Debug)]
pub(crate) struct Image {
    pub(crate) dir: PathBuf,
    /// Digest and size of the first layer.
    pub(crate) first: (Digest, u64),
}

impl Image {
    /// Writes an image whose layers are archives of files of these sizes.
    pub(crate) fn make(dir: PathBuf, sizes: &[u64]) -> Outcome<Self> {
        fs::create_dir_all(dir.join("blobs/sha256"))?;
        let layers = sizes
            .iter()
            .enumerate()
            .map(|(number, size)| layer(&dir, number as u64, *size))
            .collect::<Outcome<Vec<_>>>()?;
        let diff_ids: Vec<&str> = layers.iter().map(|layer| layer.diff_id.as_str()).collect();
        let config = json!({
            "architecture": "amd64", "os": "linux", "config": {},
            "rootfs": { "type": "layers", "diff_ids": diff_ids },
        });
        let config = document(&dir, "config", &config)?;
        let descriptors: Vec<Value> = layers
            .iter()
            .map(|layer| descriptor("layer.v1.tar+gzip", &layer.digest, layer.size))
            .collect();
        let manifest = json!({
            "schemaVersion": 2, "mediaType": format!("{MEDIA_TYPE}manifest.v1+json"),
            "config": descriptor("config.v1+json", &config.0, config.1), "layers": descriptors,
        });
        let (digest, size) = document(&dir, "manifest", &manifest)?;
        let mut root = descriptor("manifest.v1+json", &digest, size);
        if let Some(root) = root.as_object_mut() {
            let tag = json!({ "org.opencontainers.image.ref.name": "latest" });
            root.insert("annotations".to_owned(), tag);
        }
        let index = json!({ "schemaVersion": 2, "manifests": [root] });
        fs::write(dir.join("index.json"), index.to_string())?;
        fs::write(
            dir.join("oci-layout"),
            json!({ "imageLayoutVersion": "1.0.0" }).to_string(),
        )?;
        let first = layers.into_iter().next().ok_or("an image needs a layer")?;
        Ok(Self {
            dir,
            first: (first.digest, first.size),
        })
    }
}

struct Layer {
    diff_id: String,
    digest: Digest,
    size: u64,
}

/// An archive with one file of random bytes, compressed so far as random bytes can be.
fn layer(dir: &Path, number: u64, size: u64) -> Outcome<Layer> {
    let partial = dir.join("partial");
    let file = Hashing::new(BufWriter::new(File::create(&partial)?))?;
    let archive = Hashing::new(GzEncoder::new(file, Compression::none()))?;
    let mut archive = tar::Builder::new(archive);
    let mut header = tar::Header::new_ustar();
    header.set_size(size);
    header.set_mode(0o644);
    archive.append_data(
        &mut header,
        format!("file-{number}"),
        Random::new(number, size).take(size),
    )?;
    let (diff_id, compressed) = archive.into_inner()?.finish();
    let (digest, mut file) = compressed.finish()?.finish();
    file.flush()?;
    let size = fs::metadata(&partial)?.len();
    fs::rename(partial, blob_path(dir, &digest))?;
    Ok(Layer {
        diff_id: diff_id.to_string(),
        digest,
        size,
    })
}

fn document(dir: &Path, what: &str, value: &Value) -> Outcome<(Digest, u64)> {
    let text = value.to_string();
    let digest = Digest::sha256(text.as_bytes());
    fs::write(blob_path(dir, &digest), &text).map_err(|error| format!("{what}: {error}"))?;
    Ok((digest, text.len() as u64))
}

fn descriptor(media_type: &str, digest: &Digest, size: u64) -> Value {
    json!({ "mediaType": format!("{MEDIA_TYPE}{media_type}"), "digest": digest.to_string(), "size": size })
}

fn blob_path(dir: &Path, digest: &Digest) -> PathBuf {
    dir.join("blobs/sha256").join(digest.encoded_string())
}

/// Hashes what it passes on.
struct Hashing<W> {
    hasher: Hasher,
    inner: W,
}

impl<W> Hashing<W> {
    fn new(inner: W) -> Outcome<Self> {
        Ok(Self {
            hasher: Algorithm::SHA256.hasher()?,
            inner,
        })
    }

    fn finish(self) -> (Digest, W) {
        (self.hasher.finish(), self.inner)
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(bytes)?;
        self.hasher.update(bytes.get(..length).unwrap_or_default());
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Bytes that no compression makes smaller, the same in each run: xorshift64*.
struct Random(u64);

impl Random {
    const fn new(number: u64, size: u64) -> Self {
        Self((number + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ size)
    }
}

impl Read for Random {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for word in buffer.chunks_mut(8) {
            self.0 ^= self.0 >> 12;
            self.0 ^= self.0 << 25;
            self.0 ^= self.0 >> 27;
            let bytes = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d).to_le_bytes();
            word.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        }
        Ok(buffer.len())
    }
}

const MEDIA_TYPE: &str = "application/vnd.oci.image.";
