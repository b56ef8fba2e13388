"""Steady load on a fleet, all of it over HTTPS through nginx, and an account of every answer."""
import collections
import http.client
import json
import socket
import ssl
import threading
import time

from fleet_parts import SITE
from peers import fail
from portal_users import Client, User


INFERENCE_HEADER = "Inference-Header-Content-Length"


class Secure(http.client.HTTPSConnection):
    """A kept connection to the site, wherever it runs. Certificates are checked by the name alone: they are the trial's own."""

    def __init__(self, port, context):
        super().__init__("127.0.0.1", port, timeout=60, context=context)

    def connect(self):
        self.sock = self._context.wrap_socket(socket.create_connection((self.host, self.port), self.timeout), server_hostname=SITE)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


class Account:
    """What was asked and what went wrong, by phase of the trial; for several threads."""

    def __init__(self):
        self.lock = threading.Lock()
        self.phase = "start"
        self.answers = collections.Counter()  # by what was asked
        self.by_phase = collections.Counter()
        self.versions = collections.Counter()  # of the model, as answers name it
        self.failures = []  # (phase, what was asked, how it ended)
        self.reconnects = 0
        self.over = threading.Event()  # nobody asks again

    def answered(self, what):
        with self.lock:
            self.answers[what] += 1
            self.by_phase[self.phase] += 1

    def failed(self, what, how):
        with self.lock:
            self.failures.append((self.phase, what, how))

    def total(self):
        return sum(self.answers.values())

    def failures_in(self, phase):
        with self.lock:
            return [failure for failure in self.failures if failure[0] == phase]


class FleetClient(Client):
    """Keeps its connection, as browsers and programs do."""

    def __init__(self, port, account):
        super().__init__([port], "")
        self.headers = {"Host": SITE}
        self.account = account
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.connection = None

    def exchange(self, method, path, body, headers):
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        content = answer.read()
        if answer.will_close:
            self.connection.close()
            self.connection = None
        return answer.status, content, answer.headers

    def once(self, method, path, body=None, headers=None):
        headers = {**self.headers, **(headers or {})}
        used = self.connection is not None
        if not used:
            self.connection = Secure(self.ports[0], self.context)
        try:
            return self.exchange(method, path, body, headers)
        except (ConnectionError, ssl.SSLError, http.client.HTTPException) as broken:
            self.connection.close()
            self.connection = None
            # The server may close a kept connection while a request is on its way (RFC 9112, 9.3.1); nothing of an
            # answer has come, and every client asks again on a new one. A cut answer is another matter.
            unanswered = isinstance(broken, (http.client.RemoteDisconnected, ConnectionError, ssl.SSLError))
            if not used or not unanswered:
                raise
            with self.account.lock:
                self.account.reconnects += 1
            self.connection = Secure(self.ports[0], self.context)
            return self.exchange(method, path, body, headers)

    def ask(self, method, path, body=None, headers=None):
        """Asks until there is an answer; each one that is none is put down as a failure."""
        what = f"{method} {path.partition('?')[0]}"
        if path.startswith("/api/v1/jobs/"):
            what = f"{method} /api/v1/jobs/ID"
        give_up = time.time() + 150
        while time.time() < give_up and not self.account.over.is_set():
            try:
                status, content, fields = self.once(method, path, body, headers)
            except (OSError, http.client.HTTPException) as broken:
                self.account.failed(what, repr(broken))
            else:
                if status < 500 and status != 429:
                    self.account.answered(what)
                    return status, content, fields
                self.account.failed(what, f"{status} {content.decode(errors='replace')[:200]} {fields.get('Retry-After')}")
            time.sleep(0.2)
        fail(f"nobody answers {what}: {self.account.failures[-1]}")


class Load:
    """Visitors and programs that ask, and users with batches, until it is told to end."""

    def __init__(self, fleet, photo, visitors, users):
        self.fleet, self.photo = fleet, photo
        self.account = Account()
        self.over = threading.Event()
        self.broken = []
        self.users = [User(FleetClient(fleet.nginx.port, self.account), number, photo) for number in range(users)]
        self.kept = [self.upload_many(user) for user in self.users]
        work = [(self.visit, ()) for _ in range(visitors)] + [(self.send_batches, (user,)) for user in self.users]
        self.threads = [threading.Thread(target=self.guarded, args=one) for one in work]
        for thread in self.threads:
            thread.start()

    def guarded(self, work, arguments):
        try:
            work(*arguments)
        except BaseException as failure:  # also what fail() raises
            self.broken.append(failure)

    def upload_many(self, user):
        """A first job, for which there must be an answer whatever happens later."""
        user.upload()
        return next(reversed(user.jobs))

    def visit(self):
        client = FleetClient(self.fleet.nginx.port, self.account)
        model = self.fleet.arguments.model.stem
        number = 0
        while not self.over.is_set():
            number += 1
            if number % 10 == 0:
                client.ask("GET", "/")
            elif number % 10 == 5:
                _, content, fields = client.ask("POST", f"/v2/models/{model}/infer", self.photo, {INFERENCE_HEADER: "0"})
                answer = json.loads(content[:int(fields[INFERENCE_HEADER])])  # tensors follow
                with self.account.lock:
                    self.account.versions[answer["model_version"]] += 1
            else:
                status, content, _ = client.ask("POST", "/api/classify", self.photo, {"Content-Type": "image/jpeg"})
                if status != 200 or "label" not in json.loads(content):
                    self.account.failed("POST /api/classify", f"{status} {content[:200]}")
            self.over.wait(0.03)

    def send_batches(self, user):
        while not self.over.is_set():
            user.upload()
            job_id = next(reversed(user.jobs))
            for _ in range(10):
                if user.job(job_id)["state"] == "done":
                    break
                self.over.wait(0.1)
            self.over.wait(0.2)

    def begin(self, phase):
        with self.account.lock:
            self.account.phase = phase

    def go_on(self, answers):
        """Waits until so many more have been answered."""
        enough = self.account.total() + answers
        while self.account.total() < enough:
            if self.broken:
                raise self.broken[0]
            time.sleep(0.02)

    def stop(self):
        self.account.over.set()
        self.end_threads()

    def end_threads(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def end(self):
        self.end_threads()
        if self.broken:
            raise self.broken[0]
