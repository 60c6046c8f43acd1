use super::{archive, deep, directory, file, header, link, pax};

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
