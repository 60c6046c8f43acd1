"""Adds to a directory what root filesystems have and few packages bring, and makes what goes on top of it in two more
layers: make_rootfs.py ROOT SECOND THIRD. Takes root.

What SECOND and THIRD remove and hide is not in them: interop/rootfs says it on the command line.
"""

import os
import stat
import struct
import sys
import time

# A capability set, version 2: cap_net_raw, permitted and effective.
CAPABILITY = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)


def main(root, second, third):
    base(os.path.join(root, "odd"))
    over(os.path.join(second, "odd"))
    last(os.path.join(third, "odd"))


def base(odd):
    file(odd, "plain", b"plain", 0o644, mtime=1_700_000_000)
    file(odd, "old", b"before 1970", 0o600, mtime=-86_400)
    file(odd, "far", b"after 2106", 0o600, mtime=5_000_000_000)
    file(odd, "setuid", b"#!/bin/sh\n", 0o4755)
    file(odd, "setgid", b"#!/bin/sh\n", 0o2755, owner=(0, 42))
    file(odd, "owned", b"", 0o640, owner=(1000, 1000))
    file(odd, "far-owned", b"", 0o640, owner=(3_000_000_000, 2_500_000_000))
    file(odd, "read-only", b"", 0o444, {"user.note": b"of one who may not write"})
    file(odd, "capable", b"#!/bin/sh\n", 0o755, {"security.capability": CAPABILITY})
    file(odd, "noted", b"", 0o644, {"user.note": b"a\0b\n=", "user.empty": b"", "user.gr\u00fc\u00dfe": b"x"})
    file(odd, "gr\u00fc\u00dfe \u6587\u5b57 \U0001f980", b"named", 0o644)
    file(odd, "new\nline", b"", 0o644)
    file(odd, "n" * 255, b"", 0o644)
    file(odd, "/".join(["deep" * 10] * 20) + "/leaf", b"deep", 0o600)
    file(odd, "sealed/inside", b"", 0o400)
    for number in range(50):
        file(odd, f"hidden/{number}", b"%d" % number, 0o644)
        file(odd, f"removed/{number}/file", b"%d" % number, 0o644)
    for name in ("a", "b/c", "z"):
        os.makedirs(os.path.dirname(os.path.join(odd, "linked", name)), exist_ok=True)
        os.link(os.path.join(odd, "plain"), os.path.join(odd, "linked", name))
    os.link(os.path.join(odd, "capable"), os.path.join(odd, "linked", "capable"))
    with open(os.path.join(odd, "sparse"), "wb") as sparse:
        sparse.truncate(3 << 20)
        sparse.seek(1 << 20)
        sparse.write(b"in the middle")
    for name, target in {
        "absolute": "/odd/plain",
        "above": "../../../odd/plain",
        "broken": "nowhere",
        "loop": "loop",
        "long": "x/" * 150 + "y",
        "to-directory": "linked",
    }.items():
        os.symlink(target, os.path.join(odd, name))
        os.utime(os.path.join(odd, name), (1_600_000_000, 1_600_000_000), follow_symlinks=False)
    os.lchown(os.path.join(odd, "broken"), 1000, 1001)
    os.mknod(os.path.join(odd, "null"), stat.S_IFCHR | 0o666, os.makedev(1, 3))
    os.mknod(os.path.join(odd, "disk"), stat.S_IFBLK | 0o660, os.makedev(259, 300))
    os.mkfifo(os.path.join(odd, "pipe"), 0o640)
    os.mkdir(os.path.join(odd, "sticky"))
    os.chmod(os.path.join(odd, "sticky"), 0o1777)
    os.setxattr(os.path.join(odd, "sticky"), "user.note", b"a directory")
    os.chmod(os.path.join(odd, "sealed"), 0o111)
    os.utime(os.path.join(odd, "sealed"), (1_500_000_000, 1_500_000_000))


def over(odd):
    """Replaces files by what they are not, and hides what is below."""
    file(odd, "plain", b"not the linked one any more", 0o600, mtime=1_700_000_001)
    file(odd, "null", b"no device any more", 0o644)
    file(odd, "hidden/new", b"beside what is hidden", 0o644)
    file(odd, "removed/again", b"in what was removed", 0o644)
    file(odd, "broken/file", b"in what was a link", 0o644)
    file(odd, "capable", b"without capabilities", 0o755)
    os.symlink("sticky", os.path.join(odd, "owned"))
    os.mkdir(os.path.join(odd, "sticky"))
    os.chmod(os.path.join(odd, "sticky"), 0o700)
    os.utime(os.path.join(odd, "hidden"), (1_650_000_000, 1_650_000_000))


def last(odd):
    """A directory becomes a file, one is removed that has come back, and links are of files of this layer."""
    file(odd, "broken", b"a file again", 0o644)
    file(odd, "last/one", b"one", 0o644, {"user.layer": b"3"})
    os.link(os.path.join(odd, "last/one"), os.path.join(odd, "last/two"))
    file(odd, "removed/third", b"in what was removed twice", 0o644)
    os.chown(os.path.join(odd, "last"), 7, 8)


def file(folder, name, content, mode, xattrs=None, owner=(0, 0), mtime=None):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as output:
        output.write(content)
    os.chown(path, *owner)
    for key, value in (xattrs or {}).items():
        os.setxattr(path, key, value)
    os.chmod(path, mode)
    mtime = int(time.time()) if mtime is None else mtime
    os.utime(path, (mtime, mtime))


if __name__ == "__main__":
    main(*sys.argv[1:])
