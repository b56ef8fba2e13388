#!/usr/bin/env python3
"""A service of several machines under load while all that can happen to it happens; then nothing may be lost, and no request failed.

nginx with the configuration of deploy/nginx, two winnow-serve for the web, two workers and one for the life cycle, PostgreSQL
and SeaweedFS, all real, on free ports. Visitors and users with batches ask over HTTPS all the time, while

  everything is started again, one after the other, and nginx reads its configuration anew
  a worker is killed with a job in work, and a web instance with requests in flight
  an instance does not become ready, because its model fails
  the certificate and the model are renewed, and a new model is no good
  the database is away for a while
  a backup is made, which an empty fleet is then filled with

  --short      each once, for the tests
  --seconds N  again and again for so long
"""
import argparse
import collections
import contextlib
import http.client
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import time

import fleet_backup
import onnx
import onnx.numpy_helper
from fleet_load import Account, FleetClient, Load
from fleet_parts import Fleet, make_certificate, shown_certificate
from peers import ROOT, Program, fail, free_port, status_of, wait_for
from portal_users import User, check_results, settle

# What may not be sent twice, and so is the client's to send again when the instance that had it died.
NOT_REPEATED = ("POST /api/v1/jobs", "POST /v2/")


def spoil(model):
    """A model that loads, and answers every picture with no number: it must not get through its self-test."""
    network = onnx.load_from_string(model)
    for tensor in network.graph.initializer:
        values = onnx.numpy_helper.to_array(tensor)
        if values.dtype.kind == "f":
            tensor.CopyFrom(onnx.numpy_helper.from_array(values * float("nan"), tensor.name))
    return network.SerializeToString()


class Trial:
    def __init__(self, fleet, load, spare, bad_model):
        self.fleet, self.load, self.spare, self.bad_model = fleet, load, spare, bad_model
        self.account = load.account
        self.version = 1
        self.done = collections.Counter()
        self.again = 0  # requests that nginx sent to the other instance, because the first was killed

    def phase(self, name, step, allowed=lambda what, how: False):
        self.load.begin(name)
        step()
        self.load.go_on(60)
        wrong = [failure for failure in self.account.failures_in(name) if not allowed(failure[1], failure[2])]
        if wrong:
            fail(f"{len(wrong)} requests failed, the first: {wrong[0]}")
        for instance in self.fleet.instances:
            if instance.process.poll() is not None:
                fail(f"{instance.name} ended with {instance.process.returncode} in the phase: {name}")
            if instance.early:
                fail(f"{instance.name} let clients in before it was ready, and answered {instance.early[0]}")
        self.done[name] += 1

    def restart_everything(self):
        for web in self.fleet.webs:
            web.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(ConnectionError):  # its port is closed already
                wait_for("/readyz that says no", 30, lambda web=web: status_of(web.port, "/readyz") == 503)
            if web.process.wait(60) != 0:
                fail(f"{web.name} ended with {web.process.returncode}")
            web.watched_start()
            web.restarts += 1
            self.load.go_on(100)
        for instance in [*self.fleet.workers, self.fleet.lifecycle]:
            instance.restart()
            self.load.go_on(30)
        self.fleet.nginx.reload()

    def kill_worker(self):
        end = time.time() + 120
        while time.time() < end:
            self.spare.upload(300)
            worker = None
            look_until = time.time() + 5
            while worker is None and time.time() < look_until:
                worker = self.fleet.holder_of_a_job()
            if worker is None:
                continue
            worker.process.send_signal(signal.SIGSTOP)
            if self.fleet.holder_of_a_job() is worker:
                worker.kill()
                worker.watched_start()
                return
            worker.process.send_signal(signal.SIGCONT)
        fail("no worker has had a job in work for long enough")

    def kill_web(self):
        web = self.fleet.webs[self.done["web killed"] % 2]
        skip = len(self.fleet.nginx.log_lines())
        web.process.send_signal(signal.SIGSTOP)
        time.sleep(1)  # until everybody waits for it
        web.kill()
        self.load.go_on(60)
        self.again += sum("," in line["upstream"] and line["status"] == 200 for line in self.fleet.nginx.log_lines(skip))
        web.watched_start()
        self.load.go_on(100)

    def start_what_is_no_good(self):
        """An instance whose model fails. It must not be let in by nginx, because it lets nobody in."""
        web = self.fleet.webs[1]
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(60)
        before = len(web.access_lines())
        model = self.fleet.folder / "bad.onnx"
        model.write_bytes(self.bad_model)
        command = [str(model) if part == str(self.fleet.models) else part for part in web.command]
        answered = []
        with subprocess.Popen(command, stdout=web.log, stderr=web.log) as process:
            while process.poll() is None:
                with contextlib.suppress(OSError, http.client.HTTPException):
                    answered.append(status_of(web.port, "/readyz"))
                time.sleep(0.002)
        if process.returncode != 1 or answered or len(web.access_lines()) != before:
            fail(f"with a model that is no good {web.name} ended with {process.returncode} and answered {answered[:3]}")
        self.load.go_on(100)
        web.watched_start()
        self.load.go_on(100)
        if len(web.access_lines()) == before:
            fail(f"{web.name} is ready again, and nobody comes")

    def renew_certificate(self):
        self.fleet.nginx.renew()
        self.load.go_on(60)

    def renew_model(self):
        self.version += 1
        self.fleet.put_model(self.version, self.fleet.arguments.model.read_bytes())
        self.wait_for_version()
        asked = self.account.versions[str(self.version)]
        wait_for("an answer by the new version", 60, lambda: self.account.versions[str(self.version)] > asked + 5)

    def wait_for_version(self):
        for web in self.fleet.webs:
            wait_for("the new version", 60, lambda web=web: self.fleet.model_version(web) == str(self.version))

    def renew_model_by_a_bad_one(self):
        bad = self.version + 1
        before = [self.fleet.metric(web, "winnow_model_load_failures_total") for web in self.fleet.webs]
        self.fleet.put_model(bad, self.bad_model)
        for web, failures in zip(self.fleet.webs, before):
            wait_for("the refusal of a bad model", 60, lambda web=web, failures=failures: self.fleet.metric(
                web, "winnow_model_load_failures_total") > failures)
        self.wait_for_version()
        folder = self.fleet.models / self.fleet.arguments.model.stem / str(bad)
        (folder / "model.onnx").unlink()
        folder.rmdir()

    def take_database_away(self):
        self.fleet.postgres.process.send_signal(signal.SIGINT)  # as systemctl stop: at once, and in order
        self.fleet.postgres.process.wait(60)
        client = FleetClient(self.fleet.nginx.port, Account())
        for path, accept in (("/api/v1/jobs", "application/json"), ("/jobs", "text/html")):
            status, content, fields = client.once("GET", path, headers={
                "Authorization": "Bearer " + self.spare.token, "Cookie": self.spare.client.cookie, "Accept": accept})
            if status != 503 or "Retry-After" not in fields or b"cannot reach what it keeps jobs in" not in content:
                fail(f"without a database {path} is answered {status}: {content[:300]}")
        self.load.go_on(300)
        for web in self.fleet.webs:
            if status_of(web.port, "/readyz") != 200:
                fail(f"{web.name} is not ready without a database, although it can classify")
            wait_for(f"{web.name}'s word that its database is away", 60,
                     lambda web=web: self.fleet.metric(web, "winnow_database_up") == 0)
        self.fleet.postgres.start()
        self.fleet.postgres.wait_ready()
        self.spare.api("GET", "/jobs")
        self.spare.upload()

    def run_once(self):
        def was_killed(what, how):
            return what.startswith(NOT_REPEATED) and how.startswith("502") and how.endswith(" 2")

        def has_no_database(what, how):
            return "/api/v1/jobs" in what and how.startswith("503")

        self.phase("worker killed", self.kill_worker)
        self.phase("everything restarted", self.restart_everything)
        self.phase("web killed", self.kill_web, was_killed)
        self.phase("an instance with a bad model", self.start_what_is_no_good)
        self.phase("certificate renewed", self.renew_certificate)
        self.phase("model renewed", self.renew_model)
        self.phase("bad model refused", self.renew_model_by_a_bad_one)
        self.phase("database away", self.take_database_away, has_no_database)


def try_own_tls(fleet, photo):
    """winnow-serve with TLS of its own, which takes a new certificate without a signal."""
    make_certificate(fleet.folder, "own")
    port = free_port()
    program = Program("winnow-serve with TLS", [
        fleet.arguments.bin / "winnow-serve", fleet.arguments.model, "--no-cache", "--quiet", "--poll", "0.2", "--listen",
        f"127.0.0.1:{port}", "--tls-cert", fleet.folder / "own.pem", "--tls-key", fleet.folder / "own.key"], fleet.log,
        lambda: shown_certificate(port))
    program.wait_ready()
    account, over = Account(), threading.Event()

    def ask():
        client = FleetClient(port, account)
        while not over.is_set():
            client.ask("POST", "/api/classify", photo)

    asking = threading.Thread(target=ask)
    asking.start()
    make_certificate(fleet.folder, "own")
    new = (fleet.folder / "own.pem").read_text()
    wait_for("winnow-serve's new certificate", 30, lambda: shown_certificate(port).strip() == new.strip())
    before = account.total()
    wait_for("answers after it", 30, lambda: account.total() > before + 20)
    over.set()
    asking.join()
    program.stop()
    if account.failures:
        fail(f"winnow-serve with a new certificate: {account.failures[0]}")


def run(arguments, folder, log):
    photo = arguments.photo.read_bytes()
    fleet = Fleet(arguments, folder / "first", log)
    try:
        load = Load(fleet, photo, arguments.visitors, arguments.users)
        try:
            spare = User(FleetClient(fleet.nginx.port, load.account), 90, photo)
            trial = Trial(fleet, load, spare, spoil(arguments.model.read_bytes()))
            load.go_on(100)
            begin = time.time()
            trial.run_once()
            while not arguments.short and time.time() - begin < arguments.seconds:
                trial.run_once()
            known = {user.email: dict(user.jobs) for user in [*load.users, spare]}
            load.begin("backup")
            backup = fleet_backup.back_up(fleet, folder / "backup")
            seconds = time.time() - begin
        except BaseException:
            load.stop()  # what has failed counts, and not what comes of it
            raise
        load.end()
        try_own_tls(fleet, photo)
        users = [*load.users, spare]
        settle("done", 300, users, lambda user, job: job["state"] == "done")
        check_results(users)
        if fleet.metric(fleet.webs[0], "winnow_tasks_dead"):
            fail("tasks were given up")
        status, answer, _ = spare.api("POST", "/jobs?name=one.jpg&model=nobody", photo, {"Content-Type": "image/jpeg"})
        if status != 422:
            fail(f"a job for a model that is not there is answered {status}: {answer[:200]}")
        report(trial, seconds, users)
    finally:
        fleet.stop()
    copy = Fleet(arguments, folder / "second", log, in_front=False, restore=lambda empty: fleet_backup.restore(empty, backup))
    try:
        fleet_backup.check_restored(copy, users, known)
        print(f"an empty fleet has {sum(map(len, known.values()))} of {sum(map(len, known.values()))} jobs back, all with their results")
    finally:
        copy.stop()
    count = fleet_backup.try_one_machine(arguments, folder / "one", log, photo)
    print(f"and one machine with SQLite {count} of {count}")


def report(trial, seconds, users):
    account, fleet = trial.account, trial.fleet
    lines = [line for web in fleet.webs for line in web.access_lines()]
    unready = [line for line in lines if line["status"] == 503 and not line["path"].startswith(("/api/v1/jobs", "/jobs", "/readyz"))]
    if unready:
        fail(f"nginx sent a request to an instance that was not ready: {unready[0]}")
    failed = collections.Counter((phase, what, how[:3]) for phase, what, how in account.failures)
    jobs = [pictures for user in users for pictures in user.jobs.values()]
    print(f"{account.total()} requests answered in {seconds:.0f} s, {sum(account.answers[what] for what in account.answers if 'classify' in what)} "
          f"of them classifications; by instance: {[len(web.access_lines()) for web in fleet.webs]}")
    print(f"{len(jobs)} jobs of {sum(jobs)} pictures, all done, none lost, none twice, no task given up")
    print(f"done to it: {dict(trial.done)}; started again in order: {sum(one.restarts for one in fleet.instances)}, "
          f"killed: {sum(one.kills for one in fleet.instances)}")
    print(f"requests of a killed instance that nginx sent to the other: {trial.again}; kept connections that clients opened anew: "
          f"{account.reconnects}")
    print(f"answers by version of the model: {dict(account.versions)}")
    print(f"failed: {sum(failed.values())}")
    for (phase, what, how), count in sorted(failed.items()):
        print(f"  {phase}: {count} x {what} answered {how}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="an ONNX file of winnow-export")
    parser.add_argument("--photo", type=pathlib.Path, required=True, help="a JPEG")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/bin", help="where winnow-serve is")
    parser.add_argument("--short", action="store_true", help="do everything once")
    parser.add_argument("--seconds", type=int, default=300, help="go on for so long")
    parser.add_argument("--visitors", type=int, default=4)
    parser.add_argument("--users", type=int, default=2, help="with batches")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="winnow-fleet-") as scratch:
        folder = pathlib.Path(scratch)
        folder.chmod(0o755)
        with open(folder / "log", "w") as log:
            try:
                run(arguments, folder, log)
            except SystemExit:
                sys.stderr.write((folder / "log").read_text()[-4000:])
                raise


if __name__ == "__main__":
    main()
