#!/usr/bin/env python3
"""Users upload batches and change their plans while processes of winnow-serve are killed at random; then nothing may be lost.

  one   one process on a folder (SQLite)
  many  two for the web, two workers, one for the life cycle, on PostgreSQL and SeaweedFS with a proxy before it that spoils
        a request now and then; what is killed is any of these five, and PostgreSQL itself
  skew  the same five on PostgreSQL and a folder that they share; the clock of one worker is an hour fast, of the other an hour
        slow, of the life cycle two days fast

Afterwards every upload that was accepted is a job that is done, its results have a line for each picture, those of free users are
archived and those of premium users are not, each archived one comes back after an upgrade, and no task has been given up.
Starts all of it itself, on free ports.
"""
import argparse
import collections
import contextlib
import http.client
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time

from peers import KEYS, PROGRAMS, ROOT, Postgres, Program, fail, free_port, start_seaweed, status_of
from portal_users import Client, User, check_results, settle

ARCHIVE_AFTER = 3  # seconds
MOST_UNFINISHED = 15  # jobs of a user
CLOCKS = {"worker 1": "+1h", "worker 2": "-1h", "lifecycle": "+2d"}


def start_proxy(upstream, log):
    process = subprocess.Popen([PROGRAMS / "python", ROOT / "tests/scripts/fault_proxy.py", str(upstream)], stdout=log,
                               stderr=subprocess.PIPE, text=True)
    port = int(re.search(r"listening on (\d+)", process.stderr.readline()).group(1))
    return process, port


class Service:
    def __init__(self, log):
        self.log = log
        self.helpers = []  # what is not killed
        self.programs, self.ports, self.metrics_port = [], [], None
        self.postgres = self.proxy = None

    def start(self, arguments, folder):
        log = self.log
        common = [arguments.bin / "winnow-serve", arguments.model, "--trusted-proxy", "127.0.0.0/8", "--free-upload", "2000000",
                  "--archive-after", ARCHIVE_AFTER, "--public-url", "http://127.0.0.1", "--quiet"]
        clocks = {}
        if arguments.where == "one":
            roles = {"all": ["all"]}
            common += ["--data", folder / "data"]
        else:
            self.postgres = Postgres(folder, log)
            common += ["--database", self.postgres.address]
            if arguments.where == "skew":
                common += ["--storage", folder / "objects"]
                clocks = CLOCKS
            else:
                seaweed, upstream = start_seaweed(folder, log)
                self.helpers.append(seaweed)
                self.proxy, self.proxy_port = start_proxy(upstream, log)
                (folder / "keys").write_text("\n".join(KEYS) + "\n")
                common += ["--storage", "s3://winnow", "--s3-endpoint", f"http://127.0.0.1:{self.proxy_port}", "--s3-keys-file",
                           folder / "keys"]
            roles = {"web 1": ["web"], "web 2": ["web"], "worker 1": ["worker"], "worker 2": ["worker"], "lifecycle": ["lifecycle"]}
        for name, (role,) in roles.items():
            port = free_port()
            if role in ("all", "web"):
                self.ports.append(port)
            self.metrics_port = self.metrics_port or port
            command = [*common, "--listen", f"127.0.0.1:{port}", "--role", role]
            self.programs.append(Program(name, command, log, lambda port=port: status_of(port, "/readyz") == 200,
                                         clocks.get(name)))
        for program in self.programs:
            program.wait_ready()

    def spoil(self, chance):
        kind = chance.choice(["500", "503", "409", "error_in_200", "reset_before", "reset_after", "cut"])
        with contextlib.suppress(OSError):
            status_of(self.proxy_port, f"/__fault/{kind}/{chance.randint(1, 5)}/1")

    def metric(self, name):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        values = [float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if re.match(name + r"[ {]", line)]
        return sum(values)

    def stop(self):
        for program in self.programs:
            program.stop()
        if self.proxy:
            self.proxy.kill()
        for helper in self.helpers:
            helper.process.kill()
        if self.postgres:
            self.postgres.stop()


def harass(service, stop, chance, freeze):
    victims = service.programs + ([service.postgres] if service.postgres else [])
    while not stop.wait(chance.uniform(1, 5)):
        if service.proxy and chance.random() < 0.5:
            service.spoil(chance)
        victim = chance.choice(victims)
        if freeze > 0 and victim is not service.postgres and chance.random() < 0.1:
            victim.process.send_signal(signal.SIGSTOP)
            stop.wait(freeze)  # past the lease of what it was doing
            victim.process.send_signal(signal.SIGCONT)
            victim.freezes += 1
            continue
        victim.kill()
        stop.wait(chance.uniform(0, 1))
        victim.start()


def live(user, stop):
    while not stop.is_set():
        user.upload()
        # Nobody sends faster than is answered for long; otherwise the end would be spent waiting for the queue.
        while len(user.unfinished) > MOST_UNFINISHED and not stop.is_set():
            if user.job(user.unfinished[0])["state"] == "done":
                user.unfinished.popleft()
            else:
                stop.wait(0.2)
        if user.random.random() < 0.15:
            user.set_plan(not user.premium)
        stop.wait(user.random.uniform(0, 0.5))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("where", choices=["one", "many", "skew"])
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a model file of winnow-export")
    parser.add_argument("--photo", type=pathlib.Path, required=True, help="a JPEG")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin", help="where winnow-serve is")
    parser.add_argument("--seconds", type=int, default=60, help="of harassment")
    parser.add_argument("--freeze", type=float, default=0, help="seconds for which a process is stopped now and then instead")
    parser.add_argument("--users", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-torture-") as scratch:
        folder = pathlib.Path(scratch)
        with open(folder / "log", "w") as log:
            service = Service(log)
            try:
                service.start(arguments, folder)
                torture(service, arguments)
            except SystemExit:
                sys.stderr.write((folder / "log").read_text()[-4000:])
                raise
            finally:
                service.stop()


def torture(service, arguments):
    photo = arguments.photo.read_bytes()
    users = [User(Client(service.ports, f"198.51.100.{number + 1}"), number, photo) for number in range(arguments.users)]
    stop = threading.Event()
    failures = []

    def guarded(work, *with_what):
        try:
            work(*with_what)
        except BaseException as failure:  # also what fail() raises
            failures.append(failure)

    threads = [threading.Thread(target=guarded, args=(live, user, stop)) for user in users]
    harasser = threading.Thread(target=guarded, args=(
        harass, service, stop, random.Random(arguments.seed), arguments.freeze))
    for thread in [*threads, harasser]:
        thread.start()
    end = time.time() + arguments.seconds
    while time.time() < end and not failures:
        time.sleep(0.5)
    stop.set()
    harasser.join()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    for program in service.programs:
        program.wait_ready()

    begin = time.time()
    settle("done", 300, users, lambda user, job: job["state"] == "done")
    for i, user in enumerate(users):
        user.set_plan(i % 2 == 0)
    settle("where their owner's plan wants them", 300, users,
           lambda user, job: job["storage"] == ("hot" if user.premium else "cold"))
    settled = time.time() - begin
    for user in users:
        if not user.premium:
            user.set_plan(True)
    settle("back", 300, users, lambda user, job: job["storage"] == "hot")
    check_results(users)
    dead = service.metric("winnow_tasks_dead")
    if dead:
        fail(f"{dead:.0f} tasks were given up")
    jobs = collections.Counter(pictures for user in users for pictures in user.jobs.values())
    kills = {program.name: program.kills for program in service.programs + ([service.postgres] if service.postgres else [])}
    frozen = sum(program.freezes for program in service.programs)
    print(f"{sum(jobs.values())} jobs of {sum(count * pictures for pictures, count in jobs.items())} pictures by {len(users)} users "
          f"in {arguments.seconds} s, killed: {kills}, frozen: {frozen}")
    print(f"all done and where they belong {settled:.0f} s after the last kill; none lost, none twice, no task given up")


if __name__ == "__main__":
    main()
