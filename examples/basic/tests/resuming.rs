//! `resume_pull`, killed again and again, over a connection that counts what passes.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that fails has to panic"
)]

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use oci_client_core::client::Client;
use oci_client_core::store::{CopyOptions, MemoryStore, copy};
use oci_registry::{Registry, Server};
use oci_spec_types::{AnyManifest, Descriptor, Document, ImageManifest, MediaType, Reference};
use oci_transport_reqwest::TokioRuntime;

const KILLS: u64 = 5;

const SIZE: u64 = 96 << 20;

/// What a download may hold at a time without having written it: four parts of 256 KiB.
const HELD: u64 = 1 << 20;

#[test]
fn cp9_p10_killed_five_times_it_ends_right_and_hardly_fetches_anything_twice() {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let content = content();
    let (server, layer) = tokio.block_on(serve(&content));
    let gate = Gate::before(server);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("model.bin");
    let partial = partial_path(&file, &layer);
    for _ in 0..KILLS {
        let before = kept(&partial);
        gate.open(SIZE / (KILLS + 1));
        let mut process = resume_pull(&gate, &file).spawn().unwrap();
        gate.wait_until_used_up();
        // All that has passed is on its way into the file, but for what is held, and the heads of the messages.
        while kept(&partial) < before + SIZE / (KILLS + 1) - HELD - (64 << 10) {
            assert!(process.try_wait().unwrap().is_none(), "it has ended by itself");
            thread::yield_now();
        }
        // SIGKILL, where there are signals.
        process.kill().unwrap();
        process.wait().unwrap();
        assert!(!file.exists());
    }
    gate.open(u64::MAX);
    let output = resume_pull(&gate, &file).output().unwrap();
    let messages = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{messages}");
    assert!(messages.contains("resumed at "), "{messages}");
    assert_eq!(
        String::from_utf8(output.stdout).unwrap().trim(),
        layer.digest.to_string()
    );
    assert!(std::fs::read(&file).unwrap() == content);
    assert!(!partial.exists());
    let passed = gate.passed();
    assert!(passed < SIZE + SIZE / 10, "{passed} bytes passed for {SIZE}");
}

fn resume_pull(gate: &Gate, file: &Path) -> Command {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples/resume_pull");
    let mut command = Command::new(program);
    command
        .arg(format!("{}/models:v1", gate.address))
        .arg(file)
        .env("NO_PROXY", "127.0.0.1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Blocks that are all different.
fn content() -> Vec<u8> {
    let blocks: Vec<_> = (0..SIZE >> 16)
        .map(|number| number.to_le_bytes().repeat(8 << 10))
        .collect();
    blocks.concat()
}

/// Serves `content` as the layer of `models:v1`.
async fn serve(content: &[u8]) -> (SocketAddr, Descriptor) {
    let registry = Registry::in_memory();
    let store = MemoryStore::new();
    let layer = store.add_blob(MediaType::OCTET_STREAM, content.to_vec());
    store.add_blob(Descriptor::empty().media_type, "{}");
    let manifest = AnyManifest::Image(ImageManifest::artifact(MediaType::OCTET_STREAM, vec![layer.clone()]));
    let reference: Reference = "localhost/models:v1".parse().unwrap();
    store.add_manifest(Document::from_value(manifest).unwrap(), reference.tag().cloned());
    let runtime = Arc::new(TokioRuntime::try_current().unwrap());
    let client = Client::new(Arc::new(registry.clone()), runtime);
    let (from, there) = (reference.target().unwrap(), client.repository(&reference));
    copy(&store, &from, &there, reference.tag(), &CopyOptions::new())
        .await
        .unwrap();
    let server = Server::bind(registry, "127.0.0.1:0").await.unwrap();
    let address = server.local_addr();
    tokio::spawn(server.serve_until(std::future::pending::<()>()));
    (address, layer)
}

fn partial_path(file: &Path, layer: &Descriptor) -> PathBuf {
    let digest = layer.digest.encoded_string();
    file.with_file_name(format!("model.bin.{}.partial", digest.get(..16).unwrap()))
}

/// How many bytes of the blob are in the partial file: all of it, or what the note behind the blob's place says.
fn kept(partial: &Path) -> u64 {
    let Ok(length) = std::fs::metadata(partial).map(|metadata| metadata.len()) else {
        return 0;
    };
    if length <= SIZE {
        return length;
    }
    let mut file = std::fs::File::open(partial).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(SIZE)).unwrap();
    let mut note = Vec::new();
    file.read_to_end(&mut note).unwrap();
    let numbers: Vec<u64> = note
        .chunks_exact(8)
        .map(|number| u64::from_le_bytes(number.try_into().unwrap()))
        .collect();
    let count = usize::try_from(*numbers.first().unwrap()).unwrap();
    numbers
        .iter()
        .skip(1)
        .take(2 * count)
        .collect::<Vec<_>>()
        .chunks_exact(2)
        .map(|piece| *piece[1] - *piece[0])
        .sum()
}

/// Passes connections on to a server, and so many bytes of its answers.
struct Gate {
    address: SocketAddr,
    state: Arc<(Mutex<State>, Condvar)>,
}

struct State {
    left: u64,
    passed: u64,
    /// Connections of an earlier run get nothing any more.
    run: u64,
}

impl Gate {
    fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = State {
            left: 0,
            passed: 0,
            run: 0,
        };
        let state = Arc::new((Mutex::new(state), Condvar::new()));
        let shared = state.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, server) = (client.unwrap(), TcpStream::connect(server).unwrap());
                let (client_too, server_too) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let shared = shared.clone();
                thread::spawn(move || relay(client_too, server_too, |_| true));
                thread::spawn(move || {
                    let run = shared.0.lock().unwrap().run;
                    relay(server, client, |length| take(&shared, run, length));
                });
            }
        });
        Self { address, state }
    }

    /// Lets `bytes` pass in another run.
    fn open(&self, bytes: u64) {
        let mut state = self.state.0.lock().unwrap();
        state.left = bytes;
        state.run += 1;
        self.state.1.notify_all();
    }

    fn passed(&self) -> u64 {
        self.state.0.lock().unwrap().passed
    }

    fn wait_until_used_up(&self) {
        let state = self.state.0.lock().unwrap();
        drop(self.state.1.wait_while(state, |state| state.left > 0).unwrap());
    }
}

/// Waits until `length` bytes may pass; says whether they ever may.
fn take(shared: &(Mutex<State>, Condvar), run: u64, length: u64) -> bool {
    let state = shared.0.lock().unwrap();
    let mut state = shared
        .1
        .wait_while(state, |state| state.run == run && state.left == 0)
        .unwrap();
    if state.run != run {
        return false;
    }
    state.left = state.left.saturating_sub(length);
    state.passed += length;
    shared.1.notify_all();
    true
}

fn relay(mut from: TcpStream, mut to: TcpStream, mut may: impl FnMut(u64) -> bool) {
    let mut buffer = [0; 16 << 10];
    while let Ok(length) = from.read(&mut buffer)
        && length > 0
        && may(length as u64)
        && to.write_all(&buffer[..length]).is_ok()
    {}
    // The other side may be gone already.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
