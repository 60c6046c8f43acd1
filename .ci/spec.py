"""Keeps the tests named in SPEC.md: spec.py check | spec.py write.

A test belongs to a requirement if its name has the requirement's id as a word, in lower case:
`cb2_cb3_the_location_is_kept` belongs to CB2 and CB3. `write` fills the last column of each table; `check`
fails if that would change anything, or if a requirement has neither a test nor a reason for having none.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^\| ([A-Z]{1,2}[0-9]+) \|(.*)\|([^|]*)\|$")
# Names of functions that are a test for each storage.
ON_EVERY_STORAGE = re.compile(r"^on_every_storage!\(([^()]*)\);$", re.MULTILINE)
TEST = re.compile(r"^\s*#\[(?:tokio::)?test[^\n]*\]\n(?:\s*(?:#|//)[^\n]*\n)*\s*(?:async )?fn (\w+)\(", re.MULTILINE)


def main():
    path = ROOT / "SPEC.md"
    text = path.read_text(encoding="utf-8")
    written, bare = fill(text, tests_by_id())
    if sys.argv[1:] == ["write"]:
        path.write_text(written, encoding="utf-8")
    elif written != text:
        sys.exit("SPEC.md does not name the tests that there are; run `python3 .ci/spec.py write`")
    if bare:
        sys.exit(f"neither a test nor a reason in SPEC.md: {', '.join(bare)}")


def tests_by_id():
    """Of each word in a test's name: the tests, by file."""
    files = subprocess.run(["git", "ls-files", "*.rs"], cwd=ROOT, capture_output=True, text=True, check=True)
    found = {}
    for name in files.stdout.split():
        if not (ROOT / name).exists():
            continue
        text = (ROOT / name).read_text(encoding="utf-8")
        on_storages = [test for names in ON_EVERY_STORAGE.findall(text) for test in re.findall(r"\w+", names)]
        for test in TEST.findall(text) + on_storages:
            for word in test.split("_"):
                found.setdefault(word, {}).setdefault(name, []).append(test)
    return found


def fill(text, tests):
    """The text with its last columns filled, and the ids that have nothing there."""
    lines, bare = [], []
    for line in text.split("\n"):
        row = ROW.match(line)
        if row:
            key, middle, last = row.groups()
            found = tests.get(key.lower(), {})
            # A reason stays where there is no test.
            cell = shown(found) or (last.strip() if last.strip().startswith("none:") else "")
            if not cell:
                bare.append(key)
            line = f"| {key} |{middle}| {cell} |"
        lines.append(line)
    return "\n".join(lines), bare


def shown(found):
    return "<br>".join(f"`{name}`: " + ", ".join(f"`{test}`" for test in found[name]) for name in sorted(found))


main()
