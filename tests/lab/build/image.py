#!/usr/bin/env python3
"""image.py OUT.tar TAG ENTRYPOINT FILE... - a container image of one layer, for `ctr images import`.

A FILE is SOURCE:TARGET, or LINK=>TARGET for a symbolic link. Equal files make an equal image.
"""
import hashlib
import io
import json
import os
import sys
import tarfile

out, tag, entrypoint, *files = sys.argv[1:]


class Layer:
    def __init__(self):
        self.buffer = io.BytesIO()
        self.tar = tarfile.open(fileobj=self.buffer, mode="w")
        self.folders = set()

    def folder_of(self, path):
        parts = path.strip("/").split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            if name not in self.folders:
                self.folders.add(name)
                entry = tarfile.TarInfo(name)
                entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if name == "tmp" else 0o755
                self.tar.addfile(entry)

    def add(self, target, data, mode=0o755):
        self.folder_of(target)
        entry = tarfile.TarInfo(target.strip("/"))
        entry.size, entry.mode = len(data), mode
        self.tar.addfile(entry, io.BytesIO(data))

    def link(self, name, target):
        self.folder_of(name)
        entry = tarfile.TarInfo(name.strip("/"))
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self.tar.addfile(entry)

    def bytes(self):
        self.tar.close()
        return self.buffer.getvalue()


layer = Layer()
for folder in ("tmp", "etc", "run", "var"):
    layer.folder_of(folder + "/x")
layer.add("etc/passwd", b"root:x:0:0:root:/:/bin/sh\n", 0o644)
for file in files:
    if "=>" in file:
        layer.link(*file.split("=>"))
    else:
        source, target = file.split(":")
        with open(os.path.realpath(source), "rb") as stream:
            layer.add(target, stream.read())

data = layer.bytes()
digest = hashlib.sha256(data).hexdigest()
config = json.dumps({
    "architecture": "amd64",
    "os": "linux",
    "created": "2021-01-13T00:00:00Z",
    "config": {"Env": ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], **({"Entrypoint": [entrypoint]} if entrypoint else {})},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + digest]},
}).encode()
name = hashlib.sha256(config).hexdigest() + ".json"
with tarfile.open(out + ".new", "w") as tar:
    manifest = json.dumps([{"Config": name, "RepoTags": [tag], "Layers": [digest + "/layer.tar"]}]).encode()
    for path, content in ((name, config), (digest + "/layer.tar", data), ("manifest.json", manifest)):
        entry = tarfile.TarInfo(path)
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
os.replace(out + ".new", out)
