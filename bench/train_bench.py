#!/usr/bin/env python3
"""winnow-train beside PyTorch in Python with its DataLoader: the same network, pictures, batch and cores, turn by turn.

    bench/run.sh train FOLDER [--pictures N] [--epochs N] [--turns N] [--only scratch|finetune|probe|fashion]

FOLDER has one subfolder of photographs per class; nothing in it is changed.
  scratch, finetune    images a second at 128 and 160 px on N pictures, after an epoch that warms up
  probe    from the start of winnow-train to a saved checkpoint, against the embeddings alone
  fashion  Fashion-MNIST (Debian's dataset-fashion-mnist) from scratch
"""
import argparse
import gzip
import json
import math
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TRAIN = ROOT / "build/bin/winnow-train"
CURATE = ROOT / "build/bin/winnow-curate"
PYTHON = ROOT / ".deps/bench/bin/python"
PEER = ROOT / "bench/train_peer.py"
WEIGHTS = ROOT / ".deps/efficientnet_lite0.safetensors"
FASHION = pathlib.Path("/usr/share/datasets/fashion-mnist")
BATCH = 32
TASKS = (("from scratch, 128 px", "scratch", "small_resnet", 128),
         ("fine-tuning, 160 px", "finetune", "efficientnet_lite0", 160))
PEERS = (("PyTorch in Python", []), ("... channels_last", ["--channels-last"]),
         ("... channels_last, bf16", ["--channels-last", "--bf16"]),
         ("... channels_last, decoded beforehand", ["--channels-last", "--in-memory", "--workers", "0"]))


def run(*command):
    """Returns what the program printed; ends the benchmark with its message if it fails."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if done.returncode not in (0, 3):
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"ended with {done.returncode}")
    return done.stdout + done.stderr


def lines_of(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def median_rate(epochs):
    return statistics.median(epoch["images_per_second"] for epoch in epochs)


def winnow_rate(manifest, work, recipe, network, size, epochs):
    folder = work / "run"
    shutil.rmtree(folder, ignore_errors=True)
    run(TRAIN, manifest, "-o", folder, "--recipe", recipe, "--arch", network, "--size", size, "--batch", BATCH,
        "--epochs", epochs + 1, "--no-cache")
    measured = [m for m in lines_of((folder / "metrics.jsonl").read_text()) if "images_per_second" in m]
    return median_rate(measured[1:])


def peer_epochs(manifest, network, size, epochs, options):
    weights = ["--weights", WEIGHTS] if network != "small_resnet" else []
    text = run(PYTHON, PEER, "train", manifest, "--network", network, "--size", size, "--batch", BATCH, "--epochs",
               epochs, *weights, *options)
    return lines_of(text)[1:]


def take_some(manifest, target, count):
    """The same manifest with only `count` pictures to train on, of all classes alike."""
    lines = manifest.read_text().splitlines()
    rows = [json.loads(line) for line in lines[1:-1]]
    training = [i for i, row in enumerate(rows) if row["keep"] and row["split"] == "train"]
    chosen = {training[i * len(training) // count] for i in range(min(count, len(training)))}
    left = [line for i, line in enumerate(lines[1:-1]) if i in chosen or rows[i].get("split") in ("val", "test")]
    target.write_text("\n".join([lines[0], *left, lines[-1]]) + "\n")
    return len(chosen)


def compare_speed(manifest, pictures, tasks, work, epochs, turns):
    rate = lines_of(run(PYTHON, PEER, "rate"))[0]
    product = rate["bf16_operations_per_second"]
    print(f"\nPyTorch {rate['torch']}, {len(os.sched_getaffinity(0))} cores, {pictures} pictures in batches of {BATCH}, "
          f"best of {turns} turns, each the median of {epochs} epochs after the first; bf16 matrix products here: {product / 1e9:.0f} G operations/s")
    for title, recipe, network, size in tasks:
        print(f"\n{title + ', ' + network:<44}{'images/s':>9}{'of bf16 products':>18}{'winnow is':>11}")
        rates, ours = {}, math.nan
        for turn in range(turns):
            for name, options in PEERS:
                measured = peer_epochs(manifest, network, size, epochs, options)
                rates[name] = max(median_rate(measured), rates.get(name, 0))
                operations = 3 * measured[0]["operations"]  # forward, and twice as much backward
            try:
                ours = max(winnow_rate(manifest, work, recipe, network, size, epochs), 0 if turn == 0 else ours)
            except RuntimeError as error:
                print(error)
                break
        print(f"{'winnow-train (decodes beforehand)':<44}{ours:>9.0f}{100 * ours * operations / product:>16.1f} %")
        for name, value in rates.items():
            print(f"{name:<44}{value:>9.0f}{100 * value * operations / product:>16.1f} %{ours / value:>9.2f} x")


def time_probe(manifest, work):
    """Returns the seconds until the checkpoint is there, and those of the embeddings among them."""
    folder = work / "run"
    shutil.rmtree(folder, ignore_errors=True)
    log = work / "log"
    start = time.monotonic()
    with log.open("w") as out:
        process = subprocess.Popen(list(map(str, (TRAIN, manifest, "-o", folder, "--recipe", "probe", "--no-cache", "-vv"))),
                                   stdout=out, stderr=subprocess.STDOUT)
        while not (folder / "best.ckpt").exists() and process.poll() is None:
            time.sleep(0.002)
        seconds = time.monotonic() - start
        process.wait()
    text = log.read_text()
    embedded = re.search(r"embedded (\d+) images in ([\d.]+) s", text)
    if process.returncode not in (0, 3) or not embedded:
        raise RuntimeError(text.strip().splitlines()[-1] if text.strip() else f"ended with {process.returncode}")
    return seconds, float(embedded[2]), int(embedded[1])


def compare_probe(manifest, work):
    runs = [time_probe(manifest, work) for _ in range(3)]
    seconds, embedding, count = (statistics.median(column) for column in zip(*runs))
    print(f"\nprobe on {count:.0f} photographs: {seconds:.2f} s from start to checkpoint, {embedding:.2f} s of them the "
          f"embeddings: {seconds / embedding:.2f} times")


def train_fashion(work):
    if not FASHION.is_dir():
        raise SystemExit("dataset-fashion-mnist is not installed; scripts/setup.sh --bench does it")
    data = work / "fashion"
    data.mkdir()
    for file in FASHION.rglob("*ubyte.gz"):
        (data / file.stem).write_bytes(gzip.decompress(file.read_bytes()))
    start = time.monotonic()
    try:
        text = run(TRAIN, data, "-o", work / "fashion-run", "--recipe", "scratch")
    except RuntimeError as error:
        print(f"\nFashion-MNIST from scratch: {error}")
        return
    print(f"\nFashion-MNIST from scratch, {time.monotonic() - start:.0f} s:")
    print("\n".join(line for line in text.splitlines() if "accuracy" in line and "epoch" not in line))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--turns", type=int, default=2)
    parser.add_argument("--only", choices=("scratch", "finetune", "probe", "fashion"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        manifest = work / "curated.jsonl"
        run(CURATE, arguments.folder.resolve(), "-o", manifest, "--quick")
        tasks = [task for task in TASKS if arguments.only in (None, task[1])]
        if tasks:
            count = take_some(manifest, work / "some.jsonl", arguments.pictures)
            compare_speed(work / "some.jsonl", count, tasks, work, arguments.epochs, arguments.turns)
        if arguments.only in (None, "probe"):
            compare_probe(manifest, work)
        if arguments.only in (None, "fashion"):
            train_fashion(work)


if __name__ == "__main__":
    sys.exit(main())
