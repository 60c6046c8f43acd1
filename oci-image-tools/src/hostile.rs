//! Archives that mean harm, or that readers of tar read differently, made by code.

use std::io::Write;

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

fn gnu_sparse(real_size: &[u8; 11]) -> Vec<u8> {
    let sparse = gnu(b"sparse", b'S', 4, |block| {
        block[386..397].copy_from_slice(b"00000001000");
        block[398..409].copy_from_slice(b"00000000004");
        block[483..494].copy_from_slice(real_size);
    });
    padded(sparse, b"data")
}

fn pax_sparse(map: &[u8], size: &[u8]) -> Vec<u8> {
    let records: [(&str, &[u8]); 4] = [
        ("GNU.sparse.major", b"1"),
        ("GNU.sparse.minor", b"0"),
        ("GNU.sparse.name", b"sparse"),
        ("GNU.sparse.realsize", size),
    ];
    let mut content = map.to_vec();
    content.resize(512, 0);
    content.extend_from_slice(b"data");
    [pax(&records), file("GNUSparseFile.0/sparse", &content)].concat()
}

/// A file that is `depth` directories deep.
pub(crate) fn deep(depth: usize) -> Vec<u8> {
    let path = "d/".repeat(depth) + "file";
    archive(&[pax(&[("path", path.as_bytes())]), file("short", b"x")])
}

/// What must not lead out of a directory, or stand for something else in it (U01 to U07, U14, U18), by name.
pub(crate) fn leading_out() -> Vec<(&'static str, Vec<u8>)> {
    let device = header(b"null", b'3', 0, |block| {
        block[329..336].copy_from_slice(b"0000001");
        block[337..344].copy_from_slice(b"0000003");
    });
    vec![
        ("dotdot", archive(&[file("../a", b"x"), file("b/../../a", b"x")])),
        ("absolute", archive(&[file("/etc/a", b"x"), file("//b", b"x")])),
        ("pax_dotdot", archive(&[pax(&[("path", b"../a")]), file("a", b"x")])),
        ("sym_then_file", archive(&[link("s", b'2', "/tmp"), file("s/a", b"x")])),
        (
            "sym_chain",
            archive(&[link("s", b'2', ".."), link("t", b'2', "s/.."), file("t/a", b"x")]),
        ),
        (
            "hard_outside",
            archive(&[link("h", b'1', "../secret"), link("i", b'1', "/etc/passwd")]),
        ),
        (
            "root_symlink",
            archive(&[link(".", b'2', "/tmp"), link("./", b'2', "/tmp")]),
        ),
        ("root_file", archive(&[file(".", b"x")])),
        (
            "file_then_dir",
            archive(&[file("a", b"x"), directory("a/"), file("a", b"y")]),
        ),
        (
            "whiteouts",
            archive(&[file(".wh..", b""), file(".wh...", b""), file("d/.wh..wh..opq", b"")]),
        ),
        ("device", archive(&[device, header(b"p", b'6', 0, |_| ())])),
        (
            "setuid",
            archive(&[header(b"a", b'0', 0, |block| {
                block[100..107].copy_from_slice(b"0006755")
            })]),
        ),
        (
            "names",
            archive(&[
                file("a", b"1"),
                file("A", b"2"),
                file("a", b"3"),
                file("b\\c:d", b""),
                file("CON", b""),
                file("dot.", b""),
                file("\u{e9}", b""),
                file("e\u{301}", b""),
                file("new\nline", b""),
            ]),
        ),
        ("deep_2000", deep(2000)),
    ]
}

/// What parsers have disagreed about (U11, U12, U13), by name.
#[expect(clippy::too_many_lines, reason = "a table")]
pub(crate) fn parsing() -> Vec<(&'static str, Vec<u8>)> {
    let long = "d/".repeat(100) + "file";
    let other = |change: fn(&mut [u8; 512])| padded(header(b"a", b'0', 1, change), b"x");
    let big = |size: &[u8]| [pax(&[("size", size)]), file("a", b"")].concat();
    let mut truncated = archive(&[file("a", &[b'x'; 1000])]);
    truncated.truncate(1000);
    vec![
        (
            "plain",
            archive(&[
                directory("d/"),
                file("d/a", b"hello"),
                link("d/s", b'2', "a"),
                link("d/h", b'1', "d/a"),
            ]),
        ),
        ("v7", archive(&[other(|block| block[257..265].fill(0))])),
        (
            "v7_directory",
            archive(&[header(b"d/", 0, 0, |block| block[257..265].fill(0))]),
        ),
        (
            "ustar_prefix",
            archive(&[other(|block| block[345..351].copy_from_slice(b"prefix"))]),
        ),
        (
            "gnu_prefix",
            archive(&[padded(
                gnu(b"a", b'0', 1, |block| block[345..351].copy_from_slice(b"prefix")),
                b"x",
            )]),
        ),
        (
            "star",
            archive(&[other(|block| block[508..512].copy_from_slice(b"tar\0"))]),
        ),
        ("signed_checksum", archive(&[signed_checksum()])),
        (
            "bad_checksum",
            archive(&[{
                let mut bad = file("a", b"x");
                bad[0] = b'b';
                bad
            }]),
        ),
        (
            "not_octal",
            archive(&[other(|block| block[124..135].copy_from_slice(b"0x000000001"))]),
        ),
        (
            "base256_uid",
            archive(&[other(|block| {
                block[108..116].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff])
            })]),
        ),
        (
            "negative_base256_size",
            archive(&[other(|block| block[124..136].fill(0xff))]),
        ),
        ("negative_mtime", archive(&[other(|block| block[136..148].fill(0xff))])),
        (
            "huge_size",
            archive(&[other(|block| {
                block[124..136].copy_from_slice(&[0x80, 0, 0, 0, 0x7f, 255, 255, 255, 255, 255, 255, 255])
            })]),
        ),
        (
            "hard_link_with_size",
            archive(&[
                file("a", b"x"),
                header(b"h", b'1', 512, |block| block[157] = b'a'),
                file("b", b"y"),
            ]),
        ),
        (
            "directory_with_size",
            archive(&[header(b"d/", b'5', 512, |_| ()), file("b", b"y")]),
        ),
        (
            "gnu_longname",
            archive(&[extension(b'L', format!("{long}\0").as_bytes()), file("short", b"x")]),
        ),
        (
            "gnu_longlink",
            archive(&[extension(b'K', b"far/away\0"), link("s", b'2', "near")]),
        ),
        (
            "gnu_longname_twice",
            archive(&[extension(b'L', b"one\0"), extension(b'L', b"two\0"), file("a", b"x")]),
        ),
        ("gnu_longname_1g", header(b"ext", b'L', 1 << 30, |_| ())),
        ("pax_2g", header(b"ext", b'x', 2 << 30, |_| ())),
        (
            "pax_path",
            archive(&[pax(&[("path", long.as_bytes())]), file("short", b"x")]),
        ),
        (
            "pax_path_twice",
            archive(&[pax(&[("path", b"one"), ("path", b"two")]), file("a", b"x")]),
        ),
        ("pax_path_empty", archive(&[pax(&[("path", b"")]), file("a", b"x")])),
        (
            "pax_and_gnu_path",
            archive(&[extension(b'L', b"gnu\0"), pax(&[("path", b"pax")]), file("a", b"x")]),
        ),
        (
            "pax_and_gnu_path_swapped",
            archive(&[pax(&[("path", b"pax")]), extension(b'L', b"gnu\0"), file("a", b"x")]),
        ),
        (
            "pax_twice",
            archive(&[pax(&[("path", b"one")]), pax(&[("uid", b"7")]), file("a", b"x")]),
        ),
        ("pax_size", archive(&[smuggled()])),
        ("pax_size_hex", archive(&[big(b"0x10")])),
        ("pax_size_negative", archive(&[big(b"-1")])),
        ("pax_size_huge", archive(&[big(b"99999999999999999999")])),
        ("pax_nul_path", archive(&[pax(&[("path", b"a\0b")]), file("a", b"x")])),
        (
            "pax_nul_value",
            archive(&[pax(&[("SCHILY.xattr.user.x", b"a\0b")]), file("a", b"x")]),
        ),
        (
            "pax_bad_length",
            archive(&[extension(b'x', b"99 path=b\n"), file("a", b"x")]),
        ),
        (
            "pax_no_newline",
            archive(&[extension(b'x', b"10 path=bb"), file("a", b"x")]),
        ),
        ("pax_no_key", archive(&[extension(b'x', b"5 =b\n"), file("a", b"x")])),
        (
            "pax_times",
            archive(&[
                pax(&[("mtime", b"-1.5")]),
                file("a", b"x"),
                pax(&[("mtime", b"7.123456789123")]),
                file("b", b"x"),
            ]),
        ),
        ("pax_bad_time", archive(&[pax(&[("mtime", b"1.x")]), file("a", b"x")])),
        (
            "pax_ids",
            archive(&[pax(&[("uid", b"4294967296"), ("gid", b"12")]), file("a", b"x")]),
        ),
        ("pax_orphan", archive(&[file("a", b"x"), pax(&[("path", b"b")])])),
        (
            "pax_global_comment",
            archive(&[extension(b'g', &record("comment", b"hi")), file("a", b"x")]),
        ),
        (
            "pax_global_path",
            archive(&[extension(b'g', &record("path", b"b")), file("a", b"x")]),
        ),
        (
            "zero_block_then_data",
            [vec![0; 512], archive(&[file("a", b"x")])].concat(),
        ),
        (
            "data_after_end",
            [archive(&[file("a", b"x")]), archive(&[file("b", b"y")])].concat(),
        ),
        ("no_trailer", file("a", b"x")),
        ("empty", Vec::new()),
        ("truncated", truncated),
        ("unknown_type", archive(&[header(b"a", b'Z', 0, |_| ())])),
        ("file_with_slash", archive(&[file("a/", b"x")])),
        ("non_utf8", archive(&[header(b"a\xff\xfe", b'0', 0, |_| ())])),
        ("sp0", archive(&[sparse_0_0()])),
        ("sp01", archive(&[sparse_0_1()])),
        ("sp1", archive(&[pax_sparse(b"1\n512\n4\n", b"1024")])),
        ("sp1_overlap", archive(&[pax_sparse(b"2\n512\n2\n513\n2\n", b"1024")])),
        ("sp1_beyond", archive(&[pax_sparse(b"1\n1022\n4\n", b"1024")])),
        ("sp1_too_many", archive(&[pax_sparse(b"99999999\n", b"1024")])),
        ("sp1_wrong_sum", archive(&[pax_sparse(b"1\n512\n3\n", b"1024")])),
        ("gnu_sparse", archive(&[gnu_sparse(b"00000002000")])),
        ("gnu_sparse_huge", archive(&[gnu_sparse(b"77777777777")])),
    ]
}

fn signed_checksum() -> Vec<u8> {
    let mut header = header(b"\xffa", b'0', 0, |_| ());
    header[148..156].fill(b' ');
    let sum: i32 = header.iter().map(|byte| i32::from(byte.cast_signed())).sum();
    header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    header
}

/// The header says that there is no content: who believes it sees a file that is content.
fn smuggled() -> Vec<u8> {
    let hidden = file("smuggled", b"");
    let size = hidden.len().to_string();
    [pax(&[("size", size.as_bytes())]), file("a", b""), hidden].concat()
}

fn sparse_0_0() -> Vec<u8> {
    let records: [(&str, &[u8]); 5] = [
        ("GNU.sparse.size", b"1024"),
        ("GNU.sparse.numblocks", b"1"),
        ("GNU.sparse.offset", b"512"),
        ("GNU.sparse.numbytes", b"4"),
        ("path", b"sparse"),
    ];
    [pax(&records), file("a", b"data")].concat()
}

fn sparse_0_1() -> Vec<u8> {
    let records: [(&str, &[u8]); 4] = [
        ("GNU.sparse.size", b"1024"),
        ("GNU.sparse.numblocks", b"1"),
        ("GNU.sparse.map", b"512,4"),
        ("GNU.sparse.name", b"sparse"),
    ];
    [pax(&records), file("a", b"data")].concat()
}
