//! The examples, run as programs against a registry on a port.
#![expect(clippy::unwrap_used, reason = "a test that fails has to panic")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use oci_registry::{Registry, Server};

/// Runs `test` with the address of a registry.
fn with_registry(test: impl FnOnce(&str) + Send + 'static) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = Server::bind(Registry::in_memory(), "127.0.0.1:0").await.unwrap();
        let address = server.local_addr().to_string();
        let test = tokio::task::spawn_blocking(move || test(&address));
        let (end, ended) = tokio::sync::oneshot::channel::<()>();
        let serving = tokio::spawn(server.serve_until(async move { drop(ended.await) }));
        let result = test.await;
        drop(end);
        serving.await.unwrap();
        result.unwrap();
    });
}

/// An example, as `cargo test` has built it beside this test.
fn output(name: &str, arguments: &[&str]) -> Output {
    let this = std::env::current_exe().unwrap();
    let program = this.ancestors().nth(2).unwrap().join("examples").join(name);
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // Not the logins of whoever runs the tests.
    command
        .env("DOCKER_CONFIG", "/nonexistent")
        .env_remove("REGISTRY_AUTH_FILE");
    command.output().unwrap()
}

fn run(name: &str, arguments: &[&str]) -> String {
    let output = output(name, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn failed(name: &str, arguments: &[&str]) -> String {
    let output = output(name, arguments);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{name}");
    String::from_utf8(output.stderr).unwrap()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn chart(folder: &Path) -> PathBuf {
    let yaml = "apiVersion: v2\nname: demo\nversion: 1.2.3+build.5\n";
    let path = folder.join("chart.tgz");
    let file = fs::File::create(&path).unwrap();
    let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::fast()));
    let mut header = tar::Header::new_gnu();
    header.set_size(yaml.len() as u64);
    header.set_mode(0o644);
    builder
        .append_data(&mut header, "demo/Chart.yaml", yaml.as_bytes())
        .unwrap();
    builder.into_inner().unwrap().finish().unwrap();
    path
}

#[test]
fn a_chart_there_and_back() {
    with_registry(|address| {
        let folder = tempfile::tempdir().unwrap();
        let chart = chart(folder.path());
        let out = folder.path().join("out");
        let pushed = run("helm_push", &[text(&chart), &format!("oci://{address}/charts")]);
        assert!(
            pushed.starts_with(&format!("{address}/charts/demo:1.2.3_build.5@sha256:")),
            "{pushed}"
        );
        // Without a tag, and with one.
        for reference in ["demo", "demo:1.2.3_build.5"] {
            let pulled = run("helm_pull", &[&format!("{address}/charts/{reference}"), text(&out)]);
            assert_eq!(fs::read(pulled.trim_end()).unwrap(), fs::read(&chart).unwrap());
        }
        fs::write(folder.path().join("chart.tgz.prov"), "of another").unwrap();
        let error = failed("helm_push", &[text(&chart), &format!("{address}/charts")]);
        assert!(error.contains("the provenance does not name"), "{error}");
    });
}

#[test]
fn a_module_there_and_back() {
    with_registry(|address| {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("module.wasm");
        let out = folder.path().join("out.wasm");
        fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
        let reference = format!("{address}/wasm:v1");
        run("wasm_push", &[text(&module), &reference]);
        assert_eq!(run("wasm_pull", &[&reference, text(&out)]), "layout CncfV0\n");
        run("wasm_push", &["--legacy", text(&module), &reference]);
        assert_eq!(run("wasm_pull", &[&reference, text(&out)]), "layout WasmToOci\n");
        assert_eq!(fs::read(out).unwrap(), fs::read(module).unwrap());
    });
}

#[test]
fn objects_by_key() {
    with_registry(|address| {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "content").unwrap();
        let repository = format!("{address}/kv");
        for key in ["a", "b/c"] {
            let digest = run("kv", &[&repository, "put", "--type", "text/plain", key, text(&file)]);
            assert!(digest.starts_with("sha256:"), "{digest}");
        }
        failed("kv", &[&repository, "put", "--new", "a", text(&file)]);
        failed("kv", &["--max-size", "3", &repository, "put", "c", text(&file)]);
        assert_eq!(run("kv", &[&repository, "list"]), "a\nb/c\n");
        assert_eq!(run("kv", &[&repository, "get", "b/c"]), "content");
        run("kv", &[&repository, "delete", "a"]);
        failed("kv", &[&repository, "delete", "a"]);
        failed("kv", &[&repository, "get", "a"]);
        assert_eq!(run("kv", &[&repository, "list"]), "b/c\n");
    });
}

#[test]
fn a_signature_is_found() {
    with_registry(|address| {
        let folder = tempfile::tempdir().unwrap();
        let module = folder.path().join("module.wasm");
        fs::write(&module, b"\0asm\x01\0\0\0").unwrap();
        let reference = format!("{address}/wasm:v1");
        run("wasm_push", &[text(&module), &reference]);
        let found = run("sign_and_find", &[&reference, text(&module)]);
        assert!(
            found.ends_with(" notation application/vnd.cncf.notary.signature\n"),
            "{found}"
        );
        failed("sign_and_find", &[&format!("{address}/wasm:none"), text(&module)]);
    });
}
