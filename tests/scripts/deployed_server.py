"""What winnow-serve says of itself, and whether a manifest that starts it has it right. For kubernetes_test.py, deploy_test.py."""
import os
import pathlib
import re
import subprocess
import tempfile

PREFIX = "WINNOW_SERVE_"
MARGIN = 15  # seconds between the end of a drain and the kill, at most


def check(condition, *what):
    """assert, also where Python is told to pass over assertions."""
    if not condition:
        raise AssertionError(*what)


def refuses(what, spoiled, error=AssertionError):
    """Calls `what` with something spoiled, which it has to refuse by this error."""
    try:
        what(spoiled)
    except error:
        return
    raise AssertionError(f"{what} accepts what is spoiled")


class Program:
    """A program of winnow and the options that its --help names."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        text = subprocess.run([self.path, "--help"], capture_output=True, text=True, check=True).stdout
        self.options = set(re.findall(r"^ +(?:-\w,)?(--[\w-]+)", text, re.M))
        check("--threads" in self.options, text)
        self.defaults = {}
        for option, about in re.findall(r"^ +(--[\w-]+)(.*?)(?=^ +-|^\S|\Z)", text, re.M | re.S):
            if found := re.search(r"\[([^][]*)\]", about):
                self.defaults[option] = found[1]

    def check_options(self, words):
        used = {word.split("=")[0] for word in words if word.startswith("--")}
        check(used <= self.options, f"{self.path.name} has no {used - self.options}")


class Server(Program):
    def instance(self, arguments, environment):
        """What a manifest starts: the words behind winnow-serve, and its variables."""
        self.check_options(arguments)
        named = {self.option_of(name): value for name, value in environment.items() if name.startswith(PREFIX)}
        self.check_options(named)
        return {"arguments": arguments, "environment": environment, "options": {**self.defaults, **named, **pairs(arguments)}}

    @staticmethod
    def option_of(name):
        return "--" + name[len(PREFIX):].lower().replace("_", "-")

    @staticmethod
    def longest_end(instance, before=0):
        """Seconds from the wish to stop it to its end at the latest."""
        options = instance["options"]
        delay, requests = float(options["--drain-delay"]), float(options["--drain-seconds"])
        jobs = requests if options["--role"] != "web" else 0
        return before + delay + requests + jobs

    def check_grace(self, instance, grace, before=0):
        longest = self.longest_end(instance, before)
        check(longest < grace, f"killed after {grace} s, which may need {longest} s")

    def check_start(self, instance, secrets, source):
        """Starts it, with paths of this machine, and with a database that does not answer: as far as that it understands everything."""
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            (folder / "pg_service.conf").write_text("[winnow]\nhost=127.0.0.1\nport=1\ndbname=winnow\nuser=winnow\npassword=x\n")
            adapted = {"/run/secrets/winnow/pg_service.conf": folder / "pg_service.conf", "/run/secrets/pg_service": folder / "pg_service.conf",
                       "/run/secrets/winnow": source / "deploy/kubernetes/base/secrets", "/run/secrets": secrets,
                       "/scratch/s3_keys": secrets / "s3_keys", "/models": folder}

            def adapt(text):
                for path, here in adapted.items():
                    if text.startswith(path):
                        return str(here) + text[len(path):]
                return text

            environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
            environment |= {name: adapt(value) for name, value in instance["environment"].items()}
            environment[PREFIX + "LISTEN"] = "127.0.0.1:0"
            environment.pop(PREFIX + "LOG_FORMAT", None)
            ended = subprocess.run([self.path, *map(adapt, instance["arguments"])], env=environment, capture_output=True, text=True, timeout=30)
            check(ended.returncode != 0 and "Connection refused" in ended.stderr,
                  f"{instance['arguments']} ends with {ended.returncode}: {ended.stderr}")


def pairs(words):
    """{"--role": "web"} of ["/models", "--role", "web"]."""
    return {word: following for word, following in zip(words, [*words[1:], ""]) if word.startswith("--")}


def check_image(name):
    """No host, and a version that stays what it is."""
    check("/" not in name or "." not in name.split("/")[0], f"{name} names a registry's host")
    check(re.search(r":[\w.-]+$", name) and not name.endswith(":latest"), f"{name} has no version")


def autoscale_default(source, member):
    """Of AutoscaleOptions: the library's defaults are the only ones, and manifests repeat them."""
    header = (source / "lib/jobs/include/winnow/jobs/autoscale.hpp").read_text()
    return float(re.search(rf"\b{member} = ([\d.]+);", header)[1])
