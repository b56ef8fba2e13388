"""People who use the pages and the API of batch jobs, for trials."""
import collections
import contextlib
import http.client
import io
import json
import random
import re
import time
import urllib.parse
import zipfile

from peers import fail


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
    def __init__(self, client, number, photo):
        self.client = client
        self.photo, self.random = photo, random.Random(number)
        self.email, self.password = f"user{number}@example.org", "correct horse battery"
        self.premium = False
        self.jobs = {}  # pictures, by the id of the job
        self.unfinished = collections.deque()  # as far as is known
        # Whoever hears no answer does not know whether there is an account now.
        status, content = self.client.form("/register", "/register", {"email": self.email, "password": self.password})
        if status != 303:
            self.sign_in()
        status, content = self.client.form("/account", "/account/tokens", {"name": "trial"})
        self.token = re.search(rb"wnk_[\w-]{43}", content).group(0).decode()

    def sign_in(self):
        status, _ = self.client.form("/sign-in", "/sign-in", {"email": self.email, "password": self.password})
        if status != 303:
            fail(f"{self.email} cannot sign in: {status}")

    def api(self, method, path, body=None, headers=None):
        return self.client.ask(method, "/api/v1" + path, body,
                               {"Authorization": "Bearer " + self.token, **(headers or {})})

    def upload(self, count=None):
        count = count or self.random.randint(1, 6)
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
