#!/usr/bin/env python3
"""How many photographs of ImageNet's classes a model of these classes knows, by winnow-classify --expect.

The photographs are named by their class in WordNet: n01518878_ostrich.jpg.
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--photos", type=pathlib.Path, required=True)
    arguments.add_argument("--model", type=pathlib.Path, required=True,
                           help="of winnow-export --pretrained NAME")
    options = arguments.parse_args()
    lines = (ROOT / "data/imagenet_classes.txt").read_text().splitlines()
    names = dict(line.split(" ", 1) for line in lines if not line.startswith("#"))
    with tempfile.TemporaryDirectory() as folder:
        for photo in sorted(options.photos.glob("n*_*.*")):
            label = pathlib.Path(folder, names[photo.name.split("_")[0]])
            label.mkdir(exist_ok=True)
            (label / photo.name).symlink_to(photo.resolve())
        command = [ROOT / "build/bin/winnow-classify", options.model, "--expect", folder, "--format", "jsonl"]
        sys.exit(subprocess.run(command, stdout=subprocess.DEVNULL).returncode)


if __name__ == "__main__":
    main()
