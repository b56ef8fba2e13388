#!/usr/bin/env python3
"""winnow-curate beside cleanvision: the same photographs, the same cores, turn by turn.

    bench/run.sh curate cleanvision FOLDER [--planted N] [--runs N]

FOLDER has one subfolder of photographs per class; nothing in it is changed. In a copy N photographs for each kind of
fault get it, and N copies of each kind stand beside their originals. Both programs look for what both know: dark,
light, blurry, little to see, odd shapes, grey, the same bytes, the same look. cleanvision's odd sizes are left out of its
work, as nothing is planted there.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from PIL import Image, ImageEnhance, ImageFilter

from scrape_bench import measure

ROOT = pathlib.Path(__file__).resolve().parent.parent
CURATE = ROOT / "build/bin/winnow-curate"
# As winnow-curate calls them: as cleanvision does.
KINDS = {"dark": "dark", "light": "light", "blurry": "blurry", "low_information": "low_information",
         "odd_aspect_ratio": "odd_aspect_ratio", "grey": "grayscale", "exact_duplicate": "exact_duplicates",
         "near_duplicate": "near_duplicates"}
CLEANVISION = """
import json, sys
from cleanvision import Imagelab
folder, answer, cores, *kinds = sys.argv[1:]
lab = Imagelab(data_path=folder)
lab.find_issues({kind: {} for kind in kinds}, n_jobs=int(cores), verbose=False)
found = {kind: [str(path) for path in lab.issues.index[lab.issues["is_" + kind + "_issue"]]] for kind in kinds}
json.dump(found, open(answer, "w"))
"""


FAULTS = {
    "dark": lambda photo: ImageEnhance.Brightness(photo).enhance(0.2),
    "light": lambda photo: photo.point(lambda value: 248 + value // 40),
    "blurry": lambda photo: photo.filter(ImageFilter.GaussianBlur(photo.width / 8)),
    "low_information": lambda photo: photo.point(lambda value: 127 + value // 128),
    "odd_aspect_ratio": lambda photo: photo.crop((0, 0, photo.width, photo.height // 5)),
    "grey": lambda photo: photo.convert("L"),
}


def plant(source, target, each):
    """Copies the photographs and plants faults; returns the planted files by kind, relative to target."""
    shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))
    photos = sorted(p for p in target.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg"))
    kinds = len(KINDS)
    if len(photos) < kinds * each:
        raise SystemExit(f"{source} has {len(photos)} JPEG photographs, {kinds * each} are needed; lower --planted")
    step = len(photos) // (kinds * each)
    planted = {}
    for number, kind in enumerate(KINDS):
        chosen = photos[number * step::kinds * step][:each]
        for photo in chosen:
            if kind == "exact_duplicate":
                file = photo.with_stem(photo.stem + "_same")
                shutil.copyfile(photo, file)
            else:
                picture = Image.open(photo).convert("RGB")
                near = kind == "near_duplicate"
                file = photo.with_stem(photo.stem + "_alike") if near else photo
                (picture if near else FAULTS[kind](picture)).save(file, quality=60 if near else 95)
            planted.setdefault(kind, set()).add(str(file.relative_to(target)))
    return planted


def found_by_winnow(manifest):
    found = {kind: set() for kind in KINDS}
    for line in manifest.read_text().splitlines():
        row = json.loads(line)
        for issue in row.get("issues", []):
            if issue["issue"] in found:
                found[issue["issue"]].add(row["path"])
    return found


def found_by_cleanvision(answer, folder):
    found = json.loads(answer.read_text())
    root = os.path.realpath(folder)
    return {kind: {os.path.relpath(os.path.realpath(path), root) for path in found[name]} for kind, name in KINDS.items()}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--planted", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as scratch:
        work = pathlib.Path(scratch)
        planted = plant(arguments.folder, work / "photos", arguments.planted)
        manifest, answer = work / "curated.jsonl", work / "answer.json"
        commands = {
            "winnow-curate --quick": [CURATE, work / "photos", "-o", manifest, "--quick"],
            "cleanvision": [sys.executable, "-c", CLEANVISION, work / "photos", answer, cores, *KINDS.values()],
            "winnow-curate": [CURATE, work / "photos", "-o", work / "all.jsonl", "--no-cache"],
        }
        figures = {}
        for _ in range(arguments.runs):
            for name, command in commands.items():
                figures.setdefault(name, []).append(measure(command))
        count = sum(1 for p in (work / "photos").rglob("*") if p.is_file())
        winnow, cleanvision = found_by_winnow(manifest), found_by_cleanvision(answer, work / "photos")

    version = subprocess.run([sys.executable, "-m", "pip", "show", "cleanvision"], capture_output=True, text=True)
    print(f"{count} photographs, {cores} cores, median of {arguments.runs} runs; cleanvision "
          + next(line.split()[1] for line in version.stdout.splitlines() if line.startswith("Version:")))
    print(f"{'':<24}{'seconds':>9}{'images/s':>10}{'peak memory':>14}")
    seconds = {name: statistics.median(s for s, _ in values) for name, values in figures.items()}
    for name, values in figures.items():
        memory = statistics.median(m for _, m in values)
        print(f"{name:<24}{seconds[name]:>9.2f}{count / seconds[name]:>10.0f}{memory / 1e6:>11.0f} MB")
    print(f"ratio {seconds['cleanvision'] / seconds['winnow-curate --quick']:.1f}")
    print(f"\n{'':<18}{'planted':>8}{'found by winnow':>17}{'by cleanvision':>16}{'flagged by winnow':>19}"
          f"{'by cleanvision':>16}{'by both':>9}")
    for kind in KINDS:
        ours, theirs = winnow[kind], cleanvision[kind]
        print(f"{kind:<18}{len(planted[kind]):>8}{len(planted[kind] & ours):>17}{len(planted[kind] & theirs):>16}"
              f"{len(ours):>19}{len(theirs):>16}{len(ours & theirs):>9}")


if __name__ == "__main__":
    main()
