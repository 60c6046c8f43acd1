use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;

use oci_spec_types::Digest;

use crate::Outcome;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The registry.
    address: String,
    repository: String,
    digest: Digest,
    /// The file to write.
    file: PathBuf,
}

/// Gets a blob on one thread, with one buffer, and hashes it.
pub(super) fn run(args: &Args) -> Outcome<()> {
    let mut stream = TcpStream::connect(&args.address)?;
    let request = format!(
        "GET /v2/{}/blobs/{} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
        args.repository, args.digest, args.address
    );
    stream.write_all(request.as_bytes())?;
    let mut stream = BufReader::with_capacity(BUFFER, stream);
    let mut left = read_head(&mut stream)?;
    let mut verifier = args.digest.verifier(left)?;
    let mut file = File::create(&args.file)?;
    while left > 0 {
        let chunk = stream.fill_buf()?;
        if chunk.is_empty() {
            return Err("the connection ended early".into());
        }
        verifier.update(chunk)?;
        file.write_all(chunk)?;
        let length = chunk.len();
        left -= length as u64;
        stream.consume(length);
    }
    Ok(verifier.finish()?)
}

/// The length of the body.
fn read_head(stream: &mut impl BufRead) -> Outcome<u64> {
    let mut length = None;
    let mut line = String::new();
    stream.read_line(&mut line)?;
    if !line.contains(" 200 ") {
        return Err(format!("the registry answered {}", line.trim()).into());
    }
    loop {
        line.clear();
        stream.by_ref().take(LONGEST_LINE).read_line(&mut line)?;
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = Some(value.parse()?),
            Some(_) => {}
            None => return Ok(length.ok_or("the answer has no length")?),
        }
    }
}

/// 64 KiB: more makes it no faster.
const BUFFER: usize = 64 << 10;

const LONGEST_LINE: u64 = 8 << 10;
