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
import io
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PEERS = ROOT / ".deps/peers/bin"
ARCHIVE_AFTER = 3  # seconds
MOST_UNFINISHED = 15  # jobs of a user
CLOCKS = {"worker 1": "+1h", "worker 2": "-1h", "lifecycle": "+2d"}
KEYS = ("torture", "torture-secret")


def fail(text):
    sys.exit(f"jobs_torture: {text}")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, seconds, ready):
    end = time.time() + seconds
    while time.time() < end:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ready():
                return
        time.sleep(0.05)
    fail(f"{what} does not come up within {seconds} s")


def status_of(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().status


class Program:
    """A process that is started again with the same command after it was killed."""

    def __init__(self, name, command, log, ready=None, clock=None):
        self.name, self.command, self.log, self.ready = name, [str(part) for part in command], log, ready
        self.environment = dict(os.environ)
        if clock:  # such as "+1h"
            library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
            if library is None:
                fail("libfaketime is not installed; run scripts/setup.sh")
            self.environment |= {"LD_PRELOAD": str(library), "FAKETIME": clock, "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        self.kills = self.freezes = 0
        self.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log, env=self.environment)

    def wait_ready(self):
        def ready():
            if self.process.poll() is not None:
                fail(f"{self.name} ended with {self.process.returncode}")
            return self.ready()

        if self.ready:
            wait_for(self.name, 60, ready)

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.kills += 1

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            fail(f"{self.name} does not stop")


class Postgres(Program):
    def __init__(self, folder, log):
        self.programs = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), default=None)
        if self.programs is None:
            fail("PostgreSQL is not installed; run scripts/setup.sh")
        self.port = free_port()
        self.folder = folder / "postgres"
        self.folder.mkdir()
        self.who = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            folder.chmod(0o755)
            self.who = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        subprocess.run([*self.who, self.programs / "initdb", "-D", self.folder / "data", "-U", "winnow", "-A", "trust",
                        "-E", "UTF8", "--locale=C"], check=True, stdout=log, stderr=log)
        super().__init__("PostgreSQL", [*self.who, self.programs / "postgres", "-D", self.folder / "data", "-p", self.port,
                                        "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}",
                                        "-c", "max_connections=200"], log, lambda: self.ask("SELECT 1") == "1")
        self.wait_ready()
        self.ask("CREATE DATABASE winnow")
        self.address = f"postgresql://winnow@127.0.0.1:{self.port}/winnow"

    def ask(self, sql, database="postgres"):
        answer = subprocess.run([self.programs / "psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", "winnow", "-d", database,
                                 "-qAtc", sql], capture_output=True, text=True)
        return answer.stdout.strip()

    def kill(self):
        # As a crash of its own: all of its processes go, and it recovers from its log.
        self.process.send_signal(signal.SIGQUIT)
        self.process.wait()
        self.kills += 1


def start_seaweed(folder, log):
    data = folder / "seaweed"
    data.mkdir()
    config = data / "s3.json"
    config.write_text(json.dumps({"identities": [{"name": "torture", "actions": ["Admin", "Read", "Write", "List"],
                                                  "credentials": [{"accessKey": KEYS[0], "secretKey": KEYS[1]}]}]}))
    command = [PEERS / "weed", "server", "-s3", "-s3.iam=false", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
               "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=1000", "-volume.max=100", f"-dir={data}", f"-s3.config={config}"]
    ports = {}
    for part in ("master", "volume", "filer", "s3"):
        ports[part] = free_port()
        command += [f"-{part}.port={ports[part]}", f"-{part}.port.grpc={free_port()}"]
    program = Program("SeaweedFS", command, log, lambda: status_of(ports["s3"], "/") > 0)
    program.wait_ready()
    make_bucket = ("import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id=sys.argv[2],"
                   " aws_secret_access_key=sys.argv[3]).create_bucket(Bucket='winnow')")
    subprocess.run([PEERS / "python", "-c", make_bucket, f"http://127.0.0.1:{ports['s3']}", *KEYS], check=True, stdout=log, stderr=log)
    return program, ports["s3"]


def start_proxy(upstream, log):
    process = subprocess.Popen([PEERS / "python", ROOT / "tests/scripts/fault_proxy.py", str(upstream)], stdout=log,
                               stderr=subprocess.PIPE, text=True)
    port = int(re.search(r"listening on (\d+)", process.stderr.readline()).group(1))
    return process, port


class Client:
    """Speaks to whichever web process answers; tries again until one does."""

    def __init__(self, ports, address):
        self.ports, self.headers = ports, {"X-Forwarded-For": address}
        self.cookie = ""

    def once(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", random.choice(self.ports), timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = connection.getresponse()
            return answer.status, answer.read(), answer.headers

    def ask(self, method, path, body=None, headers=None):
        for _ in range(600):
            with contextlib.suppress(OSError, http.client.HTTPException):
                status, content, fields = self.once(method, path, body, headers)
                if status not in (429, 500, 502, 503, 504):
                    return status, content, fields
            time.sleep(0.1)
        fail(f"nobody answers {method} {path}")

    def keep_cookie(self, headers):
        for line in headers.get_all("Set-Cookie", []):
            self.cookie = line.split(";")[0]

    def form(self, page, action, fields):
        status, content, headers = self.ask("GET", page, headers={"Cookie": self.cookie, "Accept": "text/html"})
        self.keep_cookie(headers)
        token = re.search(rb'name="csrf" value="([^"]+)"', content)
        if token is None:
            fail(f"{page} has no form: {status} {content[:200]}")
        body = urllib.parse.urlencode({**fields, "csrf": token.group(1).decode()})
        status, content, headers = self.ask("POST", action, body, {
            "Cookie": self.cookie, "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"})
        self.keep_cookie(headers)
        return status, content


class User:
    def __init__(self, ports, number, photo):
        self.client = Client(ports, f"198.51.100.{number + 1}")
        self.photo, self.random = photo, random.Random(number)
        self.email, self.password = f"user{number}@example.org", "correct horse battery"
        self.premium = False
        self.jobs = {}  # pictures, by the id of the job
        self.unfinished = collections.deque()  # as far as is known
        # Whoever hears no answer does not know whether there is an account now.
        status, content = self.client.form("/register", "/register", {"email": self.email, "password": self.password})
        if status != 303:
            self.sign_in()
        status, content = self.client.form("/account", "/account/tokens", {"name": "torture"})
        self.token = re.search(rb"wnk_[\w-]{43}", content).group(0).decode()

    def sign_in(self):
        status, _ = self.client.form("/sign-in", "/sign-in", {"email": self.email, "password": self.password})
        if status != 303:
            fail(f"{self.email} cannot sign in: {status}")

    def api(self, method, path, body=None, headers=None):
        return self.client.ask(method, "/api/v1" + path, body,
                               {"Authorization": "Bearer " + self.token, **(headers or {})})

    def upload(self):
        count = self.random.randint(1, 6)
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as batch:
            for i in range(count):
                batch.writestr(f"picture {i}.jpg", self.photo)
        key = f"{self.email}-{len(self.jobs)}-{self.random.random()}"
        status, answer, _ = self.api("POST", "/jobs?name=batch.zip", content.getvalue(),
                                     {"Idempotency-Key": key, "Content-Type": "application/zip"})
        if status not in (200, 201):
            fail(f"an upload is answered {status}: {answer[:300]}")
        job_id = json.loads(answer)["id"]
        self.jobs[job_id] = count
        self.unfinished.append(job_id)

    def set_plan(self, premium):
        for _ in range(60):
            status, _ = self.client.form("/account", "/account/plan", {"plan": "premium" if premium else "free"})
            if status == 303:
                self.premium = premium
                return
            self.sign_in()
        fail("the plan cannot be changed")

    def job(self, job_id):
        status, answer, _ = self.api("GET", "/jobs/" + job_id)
        if status != 200:
            fail(f"job {job_id} is answered {status}: {answer[:200]}")
        return json.loads(answer)


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


def settle(what, seconds, users, good):
    """Waits until the jobs of all users are so."""
    end = time.time() + seconds
    left = [(user, job_id) for user in users for job_id in user.jobs]
    while left:
        left = [(user, job_id) for user, job_id in left if not good(user, user.job(job_id))]
        if time.time() > end:
            user, job_id = left[0]
            fail(f"{len(left)} jobs are not {what} after {seconds} s, the first: {user.job(job_id)}")
        time.sleep(0.2)


def check_results(users):
    for user in users:
        for job_id, pictures in user.jobs.items():
            status, answer, _ = user.api("GET", f"/jobs/{job_id}/results")
            if status != 200:
                fail(f"the results of {job_id} are answered {status}: {answer[:300]}")
            lines = [json.loads(line) for line in answer.splitlines()]
            names = [line["path"] for line in lines]
            if names != [f"picture {i}.jpg" for i in range(pictures)] or any("label" not in line for line in lines):
                fail(f"the results of {job_id} are not those of {pictures} pictures: {answer[:500]}")


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
    users = [User(service.ports, number, photo) for number in range(arguments.users)]
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
