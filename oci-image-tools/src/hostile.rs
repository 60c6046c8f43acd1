//! Archives that mean harm, or that readers of tar read differently, made by code.

mod leading_out;
mod parsing;

use std::io::Write;

pub(crate) use self::leading_out::leading_out;
pub(crate) use self::parsing::parsing;

/// One header block, with a right checksum.
pub(crate) fn header(name: &[u8], type_flag: u8, size: u64, change: impl FnOnce(&mut [u8; 512])) -> Vec<u8> {
    let mut block = [0_u8; 512];
    block[..name.len()].copy_from_slice(name);
    block[100..107].copy_from_slice(b"0000644");
    block[108..115].copy_from_slice(b"0000000");
    block[116..123].copy_from_slice(b"0000000");
    block[124..135].copy_from_slice(format!("{size:011o}").as_bytes());
    block[136..147].copy_from_slice(b"00000000005");
    block[156] = type_flag;
    block[257..265].copy_from_slice(b"ustar\x0000");
    change(&mut block);
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    block.to_vec()
}

/// A header with a link's target.
pub(crate) fn link(name: &str, type_flag: u8, target: &str) -> Vec<u8> {
    header(name.as_bytes(), type_flag, 0, |block| {
        block[157..157 + target.len()].copy_from_slice(target.as_bytes());
    })
}

pub(crate) fn directory(name: &str) -> Vec<u8> {
    header(name.as_bytes(), b'5', 0, |block| {
        block[100..107].copy_from_slice(b"0000755")
    })
}

/// A file with its content.
pub(crate) fn file(name: &str, content: &[u8]) -> Vec<u8> {
    padded(header(name.as_bytes(), b'0', content.len() as u64, |_| ()), content)
}

pub(crate) fn pax(records: &[(&str, &[u8])]) -> Vec<u8> {
    extension(
        b'x',
        &records
            .iter()
            .flat_map(|(key, value)| record(key, value))
            .collect::<Vec<_>>(),
    )
}

pub(crate) fn extension(type_flag: u8, content: &[u8]) -> Vec<u8> {
    padded(header(b"ext", type_flag, content.len() as u64, |_| ()), content)
}

pub(crate) fn record(key: &str, value: &[u8]) -> Vec<u8> {
    let rest = key.len() + value.len() + 3;
    let mut len = rest + 1;
    while len != rest + len.to_string().len() {
        len = rest + len.to_string().len();
    }
    [format!("{len} {key}=").as_bytes(), value, b"\n"].concat()
}

pub(crate) fn archive(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), vec![0; 1024]].concat()
}

/// A layer that puts `count` files into `d`, and then has as many whiteouts of this name.
pub(crate) fn hiding(whiteout: &str, count: usize) -> Vec<u8> {
    let files = (0..count).map(|number| file(&format!("d/{number}"), b""));
    archive(&files.chain((0..count).map(|_| file(whiteout, b""))).collect::<Vec<_>>())
}

pub(crate) fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// A header in GNU's form.
fn gnu(name: &[u8], type_flag: u8, size: u64, change: impl FnOnce(&mut [u8; 512])) -> Vec<u8> {
    header(name, type_flag, size, |block| {
        block[257..265].copy_from_slice(b"ustar  \0");
        change(block);
    })
}

fn padded(mut header: Vec<u8>, content: &[u8]) -> Vec<u8> {
    header.extend_from_slice(content);
    header.resize(header.len().next_multiple_of(512), 0);
    header
}

/// A file that is `depth` directories deep.
pub(crate) fn deep(depth: usize) -> Vec<u8> {
    let path = "d/".repeat(depth) + "file";
    archive(&[pax(&[("path", path.as_bytes())]), file("short", b"x")])
}
