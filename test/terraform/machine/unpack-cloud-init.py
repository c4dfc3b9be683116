"""Writes the files of a cloud-init file (the first argument) below a folder (the second), and prints the rest of it as JSON."""

import json
import os
import sys

import yaml

with open(sys.argv[1], encoding="utf-8") as source:
    config = yaml.safe_load(source)
for file in config.pop("write_files"):
    path = sys.argv[2] + file["path"]
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as target:
        target.write(file["content"])
    os.chmod(path, int(file["permissions"], 8))
print(json.dumps(config))
