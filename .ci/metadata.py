"""Answers from `cargo metadata` on standard input.

    metadata.py features               one line `PACKAGE FEATURE` for each feature of each package of the
                                       workspace, and a line `PACKAGE` for none
    metadata.py rust-versions VERSION  fails if a dependency that is built needs a later Rust
"""

import json
import sys


def features(metadata):
    for package in metadata["packages"]:
        print(package["name"])
        for feature in package["features"]:
            if feature != "default":
                print(package["name"], feature)


def rust_versions(metadata, oldest):
    packages = {package["id"]: package for package in metadata["packages"]}
    late = [
        f"{packages[name]['name']} {packages[name]['version']} needs Rust {packages[name]['rust_version']}"
        for name in built(metadata)
        if numbers(packages[name]["rust_version"] or "0") > numbers(oldest)
    ]
    print("\n".join(late) or f"every dependency says that Rust {oldest} will do")
    return 1 if late else 0


def built(metadata):
    """The workspace and its dependencies, those for tests and examples left out."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    seen, waiting = set(), list(metadata["workspace_members"])
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [
                dependency["pkg"]
                for dependency in nodes[name]["deps"]
                if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"])
            ]
    return seen


def numbers(version):
    parts = [int(part) for part in version.split(".")]
    return parts + [0] * (3 - len(parts))


if __name__ == "__main__":
    document = json.load(sys.stdin)
    if sys.argv[1] == "features":
        sys.exit(features(document))
    sys.exit(rust_versions(document, sys.argv[2]))
