"""Says in what two directory trees differ, owners and all: compare_trees.py ONE OTHER.

Compared are type, mode, owner and group, size and content, target of a link, number of a device, time of the last
change to the nanosecond, extended attributes, and which names are of one file. Exits 1 if there is a difference.
"""

import hashlib
import os
import stat
import sys

SHOWN = 20


def main(one, other):
    one, other = tree(os.fsencode(one)), tree(os.fsencode(other))
    found = [f"{name(path)}: only in the first" for path in sorted(one.keys() - other.keys())]
    found += [f"{name(path)}: only in the second" for path in sorted(other.keys() - one.keys())]
    for path in sorted(one.keys() & other.keys()):
        for what, value in one[path].items():
            if other[path][what] != value:
                found.append(f"{name(path)}: {what}: {value!r} and {other[path][what]!r}")
    for difference in found[:SHOWN]:
        print(difference)
    kinds = [entry["type"] for entry in one.values()]
    linked = sum(len(entry["names"]) > 1 for entry in one.values())
    attributes = sum(len(entry["xattrs"]) for entry in one.values())
    print(
        f"{len(kinds)} entries: {kinds.count(stat.S_IFREG)} files ({linked} names with others), "
        f"{kinds.count(stat.S_IFLNK)} symlinks, {kinds.count(stat.S_IFCHR) + kinds.count(stat.S_IFBLK)} devices, "
        f"{attributes} extended attributes; {len(found)} differences"
    )
    return 1 if found else 0


def tree(root):
    """What is below `root`, the root included, by path."""
    entries, files = {}, {}
    paths = [root]
    for folder, folders, others in os.walk(root):
        paths += [os.path.join(folder, entry) for entry in folders + others]
    for path in paths:
        relative = os.path.relpath(path, root)
        found = os.lstat(path)
        entries[relative] = describe(path, found)
        if not stat.S_ISDIR(found.st_mode):
            files.setdefault((found.st_dev, found.st_ino), []).append(relative)
    groups = {relative: sorted(group) for group in files.values() for relative in group}
    for relative, entry in entries.items():
        entry["names"] = groups.get(relative, [relative])
    return entries


def describe(path, found):
    kind = stat.S_IFMT(found.st_mode)
    attributes = os.listxattr(path, follow_symlinks=False)
    return {
        "type": kind,
        "mode": oct(stat.S_IMODE(found.st_mode)),
        "owner": (found.st_uid, found.st_gid),
        "size": found.st_size if kind == stat.S_IFREG else None,
        "content": digest(path) if kind == stat.S_IFREG else None,
        "target": os.readlink(path) if kind == stat.S_IFLNK else None,
        "device": found.st_rdev if kind in (stat.S_IFBLK, stat.S_IFCHR) else None,
        "time": found.st_mtime_ns,
        "xattrs": {key: os.getxattr(path, key, follow_symlinks=False) for key in sorted(attributes)},
    }


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def name(path):
    return os.fsdecode(path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
