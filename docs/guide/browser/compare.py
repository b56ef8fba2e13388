#!/usr/bin/env python3
"""Compares what the page answers in Chromium with winnow-classify, on pictures of one's own.

    docs/guide/browser/compare.py MODEL.onnx MODEL PICTURE...

The page runs the first model, winnow-classify (of build/bin) the second: the same file, or the same run as .pt, which is
computed in float32 everywhere, while OpenVINO takes bfloat16 where the processor has it. Needs what `scripts/setup.sh
--guide` fetches.
"""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile

from chromium import STRICT, Chromium, serve

HERE = pathlib.Path(__file__).resolve().parent
PROGRAMS = HERE.parents[2] / "build/bin"


def classify(model, pictures, programs=PROGRAMS):
    """Answers of winnow-classify by path; pictures that it cannot read are left out."""
    done = subprocess.run([programs / "winnow-classify", model, *pictures, "--top", "1000", "--format", "jsonl", "--no-cache"],
                          stdout=subprocess.PIPE, text=True)
    if done.returncode not in (0, 3):
        raise RuntimeError(f"winnow-classify failed ({done.returncode})")
    return {answer["path"]: answer for answer in map(json.loads, done.stdout.splitlines())}


def ask_page(page, paths, **options):
    """Answers of winnow.js by path, of pictures that the page's server has; how many threads; the self-check."""
    return page.run(f"""(async () => {{
        const {{ openModel }} = await import("./winnow.js");
        const model = await openModel("model.onnx", {json.dumps(options)});
        const answers = {{}};
        for (const path of {json.dumps(paths)}) {{
          answers[path] = await model.classify(await (await fetch(path)).blob());
        }}
        return {{ answers, threads: model.threads, check: await model.check() }};
    }})()""")


def difference(one, other):
    """The largest of the probabilities' differences."""
    scores = [{score["label"]: score["score"] for score in answer["scores"]} for answer in (one, other)]
    return max(abs(scores[0][label] - scores[1][label]) for label in scores[0])


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    model, reference, *pictures = sys.argv[1:]
    expected = classify(reference, pictures)
    with tempfile.TemporaryDirectory() as site:
        subprocess.run([HERE / "assemble.sh", model, site], check=True)
        names = {path: f"{number}{pathlib.Path(path).suffix}" for number, path in enumerate(expected)}
        for path, name in names.items():
            shutil.copy(path, pathlib.Path(site, name))
        with serve(site, STRICT) as address, Chromium() as browser, browser.open(address) as page:
            page.wait_for("document.getElementById('loading')?.hidden")
            answers = ask_page(page, list(names.values()))["answers"]
    found = {path: difference(answer, answers[names[path]]) for path, answer in expected.items()}
    worst = max(found, key=found.get)
    print(f"{len(found)} pictures: probabilities differ by {found[worst]:.1e} at most ({worst}), "
          f"{statistics.median(found.values()):.0e} in the middle")
    for part in ("label", "unknown"):
        print(f"  another {part}: {sum(expected[path][part] != answers[names[path]][part] for path in found)}")


if __name__ == "__main__":
    main()
