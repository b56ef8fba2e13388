#!/usr/bin/env python3
"""What one core carries: classifications and jobs a second, memory, disk; and what that comes to in money.

The server runs on one core alone with one thread, whoever asks on another. What a core carries is reckoned from the processor
time that the kernel books on the server: other programs on the machine disturb that less than the clock. Medians of the runs.
docs/operating/capacity.md has the figures of one machine; --core-hour and its like are yours to change.
"""
import argparse
import contextlib
import http.cookiejar
import io
import json
import math
import os
import pathlib
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zipfile

from PIL import Image

from serve_bench import Server, load, memory

ROOT = pathlib.Path(__file__).resolve().parent.parent
FORM = """
local file = io.open(os.getenv("PHOTO"), "rb")
local photo = file:read("*a")
local parts = {}
for i = 1, 8 do
  parts[i] = '--x\\r\\nContent-Disposition: form-data; name="file"; filename="' .. i .. '.jpg"\\r\\n\\r\\n' .. photo .. '\\r\\n'
end
wrk.method = "POST"
wrk.body = table.concat(parts) .. "--x--\\r\\n"
wrk.headers["Content-Type"] = "multipart/form-data; boundary=x"
"""
SINGLE = """
local file = io.open(os.getenv("PHOTO"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "image/jpeg"
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_model():
    found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.processor()


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.cores = sorted(os.sched_getaffinity(0))
        if len(self.cores) < 2:
            sys.exit("capacity: needs two cores, one to serve and one to ask")
        self.small = options.photo
        self.large = folder / "large.jpg"
        Image.open(options.photo).convert("RGB").resize((4000, 3000), Image.Resampling.BICUBIC).save(self.large, quality=90)
        for name, text in (("form.lua", FORM), ("single.lua", SINGLE)):
            (folder / name).write_text(text)

    def start(self, *more):
        port = free_port()
        command = ["taskset", "-c", self.cores[0], self.options.server, self.options.model, "--listen", f"127.0.0.1:{port}",
                   "--threads", 1, *more]
        url = f"http://127.0.0.1:{port}"
        return Server(command, url, "/readyz", {"XDG_CACHE_HOME": str(self.folder)}), url

    def median(self, runs):
        return tuple(map(statistics.median, zip(*runs)))

    def measure_http(self):
        print("\nHTTP, server on one core\n")
        rates = {}
        cases = [("one small picture a request", "single.lua", self.small, 1, 16), ("one small picture, one client", "single.lua", self.small, 1, 1),
                 ("8 small pictures a request", "form.lua", self.small, 8, 4), ("one of 12 megapixels", "single.lua", self.large, 1, 4)]
        for name, script, photo, pictures, connections in cases:
            runs, peaks, costs = [], [], []
            for _ in range(self.options.runs):
                server, url = self.start()
                with server:
                    idle = memory(server.process.pid, "VmRSS")
                    sends = {"script": self.folder / script, "environment": {"PHOTO": str(photo)}, "core": self.cores[1]}
                    load(url + "/api/classify", connections, 1, **sends)
                    before, answered = cpu_seconds(server.process.pid), requests_of(url)
                    runs.append(load(url + "/api/classify", connections, self.options.seconds, **sends))
                    costs.append((cpu_seconds(server.process.pid) - before) / (requests_of(url) - answered))
                    peaks.append((idle, memory(server.process.pid, "VmHWM")))
            rate, p50, p99 = self.median(runs)
            idle, peak = self.median(peaks)
            cost = statistics.median(costs)
            rates[name] = pictures / cost
            print(f"{name:<30} {photo.stat().st_size / 1000:6.0f} kB {connections:3} connections  {1000 * cost:7.2f} ms of a core each: "
                  f"{1 / cost:7.1f} requests/s, {pictures / cost:7.1f} pictures/s  seen {rate:7.1f} requests/s  p50 {p50:6.1f} ms  "
                  f"p99 {p99:6.1f} ms  idle {idle:4.0f} MB  peak {peak:4.0f} MB  {(peak - idle) / connections:5.1f} MB each")
        return rates

    def disk_without_jobs(self):
        data = self.folder / "data-empty"
        server, url = self.start("--data", data)
        with server:
            Client(url)
        return disk(data)

    def measure_jobs(self):
        print("\nBatch jobs, one process (--data) on one core\n")
        results = {}
        before = self.disk_without_jobs()
        for pictures, count in ((1, 100), (10, 40), (200, 4)):
            rates, disks, memories, costs = [], [], [], []
            for run in range(self.options.runs):
                data = self.folder / f"data-{pictures}-{run}"
                server, url = self.start("--data", data, "--free-upload", 1 << 29)
                with server:
                    idle = memory(server.process.pid, "VmRSS")
                    client = Client(url)
                    batch = archive(self.small, pictures)
                    spent = cpu_seconds(server.process.pid)
                    begun = time.monotonic()
                    for _ in range(count):
                        client.upload(batch)
                    client.wait(count)
                    rates.append((count / (time.monotonic() - begun),))
                    costs.append((cpu_seconds(server.process.pid) - spent) / count)
                    memories.append((idle, memory(server.process.pid, "VmHWM")))
                    client.wait_for_discards()
                after = disk(data)  # now that the database is one file again
                disks.append(tuple((after[part] - before[part]) / count for part in ("objects", "database")))
            (rate,) = self.median(rates)
            objects, database = self.median(disks)
            idle, peak = self.median(memories)
            cost = statistics.median(costs)
            results[pictures] = 1 / cost
            print(f"{pictures:4} pictures a job  {1000 * cost:8.1f} ms of a core each: {1 / cost:6.2f} jobs/s, {pictures / cost:7.1f} pictures/s  "
                  f"seen {rate:6.2f} jobs/s  results {objects / 1000:8.1f} kB  database {database / 1000:6.2f} kB a job  "
                  f"idle {idle:4.0f} MB  peak {peak:4.0f} MB")
        return results


def requests_of(url):
    text = urllib.request.urlopen(url + "/metrics").read().decode()
    return float(re.search(r'^winnow_requests_total\{route="/api/classify",status="200"\} (\S+)$', text, re.M)[1])


def archive(photo, pictures):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as batch:
        for i in range(pictures):
            batch.write(photo, f"{i}.jpg")
    return content.getvalue()


def disk(data):
    sizes = {"objects": 0, "database": 0}
    for path in data.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                part = "objects" if "objects" in path.parts else "database" if path.name.startswith("jobs.db") else None
                if part and not path.name.endswith(("-wal", "-shm")):
                    sizes[part] += path.stat().st_size
    return sizes


class Client:
    """A user with a token."""

    def __init__(self, url):
        self.url = url
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
        self.form("/register", "/register", email="bench@example.org", password="correct horse battery")
        page = self.form("/account", "/account/tokens", name="bench")
        self.token = re.search(r"wnk_[\w-]{43}", page)[0]

    def form(self, page, action, **fields):
        text = self.opener.open(self.url + page).read().decode()
        fields["csrf"] = re.search(r'name="csrf" value="([^"]+)"', text)[1]
        return self.opener.open(self.url + action, urllib.parse.urlencode(fields).encode()).read().decode()

    def ask(self, path, body=None):
        request = urllib.request.Request(self.url + path, body, {"Authorization": "Bearer " + self.token,
                                                                 "Content-Type": "application/zip"})
        return urllib.request.urlopen(request).read()

    def upload(self, batch):
        self.ask("/api/v1/jobs?name=batch.zip", batch)

    def metric(self, name):
        text = urllib.request.urlopen(self.url + "/metrics").read().decode()
        return sum(float(value) for value in re.findall(rf"^{re.escape(name)} (\S+)$", text, re.M))

    def wait(self, count):
        while True:  # a finished job does not become unfinished: only the last ones are asked about
            states = [job["state"] for job in json.loads(self.ask(f"/api/v1/jobs?limit={min(count, 200)}"))["jobs"]]
            if set(states) <= {"done"}:
                return
            if "failed" in states:
                sys.exit("capacity: a job failed")
            time.sleep(0.02)

    def wait_for_discards(self):
        for _ in range(1000):
            if self.metric('winnow_tasks_backlog{kind="discard"}') == 0 and self.metric("winnow_jobs_backlog") == 0:
                time.sleep(6)  # what is said there may be some seconds old
                if self.metric('winnow_tasks_backlog{kind="discard"}') == 0:
                    return
            time.sleep(0.1)
        sys.exit("capacity: uploads are not removed")


def print_costs(options, http_rate, job_rate):
    """http_rate: classifications/s of a core; job_rate: pictures/s of a core in jobs."""
    used = options.utilisation
    print(f"\nCosts, at {options.core_hour} a core-hour, {options.gb_month} a GB-month, cores {used:.0%} busy\n")
    for name, rate in (("classifications over HTTP", http_rate), ("pictures in jobs", job_rate)):
        hours = 1e6 / rate / used / 3600
        print(f"a million {name:<26} {hours:6.2f} core-hours  {hours * options.core_hour:7.3f}")
    pictures_per_day = options.users * options.pictures_a_day
    peak = pictures_per_day / 86400 * options.peak
    cores = peak / min(http_rate, job_rate) / used
    rented = max(2, math.ceil(cores))  # two machines at least, so that one may fail
    kept = options.users * options.pictures_a_day * options.days_kept * options.kb_a_picture / 1e6
    print(f"{options.users} users: {pictures_per_day:.0f} pictures a day, {peak:.1f} a second at the peak, {cores:.1f} cores busy then, "
          f"{rented} rented: {rented * 730 * options.core_hour:.2f} a month; {kept:.0f} GB kept: "
          f"{kept * options.gb_month:.2f} a month")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    arguments.add_argument("what", nargs="?", choices=["http", "jobs", "costs", "all"], default="all")
    arguments.add_argument("--photo", type=pathlib.Path, help="a JPEG of about 17 kB")
    arguments.add_argument("--model", type=pathlib.Path, help="a model file of winnow-export")
    arguments.add_argument("--server", type=pathlib.Path, default=ROOT / "build/bin/winnow-serve")
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=4)
    arguments.add_argument("--http-rate", type=float, default=0, help="for costs: classifications a second of a core; 0: as measured")
    arguments.add_argument("--job-rate", type=float, default=0, help="for costs: pictures a second of a core; 0: as measured")
    arguments.add_argument("--core-hour", type=float, default=0.04, help="an example, not a quote")
    arguments.add_argument("--gb-month", type=float, default=0.02, help="an example, not a quote")
    arguments.add_argument("--utilisation", type=float, default=0.5, help="how busy a core may be, so that nobody waits")
    arguments.add_argument("--users", type=int, default=10_000)
    arguments.add_argument("--pictures-a-day", type=float, default=10, help="of a user, on average")
    arguments.add_argument("--peak", type=float, default=10, help="the busiest minute over the mean")
    arguments.add_argument("--days-kept", type=float, default=365)
    arguments.add_argument("--kb-a-picture", type=float, default=4.6, help="of results")
    options = arguments.parse_args()
    http_rate, job_rate = options.http_rate, options.job_rate
    if options.what != "costs":
        if not options.photo or not options.model:
            arguments.error("--photo and --model are needed to measure")
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
        print(f"{cpu_model()}, {os.cpu_count()} cores, {gigabytes:.0f} GB; medians of {options.runs} runs")
        with tempfile.TemporaryDirectory() as folder:
            bench = Bench(options, pathlib.Path(folder))
            if options.what in ("http", "all"):
                rate = bench.measure_http()["one small picture a request"]
                http_rate = http_rate or rate
            if options.what in ("jobs", "all"):
                rate = bench.measure_jobs()[200] * 200
                job_rate = job_rate or rate
    if http_rate and job_rate:
        print_costs(options, http_rate, job_rate)


if __name__ == "__main__":
    main()
