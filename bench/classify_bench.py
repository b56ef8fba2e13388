#!/usr/bin/env python3
"""winnow-classify on a folder of photographs: its parts, its start, and beside ONNX Runtime with Pillow."""
import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = ROOT / "build/bin"
PYTHON = ROOT / ".deps/bench/bin/python"


def measure(command, environment=None):
    """Returns (seconds, peak megabytes, lines printed)."""
    with tempfile.TemporaryFile() as out:
        start = time.monotonic()
        process = subprocess.Popen([str(word) for word in command], stdout=out, env={**os.environ, **(environment or {})})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if status != 0:
            sys.exit(f"classify_bench: {command[0]} ended with {os.waitstatus_to_exitcode(status)}")
        out.seek(0)
        return seconds, usage.ru_maxrss / 1024, out.read().count(b"\n")


def report(name, runs):
    seconds = statistics.median(run[0] for run in runs)
    memory = max(run[1] for run in runs)
    print(f"{name:<44}{seconds:7.3f} s  {memory:4.0f} MB", flush=True)
    return seconds


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--photos", type=pathlib.Path, required=True, help="a folder of photographs")
    arguments.add_argument("--model", type=pathlib.Path, required=True, help="a model file of winnow-export")
    arguments.add_argument("--runs", type=int, default=3)
    options = arguments.parse_args()
    one = min(path for path in options.photos.rglob("*.jp*g") if path.is_file())

    subprocess.run([BIN / "classify_bench", options.model, options.photos], check=True)
    with tempfile.TemporaryDirectory() as cache:
        classify = [BIN / "winnow-classify", options.model]
        cached = {"XDG_CACHE_HOME": cache}
        report("one photo, nothing cached", [measure([*classify, one, "--no-cache"]) for _ in range(9)])
        measure([*classify, one], cached)
        report("one photo", [measure([*classify, one], cached) for _ in range(9)])
        measure([*classify, options.photos, "--format", "jsonl"], cached)
        ours, peers = [], {1: [], 8: []}
        for _ in range(options.runs):
            ours.append(measure([*classify, options.photos, "--format", "jsonl"], cached))
            for batch, runs in peers.items():
                runs.append(measure([PYTHON, ROOT / "bench/classify_peer.py", options.model, options.photos, "--batch", batch]))
    seconds = report(f"{ours[0][2]} photos", ours)
    for batch, runs in peers.items():
        other = report(f"{runs[0][2]} photos, ONNX Runtime and Pillow, by {batch}", runs)
        print(f"{'':<44}{other / seconds:7.1f} times", flush=True)


if __name__ == "__main__":
    main()
