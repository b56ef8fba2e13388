#!/usr/bin/env python3
"""winnow-serve treated badly for minutes: what it answers, how much memory it takes, and how long /healthz takes meanwhile.

  slow   slowhttptest in its four modes, 1,000 connections each
  idle   10,000 connections that do nothing after their first request
  soak   classify requests at full load, oversized pictures and clients that go away, while the model file is replaced;
         in the end SIGTERM under load

Fails if something is answered that should not be, or not answered that should. Starts build/bin/winnow-serve itself.
"""
import argparse
import asyncio
import collections
import contextlib
import multiprocessing
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
HEALTHY_MS = 50
MEMORY_LIMIT = 512 << 20


def fail(text):
    sys.exit(f"serve_torture: {text}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class MemoryGroup:
    """A control group of its own for the server, version 1 or 2, if this user may make one."""

    def __init__(self):
        self.folder = None
        root = pathlib.Path("/sys/fs/cgroup")
        for parent, limit, peak in ((root / "memory", "memory.limit_in_bytes", "memory.max_usage_in_bytes"),
                                    (root, "memory.max", "memory.peak")):
            folder = parent / f"winnow-torture-{os.getpid()}"
            try:
                folder.mkdir()
            except OSError:
                continue
            try:
                (folder / limit).write_text(str(MEMORY_LIMIT))
            except OSError:
                folder.rmdir()
                continue
            self.folder, self.peak = folder, folder / peak
            return

    def join(self):  # in the server's process
        if self.folder:
            (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def report(self):
        if not self.folder:
            return "no memory limit: control groups are not for this user"
        peak = int(self.peak.read_text()) / 1e6 if self.peak.exists() else float("nan")
        return f"control group of 512 MiB, at most {peak:.0f} MB used"

    def remove(self):
        if self.folder:
            self.folder.rmdir()


class Server:
    def __init__(self, folder, model, *arguments):
        self.folder, self.port, self.group = folder, free_port(), MemoryGroup()
        self.model = folder / "pets.onnx"
        shutil.copyfile(model, self.model)
        self.log = (folder / "server.log").open("w+")
        command = [ROOT / "build/bin/winnow-serve", self.model, "--listen", f"127.0.0.1:{self.port}", "--poll", "1", *arguments]
        self.process = subprocess.Popen([str(word) for word in command], stderr=self.log, stdout=subprocess.DEVNULL,
                                        preexec_fn=self.group.join, env={**os.environ, "XDG_CACHE_HOME": str(folder)})
        deadline = time.monotonic() + 60
        while self.status("/readyz") != 200:
            if self.process.poll() is not None or time.monotonic() > deadline:
                fail(f"the server does not start: {self.errors()}")
            time.sleep(0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.group.remove()

    def status(self, path):
        try:
            return ask(self.port, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        except OSError:
            return 0

    def memory(self, field="VmRSS"):
        return int(re.search(rf"{field}:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text())[1]) / 1000

    def errors(self):
        self.log.flush()
        return [line for line in pathlib.Path(self.log.name).read_text().splitlines() if "error" in line]


def ask(port, request, source="127.0.0.1"):
    """One request on a connection of its own; returns the status."""
    with socket.create_connection(("127.0.0.1", port), 30, (source, 0)) as client:
        client.sendall(request)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return int(answer.split(b" ", 2)[1]) if answer else 0


def post(body, connection="keep-alive"):
    return (f"POST /api/classify HTTP/1.1\r\nHost: x\r\nConnection: {connection}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {len(body)}\r\n\r\n").encode() + body


def watch_health(port, stop, results):
    """In a process of its own and as another client: times are the server's, not those of who makes the load."""
    request = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    times, failures = [], 0
    while not stop.is_set():
        begun = time.monotonic()
        try:
            failures += ask(port, request, "127.0.0.9") != 200
        except OSError:
            failures += 1
        times.append(1000 * (time.monotonic() - begun))
        time.sleep(0.02)
    results.put((times, failures))


@contextlib.contextmanager
def health_watched(server, limit=None):
    """Yields a function that ends the watch, and prints and checks what it saw."""
    stop, results = multiprocessing.Event(), multiprocessing.Queue()
    watcher = multiprocessing.Process(target=watch_health, args=(server.port, stop, results), daemon=True)
    watcher.start()

    def finish(what):
        stop.set()
        times, failures = results.get()
        watcher.join()
        times.sort()
        print(f"{what:<34} /healthz {len(times)} times: median {statistics.median(times):.2f} ms, "
              f"99% {times[int(len(times) * 0.99)]:.1f} ms, at most {times[-1]:.1f} ms", flush=True)
        if failures:
            fail(f"{what}: /healthz failed {failures} times")
        if limit and times[-1] > limit:
            fail(f"{what}: /healthz took {times[-1]:.0f} ms, more than {limit}")

    try:
        yield finish
    finally:
        stop.set()


def slow(options, folder):
    if not shutil.which("slowhttptest"):
        fail("slowhttptest is missing; scripts/setup.sh --bench installs it")
    many = ["--max-connections", "2000", "--connections-per-client", "2000"]
    photo = options.photo.read_bytes()
    with Server(folder, options.model, *many) as server:
        url = f"http://127.0.0.1:{server.port}"
        for name, words in {"slow headers": ["-H", "-u", url], "slow body": ["-B", "-s", "1000000", "-u", url + "/api/classify"],
                            "slow read": ["-X", "-k", "3", "-u", url], "ranges": ["-R", "-u", url]}.items():
            command = ["slowhttptest", *words, "-c", "1000", "-r", "500", "-i", "2", "-l", str(options.seconds), "-v", "1"]
            with health_watched(server, HEALTHY_MS) as finish:
                attack = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(min(5, options.seconds / 2))
                status = ask(server.port, post(photo, "close"), "127.0.0.8")
                attack.wait()
                finish(f"{name}, {server.memory():.0f} MB")
            if status != 200:
                fail(f"{name}: a classify request was answered {status}")
    print(server_report(server))


def server_report(server):
    return f"log: {len(server.errors())} errors"


def idle(options, folder):
    count = 10_000
    many = ["--max-connections", str(count + 100), "--connections-per-client", str(count + 100)]
    photo = options.photo.read_bytes()
    with Server(folder, options.model, *many) as server:
        before = server.memory()
        connections = []
        for _ in range(count):
            client = socket.create_connection(("127.0.0.1", server.port), 30)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            if not client.recv(4096).startswith(b"HTTP/1.1 200"):
                fail(f"connection {len(connections)} was not answered")
            connections.append(client)
        with health_watched(server, HEALTHY_MS) as finish:
            time.sleep(min(options.seconds, 30))
            status = ask(server.port, post(photo, "close"), "127.0.0.8")
            finish(f"{count} idle connections")
        for client in connections:
            client.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                if not client.recv(1):
                    fail("an idle connection was closed")
        after = server.memory()
        print(f"memory {before:.0f} MB before, {after:.0f} MB with them: {1000 * (after - before) / count:.1f} kB each; {server.group.report()}")
        if status != 200:
            fail(f"a classify request was answered {status}")


def png(width, height, rows):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    packer = zlib.compressobj(9)
    content = b"".join(packer.compress(bytes(3 * width + 1)) for _ in range(rows)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


class Soak:
    """Clients in one process. What they see is counted by kind and status."""

    def __init__(self, server, photo):
        self.server, self.photo = server, photo
        self.seen = collections.Counter()
        self.wrong = []
        self.stopping = False

    async def connect(self, source):
        return await asyncio.open_connection("127.0.0.1", self.server.port, local_addr=(source, 0))

    async def read_status(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"(?i)content-length: (\d+)", head)[1])
        await reader.readexactly(length)
        return int(head.split(b" ", 2)[1]), b"onnection: close" in head

    def count(self, kind, status, expected):
        self.seen[kind, status] += 1
        if status not in expected:
            self.wrong.append(f"{kind}: {status}")

    async def ask_on_and_on(self, kind, source, request, expected, pause=0.0):
        reader = writer = None
        while not self.stopping:
            if writer is None:
                reader, writer = await self.connect(source)
            try:
                writer.write(request)
                await writer.drain()
                status, last = await self.read_status(reader)
            except (OSError, asyncio.IncompleteReadError) as error:
                status, last = repr(error), True
            self.count(kind, status, expected)
            if last:
                writer.close()
                writer = None
            await asyncio.sleep(0.05 if status == 503 else pause)

    async def go_away(self, source, sent, wait):
        request = post(self.photo)
        while not self.stopping:
            _, writer = await self.connect(source)
            writer.write(request[:int(sent * len(request))])
            await asyncio.sleep(wait)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            self.seen["went away", ""] += 1
            await asyncio.sleep(0.05)

    async def replace_model(self, source):
        fresh = self.server.model.with_name("fresh")
        while not self.stopping:
            await asyncio.sleep(4)
            shutil.copyfile(source, fresh)
            fresh.rename(self.server.model)
            self.seen["model replaced", ""] += 1

    async def upload_slowly(self, seconds):
        """Begun before the stop, whole only after the port has closed."""
        reader, writer = await self.connect("127.0.0.4")
        request = post(self.photo)
        for i in range(10):
            writer.write(request[len(request) * i // 10:len(request) * (i + 1) // 10])
            await writer.drain()
            await asyncio.sleep(seconds / 10)
        try:
            status, _ = await self.read_status(reader)
        except (OSError, asyncio.IncompleteReadError) as error:
            status = repr(error)
        self.count("upload during the stop", status, [200])

    async def report(self, seconds):
        """Memory goes up and down with what is being decoded: what tells is its range in each minute."""
        begun = time.monotonic()
        for end in [*range(60, seconds, 60), seconds]:
            range_seen = []
            while time.monotonic() - begun < end:
                range_seen.append(self.server.memory())
                await asyncio.sleep(0.5)
            print(f"to {end:4} s: {min(range_seen):.0f} to {max(range_seen):.0f} MB, median {statistics.median(range_seen):.0f}, "
                  f"{self.seen['photo', 200]} photographs answered", flush=True)

    async def run(self, options, finish_watch):
        sizes = {"6 megapixels": png(2449, 2449, 2449), "24 megapixels": png(4898, 4898, 4898), "400 megapixels": png(20000, 20000, 100), "cut short": png(2449, 2449, 10)}
        expected = {"6 megapixels": [200, 503], "24 megapixels": [200, 503], "400 megapixels": [413, 503], "cut short": [422, 503]}
        tasks = [self.ask_on_and_on("photo", "127.0.0.1", post(self.photo), [200, 503]) for _ in range(options.connections)]
        tasks += [self.ask_on_and_on(name, "127.0.0.2", post(body), expected[name], 0.2) for name, body in sizes.items()]
        tasks += [self.go_away("127.0.0.3", *when) for when in ((0.01, 0.1), (0.5, 0.01), (1.0, 0.0), (1.0, 0.02))]
        tasks += [self.replace_model(options.model)]
        running = [asyncio.create_task(task) for task in tasks]
        await self.report(options.seconds)
        await asyncio.to_thread(finish_watch, "soak")
        # As behind a balancer: nobody new is sent once /readyz says 503, and what is under way is to be answered.
        uploads = [asyncio.create_task(self.upload_slowly(6)) for _ in range(4)]
        await asyncio.sleep(0.5)
        self.server.process.send_signal(signal.SIGTERM)
        while await asyncio.to_thread(self.server.status, "/readyz") == 200:
            await asyncio.sleep(0.02)
        await asyncio.sleep(1)
        self.stopping = True
        await asyncio.gather(*running, *uploads)
        self.exit_code = await asyncio.to_thread(self.server.process.wait, 60)


def soak(options, folder):
    with Server(folder, options.model, "--drain-delay", "3") as server:
        state = Soak(server, options.photo.read_bytes())
        with health_watched(server) as finish:
            asyncio.run(state.run(options, finish))
        for (kind, status), times in sorted(state.seen.items(), key=str):
            print(f"{kind:<24} {status!s:<4} {times}")
        loads = sum(" is now " in line for line in pathlib.Path(server.log.name).read_text().splitlines())
        print(f"exit code {state.exit_code}; {server.group.report()}; log: {len(server.errors())} errors, {loads} models opened")
        if state.wrong:
            fail(f"{len(state.wrong)} answers that should not be, first: {state.wrong[:3]}")
        if state.exit_code != 0 or server.errors():
            fail(f"exit code {state.exit_code}, {server.errors()[:3]}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("what", nargs="+", choices=["slow", "idle", "soak"])
    arguments.add_argument("--model", type=pathlib.Path, required=True, help="a model file of winnow-export")
    arguments.add_argument("--photo", type=pathlib.Path, required=True, help="a JPEG")
    arguments.add_argument("--seconds", type=int, default=30, help="of each mode, or of the soak")
    arguments.add_argument("--connections", type=int, default=40, help="that send photographs in the soak")
    options = arguments.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    for what in options.what:
        print(f"== {what}", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            {"slow": slow, "idle": idle, "soak": soak}[what](options, pathlib.Path(folder))


if __name__ == "__main__":
    main()
