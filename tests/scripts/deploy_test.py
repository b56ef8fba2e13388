#!/usr/bin/env python3
"""Holds deploy/container and deploy/aws to their formats, to what winnow-serve takes, and to each other; and runs the proxy.

usage: deploy_test.py SOURCE_FOLDER PROGRAMS_FOLDER
"""
import contextlib
import http.client
import http.server
import json
import pathlib
import re
import shlex
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import compose_spec
import yaml

from deployed_server import Server, autoscale_default, check, check_image, pairs, refuses

source, programs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
peers = pathlib.Path(sys.executable).parent
container, aws = source / "deploy/container", source / "deploy/aws/winnow.yaml"
server = Server(programs / "winnow-serve")
scratch = tempfile.TemporaryDirectory()
secrets = pathlib.Path(scratch.name) / "secrets"
HOST = "classify.example.org"


def lint(program, text, *arguments):
    """What a linter finds in a text."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(text)
        file.flush()
        found = subprocess.run([peers / program, *arguments, file.name], capture_output=True, text=True)
    check(found.returncode == 0, f"{program}: {found.stdout}{found.stderr}")


# ---- the images
def check_containerfile(text):
    lint("hadolint", text, "--failure-threshold", "info", "--no-color")


containerfile = (container / "Containerfile").read_text()
check_containerfile(containerfile)
check_containerfile((container / "Containerfile.site").read_text())
refuses(check_containerfile, containerfile.replace("FROM debian:12-slim AS base", "FROM debian AS base"))
refuses(check_containerfile, containerfile.replace('ENTRYPOINT ["winnow"]', "ENTRYPOINT winnow"))
stages = dict(re.findall(r"^FROM \S+ AS (\w+)\n(.*?)(?=^FROM |\Z)", containerfile, re.M | re.S))
check(list(stages) == ["packages", "base", "runtime", "training"])
for stage in ("runtime", "training"):
    check("USER 10001:10001" in stages[stage] and "g++" not in stages[stage])
check('STOPSIGNAL SIGTERM' in stages["base"] and "--gid 10001" in stages["base"] and "--uid 10001" in stages["base"])
check("WINNOW_SERVE_LISTEN=0.0.0.0:8080" in stages["runtime"] and "EXPOSE 8080" in stages["runtime"])
probe = re.search(r'HEALTHCHECK .* CMD \["([\w-]+)"\]', stages["runtime"])[1]
check(f"deploy/container/{probe} /usr/local/bin/" in stages["runtime"] and (container / probe).stat().st_mode & 0o111)
for script in (container / probe, container / "install.sh", container / "make-secrets.sh", container / "try.sh"):
    subprocess.run(["bash", "-n", script], check=True)

# ---- the compose file
made = subprocess.run([container / "make-secrets.sh", HOST, secrets], capture_output=True, text=True)
check(made.returncode == 0, made.stderr)
before = {path.name: path.read_text() for path in secrets.iterdir()}
subprocess.run([container / "make-secrets.sh", HOST, secrets], capture_output=True, check=True)
check(before == {path.name: path.read_text() for path in secrets.iterdir()}, "make-secrets.sh makes them anew")
check(secrets.stat().st_mode & 0o077 == 0, "others may look into the folder of secrets")
text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", (container / "compose.yaml").read_text())
check("${" not in text, "a variable without a default")
compose = yaml.safe_load(text)
services = compose["services"]


def check_compose(document):
    compose_spec.PyCompose.from_json(json.dumps(document))


def with_service(name, **fields):
    return {**compose, "services": {**services, name: {**services[name], **fields}}}


check_compose(compose)
refuses(check_compose, with_service("proxy", read_onli=True), ValueError)
refuses(check_compose, with_service("proxy", depends_on={"web-1": {"condition": "service_helthy"}}), ValueError)
check(set(services) == {"proxy", "web-1", "web-2", "worker-1", "worker-2", "lifecycle", "database", "store", "bucket"})


def seconds(text):
    check(re.fullmatch(r"\d+s", text), text)
    return int(text[:-1])


def check_service(name, service):
    check(service["read_only"] is True and service["cap_drop"] == ["ALL"] and "cap_add" not in service, name)
    check(re.fullmatch(r"\d+:\d+", service["user"]), name)
    check(service["security_opt"] == ["no-new-privileges:true"] and "privileged" not in service, name)
    check(set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name)
    ends = service["restart"] == "no"
    check(ends or "healthcheck" in service, name)
    check_image(service["image"])
    for other, how in service.get("depends_on", {}).items():
        wanted = "service_completed_successfully" if services[other]["restart"] == "no" else "service_healthy"
        check(how["condition"] == wanted, name)
    for secret in service.get("secrets", []):
        check((secrets / pathlib.Path(compose["secrets"][secret]["file"]).name).stat().st_mode & 0o004, secret)
    used = set(re.findall(r"/run/secrets/(\w+)", json.dumps(service)))
    check(used <= set(service.get("secrets", [])), f"{name} has not been given {used}")


for name, service in services.items():
    check_service(name, service)
refuses(lambda service: check_service("proxy", service), {**services["proxy"], "cap_add": ["NET_ADMIN"]})
refuses(lambda service: check_service("proxy", service), {**services["proxy"], "image": "nginx:latest"})
refuses(lambda service: check_service("web-1", service), {**services["web-1"], "secrets": ["pg_service"]})


def check_role(name, service):
    check(service["command"][0] == "serve" and service["user"] == "10001:10001")
    instance = server.instance(service["command"][1:], service["environment"])
    check(instance["options"]["--role"] == name.split("-")[0])
    server.check_grace(instance, seconds(service["stop_grace_period"]))
    check(service["healthcheck"]["test"] == ["CMD", probe])
    server.check_start(instance, secrets, source)
    return instance


roles = {name: check_role(name, service) for name, service in services.items() if "command" in service and "serve" in service["command"]}
check(set(roles) == {"web-1", "web-2", "worker-1", "worker-2", "lifecycle"})
refuses(lambda service: check_role("web-1", service), {**services["web-1"], "stop_grace_period": "20s"})
refuses(lambda service: check_role("web-1", service), {**services["web-1"], "command": ["serve", "/models", "--role", "webs"]})
for file, what in (("pg_service.conf", (secrets / "database_password").read_text().strip()),
                   ("s3.json", (secrets / "s3_keys").read_text().split()[1])):
    check(what in (secrets / file).read_text(), f"{file} has another secret than who is to check it")

# ---- the proxy before it: by its addresses, its times, and then by running it
proxy = (container / "nginx.conf").read_text()
addresses = {name: services[name]["networks"]["front"]["ipv4_address"] for name in ("proxy", "web-1", "web-2")}
check(set(re.findall(r"server ([\d.]+:\d+) ", proxy)) == {f"{addresses[name]}:8080" for name in ("web-1", "web-2")})
options = roles["web-1"]["options"]
check(options["--trusted-proxy"] == addresses["proxy"] and options["--public-url"] == f"https://{HOST}")
check(set(re.findall(r"server_name (.*);", proxy)) == {HOST})
check([port.split(":")[1] for port in services["proxy"]["ports"]] == ["8080", "8443"])
check(set(re.findall(r"listen (\d+)", proxy)) == {"8080", "8443"})


def number(pattern):
    return float(re.search(pattern, proxy)[1])


check(number(r"keepalive_timeout (\d+)s") < float(options["--idle-seconds"]))
check(number(r"client_max_body_size (\d+)m;  # --max-body") * 2**20 == float(options["--max-body"]))
check(number(r"client_max_body_size (\d+)m;  # --premium") * 2**20 > float(options["--premium-upload"]))
check(number(r"proxy_read_timeout (\d+)s;  # over") > float(options["--deadline"]))
check(seconds(services["proxy"]["stop_grace_period"]) > number(r"proxy_read_timeout (\d+)s;  # over"))
check(number(r"fail_timeout=(\d+)s") * 2 < float(options["--drain-delay"]))


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        size = len(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        answer = json.dumps({"size": size, "from": self.headers["X-Forwarded-For"], "host": self.headers["Host"]}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def start_proxy(folder, text, upstream):
    ports = {"8080": free_port(), "8443": free_port()}
    text = re.sub(r"listen (\d+)", lambda found: f"listen 127.0.0.1:{ports[found[1]]}", text)
    text = re.sub(r"server [\d.]+:8080 ", f"server 127.0.0.1:{upstream} ", text)
    text = text.replace("/tmp/", f"{folder}/")
    for secret, file in compose["secrets"].items():
        text = text.replace(f"/run/secrets/{secret};", f"{secrets / pathlib.Path(file['file']).name};")
    (folder / "nginx.conf").write_text(text)
    command = ["/usr/sbin/nginx", "-p", folder, "-e", folder / "error.log", "-c", folder / "nginx.conf"]
    tested = subprocess.run([*command, "-t"], capture_output=True, text=True)
    check(tested.returncode == 0, tested.stderr)
    return ports, lambda: subprocess.Popen([*command, "-g", "daemon off; master_process off;"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ask(port, method, path, host=HOST, body=None, secure=True):
    trusting = ssl._create_unverified_context()
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
    connection = kind("127.0.0.1", port, timeout=20, **({"context": trusting} if secure else {}))
    with contextlib.closing(connection):
        connection.request(method, path, body, {"Host": host, "X-Forwarded-For": "6.6.6.6"})
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    upstream = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    refuses(lambda text: start_proxy(folder, text, 1), proxy.replace("proxy_read_timeout 30s", "proxy_read_timeouts 30s"))
    ports, start = start_proxy(folder, proxy, upstream.server_port)
    process = start()
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                if ask(ports["8080"], "GET", "/proxy-is-up", secure=False)[0] == 204:
                    break
            time.sleep(0.1)
        check(ask(ports["8080"], "GET", "/proxy-is-up", secure=False)[0] == 204, "nginx does not start")
        status, _, headers = ask(ports["8080"], "GET", "/jobs", secure=False)
        check((status, headers["Location"]) == (308, f"https://{HOST}/jobs"), status)
        status, content, headers = ask(ports["8443"], "GET", "/")
        check(status == 200 and json.loads(content) == {"size": 0, "from": "127.0.0.1", "host": HOST}, content)
        check("Strict-Transport-Security" in headers and "X-Request-Id" in headers)
        check(ask(ports["8443"], "GET", "/", host="other.example.org")[0] == 421)
        check(ask(ports["8443"], "GET", "/metrics")[0] == 404)
        large = bytes(21 * 2**20)
        for path, most in (("/jobs", 200), ("/api/v1/jobs", 200), ("/jobs/1", 413), ("/api/classify", 413)):
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # a refusal may come while this still sends
                check(ask(ports["8443"], "POST", path, body=large)[0] == most, path)
        check(json.loads(ask(ports["8443"], "POST", "/jobs", body=large)[1])["size"] == len(large))
    finally:
        process.terminate()
        process.wait(20)
        upstream.shutdown()

# ---- the stack of AWS


def check_template(text):
    lint("cfn-lint", text, "--non-zero-exit-code", "informational", "--")


template = aws.read_text()
check_template(template)
refuses(check_template, template.replace("HealthCheckPath:", "HealthPath:"))
refuses(check_template, template.replace("!GetAtt Balancer.DNSName", "!GetAtt Balance.DNSName"))


class Loader(yaml.SafeLoader):
    """!Ref X is {"Ref": X}."""


def intrinsic(loader, tag, node):
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    return {tag: loader.construct_sequence(node, deep=True) if isinstance(node, yaml.SequenceNode) else loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", intrinsic)
stack = yaml.load(template, Loader)
resources = stack["Resources"]
task = resources["Fn::ForEach::Tasks"][2]["${Role}Task"]["Properties"]
(definition,) = task["ContainerDefinitions"]
check(definition["User"] == "10001:10001" and definition["ReadonlyRootFilesystem"] is True)
check(definition["HealthCheck"]["Command"] == ["CMD", probe, "/healthz"])
script, names = definition["Command"][0]["Fn::Sub"]
environment = {variable["Name"]: variable["Value"] for variable in definition["Environment"]}
secret_names = {secret["Name"] for secret in definition["Secrets"]}
check(set(re.findall(r"\$(\w+)", script)) <= secret_names)
substitutes = {"WINNOW_SERVE_STORAGE": "s3://winnow", "WINNOW_SERVE_S3_ENDPOINT": "https://s3.example.org", "WINNOW_SERVE_S3_REGION": "eu-west-1",
               "WINNOW_SERVE_PUBLIC_URL": f"https://{HOST}", "WINNOW_SERVE_TRUSTED_PROXY": "10.0.0.0/16"}
check({name for name, value in environment.items() if isinstance(value, dict)} == set(substitutes))
environment |= substitutes | {"WINNOW_SERVE_DATABASE": "postgresql://winnow:x@127.0.0.1:1/winnow?sslmode=require"}
check("WINNOW_SERVE_DATABASE" in secret_names)
for role in resources["Fn::ForEach::Tasks"][1]:
    arguments = shlex.split(script.replace("${Arguments}", stack["Mappings"]["Roles"][role]["Arguments"]).split("exec winnow-serve ")[1])
    check(pairs(arguments)["--role"] == role.lower())
    instance = server.instance(arguments, environment)
    server.check_grace(instance, definition["StopTimeout"])
    server.check_start(instance, secrets, source)
    check(definition["StopTimeout"] <= 120, "more than Fargate waits")
# The file of keys is what the server reads: two lines.
written = subprocess.run(["bash", "-euc", script.split("exec ")[0].replace("/scratch", scratch.name)],
                         env={"S3_ACCESS_KEY": "an access key", "S3_SECRET_KEY": "a %s secret\\n"}, capture_output=True, text=True)
check((pathlib.Path(scratch.name) / "s3_keys").read_text() == "an access key\na %s secret\\n\n", written.stderr)
check((pathlib.Path(scratch.name) / "s3_keys").stat().st_mode & 0o077 == 0)
targets = resources["WebTargets"]["Properties"]
attributes = {attribute["Key"]: attribute["Value"] for attribute in
              targets["TargetGroupAttributes"] + resources["Balancer"]["Properties"]["LoadBalancerAttributes"]}
check(targets["HealthCheckPath"] == "/readyz" and targets["Port"] == 8080)
check(float(attributes["idle_timeout.timeout_seconds"]) < float(instance["options"]["--idle-seconds"]))
check(float(attributes["deregistration_delay.timeout_seconds"]) >= float(instance["options"]["--drain-seconds"]))
for name in ("Web", "Worker"):
    policy = resources[f"{name}ScalingPolicy"]["Properties"]["TargetTrackingScalingPolicyConfiguration"]
    check(policy["TargetValue"] == 100 * autoscale_default(source, "utilisation"))
    check(policy["ScaleInCooldown"] == autoscale_default(source, "stabilisation_s"))
for bound in ("min", "max"):
    check(stack["Parameters"][f"{bound.title()}Workers"]["Default"] == autoscale_default(source, f"{bound}_workers"))
scratch.cleanup()
print("deploy: images, compose file, proxy and stack are valid, and mean what they say")
