use super::{archive, directory, extension, file, gnu, header, link, padded, pax, record};

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
