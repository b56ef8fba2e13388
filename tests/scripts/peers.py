"""What trials of several machines start beside winnow-serve, all of it real and on free ports of this machine."""
import contextlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAMS = ROOT / ".deps/peers/bin"
KEYS = ("trial", "trial-secret")  # of the S3 service


def fail(text):
    sys.exit(f"{pathlib.Path(sys.argv[0]).stem}: {text}")


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
    config.write_text(json.dumps({"identities": [{"name": "trial", "actions": ["Admin", "Read", "Write", "List"],
                                                  "credentials": [{"accessKey": KEYS[0], "secretKey": KEYS[1]}]}]}))
    command = [PROGRAMS / "weed", "server", "-s3", "-s3.iam=false", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false",
               "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.volumeSizeLimitMB=1000", "-volume.max=100", f"-dir={data}", f"-s3.config={config}"]
    ports = {}
    for part in ("master", "volume", "filer", "s3"):
        ports[part] = free_port()
        command += [f"-{part}.port={ports[part]}", f"-{part}.port.grpc={free_port()}"]
    program = Program("SeaweedFS", command, log, lambda: status_of(ports["s3"], "/") > 0)
    program.wait_ready()
    make_bucket = ("import boto3, sys; boto3.client('s3', endpoint_url=sys.argv[1], region_name='us-east-1', aws_access_key_id=sys.argv[2],"
                   " aws_secret_access_key=sys.argv[3]).create_bucket(Bucket='winnow')")
    subprocess.run([PROGRAMS / "python", "-c", make_bucket, f"http://127.0.0.1:{ports['s3']}", *KEYS], check=True, stdout=log, stderr=log)
    return program, ports["s3"]
