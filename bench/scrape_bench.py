#!/usr/bin/env python3
"""winnow-scrape beside img2dataset: the same photographs, the same nginx, the same cores, turn by turn.

    bench/scrape_bench.py [--photos DIR] [--count N] [--runs N]

`make bench` runs it with the demo photographs. Each is served under many names, every time a little different, so that no
two files are the same bytes. Both programs get the same list of addresses and write a folder of files.
"""
import argparse
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRAPE = ROOT / "build/bin/winnow-scrape"
IMG2DATASET = ROOT / ".deps/bench/bin/img2dataset"
PORT = 18471


def variant(jpeg, number):
    """The same photograph in other bytes: the first step of its first quantisation table is changed by `number`."""
    at = 2
    while jpeg[at + 1] != 0xDB:
        at += 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
    if jpeg[at + 4] >> 4:
        raise SystemExit("a photograph with a 16-bit quantisation table; leave it out")
    first = at + 5
    return jpeg[:first] + bytes([(jpeg[first] + number) % 255 + 1]) + jpeg[first + 1:]


def write_photos(source, folder, count):
    """JPEG files, no two alike; returns their mean size in bytes."""
    contents = [p.read_bytes() for p in sorted(source.rglob("*")) if p.suffix.lower() in (".jpg", ".jpeg")]
    folder.mkdir()
    total = 0
    for i in range(count):
        content = variant(contents[i % len(contents)], i // len(contents))
        (folder / f"{i:06}.jpg").write_bytes(content)
        total += len(content)
    return total / count


class Nginx:
    def __init__(self, folder, work):
        config = work / "nginx.conf"
        config.write_text(f"""
worker_processes 1; daemon off; pid {work}/nginx.pid; error_log {work}/error.log;
events {{ worker_connections 4096; }}
http {{
  access_log off; sendfile on; keepalive_requests 1000000; types {{ image/jpeg jpg; }}
  client_body_temp_path {work}; proxy_temp_path {work}; fastcgi_temp_path {work}; uwsgi_temp_path {work};
  scgi_temp_path {work};
  server {{ listen 127.0.0.1:{PORT} backlog=4096; root {folder}; }}
}}""")
        self.process = subprocess.Popen(["nginx", "-c", config, "-e", f"{work}/error.log"])
        time.sleep(0.5)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def tree_memory(pid):
    """Resident bytes of a process and its descendants, shared pages counted in each."""
    total, waiting = 0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            status = pathlib.Path(f"/proc/{one}/status").read_text()
            total += int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += pathlib.Path(f"/proc/{one}/task/{task}/children").read_text().split()
        except (OSError, TypeError):
            pass
    return total


def measure(command):
    """Returns seconds and the peak of the memory of all its processes."""
    peak = 0
    done = threading.Event()
    start = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               env={**os.environ, "NO_ALBUMENTATIONS_UPDATE": "1"})

    def watch():
        nonlocal peak
        while not done.wait(0.05):
            peak = max(peak, tree_memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    seconds = time.monotonic() - start
    done.set()
    watcher.join()
    if code != 0:
        raise SystemExit(f"{command[0]} ended with {code}")
    return seconds, peak


def contenders(urls, out, resize):
    winnow = [SCRAPE, "-o", out / "winnow", "--urls", urls, "--label", "photo", "--allow-private", "--no-politeness",
              "--same-bits", "-1"]  # the copies look the same
    img2dataset = [IMG2DATASET, "--url_list", urls, "--output_folder", out / "img2dataset", "--output_format", "files",
                   "--processes_count", "2", "--thread_count", "32", "--retries", "0"]
    if resize:
        winnow += ["--max-side", "256"]
        img2dataset += ["--resize_mode", "keep_ratio_largest", "--image_size", "256", "--resize_only_if_bigger", "True"]
    else:
        img2dataset += ["--resize_mode", "no"]
    return {"winnow-scrape": winnow, "img2dataset": img2dataset}


def count_files(folder):
    return sum(1 for p in folder.rglob("*") if p.suffix in (".jpg", ".png", ".webp"))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--photos", type=pathlib.Path, default=ROOT / ".deps/pictures/assets")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        size = write_photos(arguments.photos, work / "site", arguments.count)
        urls = work / "urls.txt"
        urls.write_text("".join(f"http://127.0.0.1:{PORT}/{i:06}.jpg\n" for i in range(arguments.count)))
        nginx = Nginx(work / "site", work)
        print(f"{arguments.count} photographs of {size / 1000:.0f} kB on average, median of {arguments.runs} runs")
        print(f"{'':<32}{'images/s':>10}{'peak memory':>14}")
        try:
            for resize in (False, True):
                figures = {}
                for _ in range(arguments.runs):
                    for name, command in contenders(urls, work, resize).items():
                        shutil.rmtree(work / name.removesuffix("-scrape"), ignore_errors=True)
                        seconds, memory = measure(command)
                        kept = count_files(work / name.removesuffix("-scrape"))
                        if kept != arguments.count:
                            raise SystemExit(f"{name} kept {kept} of {arguments.count} images")
                        figures.setdefault(name, []).append((arguments.count / seconds, memory))
                rates = {name: statistics.median(rate for rate, _ in values) for name, values in figures.items()}
                for name, values in figures.items():
                    label = name + (", longer side 256 px" if resize else "")
                    memory = statistics.median(m for _, m in values)
                    print(f"{label:<32}{rates[name]:>10.0f}{memory / 1e6:>11.0f} MB")
                print(f"{'ratio':<32}{rates['winnow-scrape'] / rates['img2dataset']:>10.1f}")
        finally:
            nginx.stop()


if __name__ == "__main__":
    main()
