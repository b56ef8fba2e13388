#!/usr/bin/env python3
"""winnow-serve under load, beside FastAPI with ONNX Runtime and Pillow: same photograph, same load, in turns.

The load comes from wrk on the same cores. What counts is the ratio.
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
OURS, PEER = "http://127.0.0.1:18080", "http://127.0.0.1:18081"
POST = """
local file = io.open(os.getenv("PHOTO"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "image/jpeg"
"""


def milliseconds(text):
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def load(url, connections, seconds, script=None, environment=None, core=None):
    """Returns requests a second, and the 50th and 99th percentile in milliseconds."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", *(["-s", script] if script else []), url]
    if core is not None:
        command = ["taskset", "-c", str(core), *command]
    out = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **(environment or {})}).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(f"serve_bench: {url} did not answer all:\n{out}")
    median, tail = (milliseconds(re.search(rf"^\s+{p}%\s+(\S+)", out, re.M)[1]) for p in (50, 99))
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]), median, tail


def memory(pid, field):
    return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1000


class Server:
    def __init__(self, command, url, ready, environment=None):
        self.begun = time.monotonic()
        self.process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, **(environment or {})})
        while True:
            try:
                urllib.request.urlopen(url + ready).read()
                break
            except OSError:
                if self.process.poll() is not None or time.monotonic() - self.begun > 60:
                    sys.exit(f"serve_bench: {command[0]} does not start")
                time.sleep(0.005)
        self.seconds = time.monotonic() - self.begun

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--photo", type=pathlib.Path, required=True, help="a JPEG of about 17 kB")
    arguments.add_argument("--model", type=pathlib.Path, required=True, help="a model file of winnow-export")
    arguments.add_argument("--python", type=pathlib.Path, default=ROOT / ".deps/bench/bin/python")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=5)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder) / "post.lua"
        script.write_text(POST)
        sends = {"script": script, "environment": {"PHOTO": str(options.photo)}}
        cache = {"XDG_CACHE_HOME": folder}
        ours = [ROOT / "build/bin/winnow-serve", options.model, "--listen", "127.0.0.1:18080"]
        peer = [options.python, "-m", "uvicorn", "--app-dir", ROOT / "bench", "serve_peer:app", "--port", "18081", "--no-access-log"]

        with Server(ours, OURS, "/readyz", cache) as server:
            print(f"ready, nothing cached            {1000 * server.seconds:7.0f} ms")
        starts = []
        for _ in range(5):
            with Server(ours, OURS, "/readyz", cache) as server:
                starts.append(server.seconds)
                time.sleep(0.5)
                idle = memory(server.process.pid, "VmRSS")
        print(f"ready                            {1000 * statistics.median(starts):7.0f} ms\nidle memory                      {idle:7.0f} MB")

        rates = {1: [], 16: []}
        others = {1: [], 16: []}
        for _ in range(options.runs):
            with Server(ours, OURS, "/readyz", cache) as server:
                for connections, runs in rates.items():
                    load(OURS + "/api/classify", connections, 1, **sends)
                    runs.append(load(OURS + "/api/classify", connections, options.seconds, **sends))
                peak = memory(server.process.pid, "VmHWM")
            with Server(peer, PEER, "/healthz", {"MODEL": str(options.model)}) as server:
                for connections, runs in others.items():
                    load(PEER + "/api/classify", connections, 1, **sends)
                    runs.append(load(PEER + "/api/classify", connections, options.seconds, **sends))
                other_peak = memory(server.process.pid, "VmHWM")
        for connections in rates:
            mine, theirs = (tuple(map(statistics.median, zip(*runs[connections]))) for runs in (rates, others))
            for name, (rate, median, tail) in (("winnow-serve", mine), ("FastAPI", theirs)):
                print(f"{name:<13}{connections:3} connections     {rate:7.0f} requests/s   p50 {median:6.2f} ms   p99 {tail:6.2f} ms")
            print(f"{'':<33}{mine[0] / theirs[0]:7.1f} times")
        print(f"memory under load                {peak:7.0f} MB, FastAPI {other_peak:.0f} MB")

        with Server([*ours, "--threads", "1"], OURS, "/readyz", cache) as server:
            subprocess.run(["taskset", "-apc", "0", str(server.process.pid)], check=True, stdout=subprocess.DEVNULL)
            page = urllib.request.urlopen(OURS + "/").read().decode()
            for path in ("/healthz", "/" + re.search(r"assets/app\.[0-9a-f]+\.css", page)[0], "/"):
                rate, _, _ = load(OURS + path, 16, 3, core=1)
                print(f"{path:<33}{rate:7.0f} requests/s on one core")


if __name__ == "__main__":
    main()
