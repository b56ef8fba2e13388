"""The machines of a fleet: nginx, PostgreSQL, an S3 service, and winnow-serve in its roles, all on ports of this machine."""
import contextlib
import http.client
import json
import shutil
import signal
import socket
import ssl
import subprocess
import time

import boto3
import botocore.config
from peers import KEYS, ROOT, Postgres, Program, fail, free_port, start_seaweed, status_of, wait_for

SITE = "classify.example.org"
DRAIN_DELAY = 3  # seconds; longer than nginx's fail_timeout, as its configuration says

NGINX_MAIN = """daemon off;
worker_processes 2;
pid nginx.pid;
error_log error.log info;
events { worker_connections 1024; }
http {
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  access_log off;
  include site.conf;
}
"""


def make_certificate(folder, name):
    """A pair that appears whole, as certbot's do: first the key, then the certificate, each by renaming."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                    "-subj", f"/CN={SITE}", "-addext", f"subjectAltName=DNS:{SITE}", "-keyout", folder / f"{name}.key.new",
                    "-out", folder / f"{name}.pem.new"], check=True, capture_output=True)
    for kind in ("key", "pem"):
        (folder / f"{name}.{kind}.new").rename(folder / f"{name}.{kind}")


def shown_certificate(port):
    """What a client that looks now is shown, as PEM."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", port), 10) as plain, context.wrap_socket(plain, server_hostname=SITE) as secure:
        return ssl.DER_cert_to_PEM_cert(secure.getpeercert(binary_form=True))


class Nginx(Program):
    """With the site that is shipped; changed is only what a machine has to say itself: ports and paths."""

    def __init__(self, folder, upstreams, log):
        program = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin") or fail("nginx is not installed; run scripts/setup.sh")
        self.folder = folder / "nginx"
        self.folder.mkdir()
        self.port = free_port()
        make_certificate(self.folder, "site")
        site = (ROOT / "deploy/nginx/winnow-serve.conf").read_text()
        for old, new in {"listen 80;": f"listen 127.0.0.1:{free_port()};", "listen [::]:80;": "",
                         "listen 443 ssl;": f"listen 127.0.0.1:{self.port} ssl;", "listen [::]:443 ssl;": "",
                         f"/etc/letsencrypt/live/{SITE}/fullchain.pem": str(self.folder / "site.pem"),
                         f"/etc/letsencrypt/live/{SITE}/privkey.pem": str(self.folder / "site.key"),
                         "/var/log/nginx/winnow-serve.log": str(self.folder / "access.log"),
                         "/dev/shm/winnow-nginx": str(self.folder / "uploads"),
                         "server 127.0.0.1:8080": f"server 127.0.0.1:{upstreams[0]}",
                         "# server 127.0.0.1:8081": f"server 127.0.0.1:{upstreams[1]}"}.items():
            if old not in site:
                fail(f"deploy/nginx/winnow-serve.conf no longer holds: {old}")
            site = site.replace(old, new)
        (self.folder / "site.conf").write_text(site)
        (self.folder / "nginx.conf").write_text(NGINX_MAIN)
        super().__init__("nginx", [program, "-p", self.folder, "-c", "nginx.conf", "-e", "error.log"], log,
                         lambda: shown_certificate(self.port))
        self.wait_ready()

    def renew(self):
        """A new certificate, and the signal that `systemctl reload nginx` sends."""
        make_certificate(self.folder, "site")
        self.reload()
        new = (self.folder / "site.pem").read_text()
        wait_for("the new certificate", 30, lambda: shown_certificate(self.port).strip() == new.strip())

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def log_lines(self, skip=0):
        with open(self.folder / "access.log") as lines:
            return [json.loads(line) for line in list(lines)[skip:]]


class Instance(Program):
    """One winnow-serve, on a port that it keeps when it is started again."""

    def __init__(self, name, role, port, command, folder, log):
        self.role, self.port = role, port
        self.access_file = folder / f"access {name}.jsonl"
        self.restarts = 0
        self.early = []  # what was answered before it was ready
        super().__init__(name, [*command, "--role", role, "--listen", f"127.0.0.1:{port}", "--access-log", self.access_file,
                                "--drain-delay", DRAIN_DELAY if role == "web" else 0], log,
                         lambda: status_of(port, "/readyz") == 200)

    def watched_start(self):
        """Starts it, and knocks all the time: whoever is let in must find it ready."""
        self.start()
        give_up = time.time() + 60
        while time.time() < give_up:
            with contextlib.suppress(ConnectionError, http.client.HTTPException):
                status = status_of(self.port, "/readyz")
                if status == 200:
                    return
                self.early.append(status)
            time.sleep(0.002)
            if self.process.poll() is not None:
                fail(f"{self.name} ended with {self.process.returncode}")
        fail(f"{self.name} is not ready after 60 s")

    def restart(self):
        self.process.send_signal(signal.SIGTERM)
        if self.process.wait(60) != 0:
            fail(f"{self.name} ended with {self.process.returncode} when it was told to stop")
        self.watched_start()
        self.restarts += 1

    def access_lines(self):
        if not self.access_file.exists():
            return []
        return [json.loads(line) for line in self.access_file.read_text().splitlines()]


class Fleet:
    """Two for the web, two workers, one for the life cycle, and what they share; nginx in front if asked for."""

    def __init__(self, arguments, folder, log, in_front=True, restore=None):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o755)  # nginx and PostgreSQL run as users of their own
        self.arguments, self.folder, self.log = arguments, folder, log
        self.peers_log = open(folder / "peers.log", "w")  # what they say would drown what winnow-serve says
        self.models = folder / "models"
        self.put_model(1, arguments.model.read_bytes())
        self.postgres = Postgres(folder, self.peers_log)
        self.storage, self.s3_port = start_seaweed(folder, self.peers_log)
        if restore:
            restore(self)
        (folder / "keys").write_text("\n".join(KEYS) + "\n")
        self.command = [arguments.bin / "winnow-serve", self.models, "--no-cache", "--quiet", "--trusted-proxy", "127.0.0.1",
                        "--free-upload", "2000000", "--public-url", f"https://{SITE}", "--poll", "0.2",
                        "--database", self.postgres.address, "--storage", "s3://winnow", "--s3-endpoint", self.s3_url(),
                        "--s3-keys-file", folder / "keys"]
        self.instances = [Instance(name, role, free_port(), self.command, folder, log) for name, role in
                          (("web 1", "web"), ("web 2", "web"), ("worker 1", "worker"), ("worker 2", "worker"),
                           ("lifecycle", "lifecycle"))]
        for instance in self.instances:
            instance.wait_ready()
        self.webs, self.workers, self.lifecycle = self.instances[:2], self.instances[2:4], self.instances[4]
        self.nginx = Nginx(folder, [web.port for web in self.webs], log) if in_front else None

    def s3_url(self):
        return f"http://127.0.0.1:{self.s3_port}"

    def s3(self):
        return boto3.client("s3", endpoint_url=self.s3_url(), region_name="us-east-1", aws_access_key_id=KEYS[0],
                            aws_secret_access_key=KEYS[1], config=botocore.config.Config(s3={"addressing_style": "path"}))

    def put_model(self, version, content):
        """A version appears by renaming, as winnow-export writes it."""
        name = self.models / self.arguments.model.stem / str(version)
        name.mkdir(parents=True)
        (name / "model.onnx.part").write_bytes(content)
        (name / "model.onnx.part").rename(name / "model.onnx")

    def model_version(self, web):
        connection = http.client.HTTPConnection("127.0.0.1", web.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", f"/v2/models/{self.arguments.model.stem}")
            return json.loads(connection.getresponse().read())["versions"][-1]

    def metric(self, instance, name):
        connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith((name + " ", name + "{")))

    def holder_of_a_job(self):
        """The worker that has a job in work, by the name under which it holds it."""
        holders = self.postgres.ask("SELECT worker_id FROM tasks WHERE state='leased' AND kind='annotate'", "winnow").splitlines()
        for worker in self.workers:
            if any(f"-{worker.process.pid}-" in holder for holder in holders):
                return worker
        return None

    def stop(self):
        for instance in self.instances:
            if instance.process.poll() is None:
                instance.stop()
        if self.nginx:
            self.nginx.stop()
        self.storage.process.kill()
        self.storage.process.wait()
        self.postgres.process.send_signal(signal.SIGINT)
        self.postgres.process.wait(60)
        self.peers_log.close()
