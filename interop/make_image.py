"""Writes an image of random layers as an OCI layout, tagged `latest`: make_image.py DIR LAYERS BYTES."""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

MEDIA_TYPE = "application/vnd.oci.image."


def main(directory, layers, size):
    os.makedirs(os.path.join(directory, "blobs", "sha256"))
    archives = [layer(number, size) for number in range(layers)]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {},
        "rootfs": {"type": "layers", "diff_ids": [digest(archive) for archive in archives]},
        "history": [{"created_by": f"layer {number}"} for number in range(layers)],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": MEDIA_TYPE + "manifest.v1+json",
        "config": blob(directory, "config.v1+json", encode(config)),
        "layers": [
            blob(directory, "layer.v1.tar+gzip", gzip.compress(archive, 1, mtime=0))
            for archive in archives
        ],
    }
    root = blob(directory, "manifest.v1+json", encode(manifest))
    root["annotations"] = {"org.opencontainers.image.ref.name": "latest"}
    write(directory, "index.json", encode({"schemaVersion": 2, "manifests": [root]}))
    write(directory, "oci-layout", encode({"imageLayoutVersion": "1.0.0"}))


def layer(number, size):
    """A tar archive that holds one file of random bytes."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        entry = tarfile.TarInfo(f"file-{number}")
        entry.size = size
        tar.addfile(entry, io.BytesIO(os.urandom(size)))
    return archive.getvalue()


def blob(directory, media_type, content):
    """Stores the content; its descriptor."""
    name = digest(content)
    write(directory, os.path.join("blobs", name.replace(":", os.sep)), content)
    return {"mediaType": MEDIA_TYPE + media_type, "digest": name, "size": len(content)}


def write(directory, path, content):
    with open(os.path.join(directory, path), "wb") as file:
        file.write(content)


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def encode(document):
    return json.dumps(document, separators=(",", ":")).encode()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
