#!/usr/bin/env python3
"""Holds deploy/kubernetes, as kustomize resolves it, to the schemas of Kubernetes, to what winnow's programs take, and to itself.

usage: kubernetes_test.py SOURCE_FOLDER PROGRAMS_FOLDER KUSTOMIZE_LIBRARY
"""
import base64
import copy
import ctypes
import json
import pathlib
import re
import shlex
import shutil
import sys
import tempfile

import kubernetes_validate
import yaml

from deployed_server import Program, Server, autoscale_default, check, check_image, refuses

METRICS = {
    "enqueued_total", "completed_total", "backlog", "oldest_seconds", "inflight", "service_seconds_total", "ready",
    "wanted_workers"}
OLDEST, NEWEST = "1.30", kubernetes_validate.latest_version()  # the oldest has preStop.sleep
CONFINED = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}

source, programs = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
folder = source / "deploy/kubernetes"
server = Server(programs / "winnow-serve")
library = ctypes.CDLL(sys.argv[3])
library.pykustomize_last_error.restype = ctypes.c_char_p


def resolve(path):
    text = ctypes.c_char_p()
    if library.pykustomize_build(str(path).encode(), b"{}", ctypes.byref(text)) != 0:
        raise ValueError(library.pykustomize_last_error().decode())
    return [resource for resource in yaml.safe_load_all(text.value.decode()) if resource]


def of_kind(resources, *kinds):
    return [resource for resource in resources if resource["kind"] in kinds]


def name_of(resource):
    return resource["metadata"]["name"]


def pods(resources):
    return [resource["spec"]["template"] for resource in of_kind(resources, "Deployment", "Job")]


def container_of(pod):
    (container,) = pod["spec"]["containers"]
    return container


def validate(resource):
    for version in (OLDEST, NEWEST):
        kubernetes_validate.validate(resource, version, strict=True)


def check_confined(pod):
    """What the pod security standard `restricted` asks for, and a root that is read-only."""
    spec, container = pod["spec"], container_of(pod)
    security = spec["securityContext"]
    check(security["runAsNonRoot"] and security["runAsUser"] >= 1000 and security["seccompProfile"]["type"] == "RuntimeDefault")
    check(container["securityContext"] == CONFINED, container["securityContext"])
    check(not any(key in spec for key in ("hostNetwork", "hostPID", "hostIPC")))
    check(all(set(volume) - {"name"} <= {"secret", "emptyDir", "persistentVolumeClaim"} for volume in spec["volumes"]))
    check(spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False)
    for kind in ("requests", "limits"):
        check(set(container["resources"][kind]) == {"cpu", "memory"}, container["resources"])
    check_image(container["image"])
    check({mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]})


def check_references(resources):
    """Names that one resource has of another, and selectors: each finds something."""
    names = {(resource["kind"], name_of(resource)) for resource in resources}
    labels = [pod["metadata"]["labels"] for pod in pods(resources)]

    def selects(wanted):
        return any(wanted.items() <= there.items() for there in labels)

    for resource in resources:
        spec = resource.get("spec", {})
        if resource["kind"] == "Service":
            check(selects(spec["selector"]), name_of(resource))
        elif resource["kind"] in ("PodDisruptionBudget", "Deployment"):
            check(selects(spec["selector"]["matchLabels"]), name_of(resource))
        elif resource["kind"] == "NetworkPolicy":
            check(selects(spec["podSelector"].get("matchLabels", {})), name_of(resource))
        elif resource["kind"] in ("HorizontalPodAutoscaler", "ScaledObject"):
            check(("Deployment", spec["scaleTargetRef"]["name"]) in names, name_of(resource))
        elif resource["kind"] == "Ingress":
            for path in spec["rules"][0]["http"]["paths"]:
                check(("Service", path["backend"]["service"]["name"]) in names)
        if resource["kind"] != "Namespace":
            check(resource["metadata"]["namespace"] == "winnow", name_of(resource))
    for pod in pods(resources):
        for volume in pod["spec"]["volumes"]:
            if "secret" in volume:
                check(("Secret", volume["secret"]["secretName"]) in names, volume)
        for variables in container_of(pod).get("envFrom", []):
            check(("ConfigMap", variables["configMapRef"]["name"]) in names, variables)


def check_server(deployment, options):
    """A role of winnow-serve: its command line, its probes and its end."""
    pod, container = deployment["spec"]["template"]["spec"], container_of(deployment["spec"]["template"])
    check(container["args"][0] == "serve", container["args"])
    instance = server.instance(container["args"][1:], options)
    check(instance["options"]["--role"] == deployment["metadata"]["name"].removeprefix("winnow-"))
    (port,) = container["ports"]
    check(port == {"name": "http", "containerPort": 8080}, "the image listens on 8080")
    probes = {name: container[name + "Probe"] for name in ("startup", "readiness", "liveness")}
    check({name: probe["httpGet"] for name, probe in probes.items()} == {
        "startup": {"path": "/readyz", "port": "http"}, "readiness": {"path": "/readyz", "port": "http"},
        "liveness": {"path": "/healthz", "port": "http"}})
    unseen = probes["readiness"]["periodSeconds"] * probes["readiness"]["failureThreshold"]
    check(unseen < float(instance["options"]["--drain-delay"]), "it would be gone before the probe has seen that it goes")
    wait = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
    server.check_grace(instance, pod["terminationGracePeriodSeconds"], wait)
    return instance


def variables_of(resources):
    (options,) = of_kind(resources, "ConfigMap")
    return options["data"]


def check_guide(text):
    """The overlay of docs/guide/containers.md, as a reader would make it."""
    block = re.search(r"^    namespace: winnow\n(?:    .*\n)+", text, re.M)[0]
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        shutil.copytree(folder, scratch / "winnow/deploy/kubernetes")
        (scratch / "site/secrets").mkdir(parents=True)
        for secret in (folder / "base/secrets").iterdir():
            (scratch / "site/secrets" / secret.name).write_text("of the site")
        (scratch / "site/kustomization.yaml").write_text(re.sub(r"^    ", "", block, flags=re.M))
        resources = resolve(scratch / "site")
    for resource in resources:
        validate(resource)
    check_references(resources)
    check({container_of(pod)["image"] for pod in pods(resources)} == {"YOUR_REGISTRY/winnow-site:1"})
    (secret,) = of_kind(resources, "Secret")
    check({base64.b64decode(value) for value in secret["data"].values()} == {b"of the site"}, "a placeholder is left")
    check("example.org" not in json.dumps(resources), "a name is left that the reader has to change")


overlays = {path.name: resolve(path) for path in sorted((folder / "overlays").iterdir())}
jobs = {path.name: resolve(path) for path in sorted((folder / "jobs").iterdir()) if path.name != "confined"}
check(set(overlays) == {"hpa", "keda"} and set(jobs) == {"scrape", "merge", "train"})
for resources in [*overlays.values(), *jobs.values()]:
    for resource in resources:
        if resource["kind"] != "ScaledObject":
            validate(resource)
    check_references(resources if resources not in jobs.values() else jobs["scrape"] + resources)
    for pod in pods(resources):
        check_confined(pod)

# The parts of an overlay that are there to keep it up, and to keep others out.
for name, resources in overlays.items():
    deployments = {name_of(deployment): deployment for deployment in of_kind(resources, "Deployment")}
    check(set(deployments) == {"winnow-web", "winnow-worker", "winnow-lifecycle"})
    check({name_of(budget) for budget in of_kind(resources, "PodDisruptionBudget")} == set(deployments))
    scaled = {resource["spec"]["scaleTargetRef"]["name"] for resource in of_kind(resources, "HorizontalPodAutoscaler", "ScaledObject")}
    check(scaled == {name for name, deployment in deployments.items() if "replicas" not in deployment["spec"]}, scaled)
    check("sleep" in container_of(deployments["winnow-web"]["spec"]["template"])["lifecycle"]["preStop"])
    nothing = [policy["spec"] for policy in of_kind(resources, "NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    check(nothing == [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}])
    (namespace,) = of_kind(resources, "Namespace")
    check(namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted")
    for deployment in deployments.values():
        server.check_start(check_server(deployment, variables_of(resources)), folder / "base/secrets", source)
for secret in (folder / "base/secrets").iterdir():
    check("PLACEHOLDER" in secret.read_text() or secret.name == "keys.json", secret)

guide = (source / "docs/guide/containers.md").read_text()
check_guide(guide)
refuses(check_guide, guide.replace("behavior: replace", "behavior: merge").replace("secrets/s3_keys, ", ""))

# Jobs: as many parts as are told, and options that there are.
for name, resources in jobs.items():
    (job,) = of_kind(resources, "Job")
    container = container_of(job["spec"]["template"])
    script = container["command"][-1]
    variables = {variable["name"]: variable["value"] for variable in container.get("env", [])}
    for line in script.splitlines():
        if found := re.search(r"(winnow-\w+) (.*)", line):
            Program(programs / found[1]).check_options(shlex.split(found[2]))
    indexed = job["spec"].get("completionMode") == "Indexed"
    check(indexed == (name != "merge") and ("JOB_COMPLETION_INDEX" in script) == indexed)
    if name == "scrape":
        check(int(variables["PARTS"]) == job["spec"]["completions"])
    if name == "train":
        recipes = re.search(r"recipes=\(([^)]*)\)", script)[1].split()
        check(len(recipes) == job["spec"]["completions"] and set(recipes) <= {"probe", "finetune", "scratch"})

# What KEDA hands to the autoscaler is of the same schema; the rest are the fields that it names.
hpa = next(resource for resource in of_kind(overlays["hpa"], "HorizontalPodAutoscaler") if name_of(resource) == "winnow-worker")
(keda,) = of_kind(overlays["keda"], "ScaledObject")
spec = keda["spec"]
check(keda["apiVersion"] == "keda.sh/v1alpha1")
check(set(spec) <= {"scaleTargetRef", "pollingInterval", "cooldownPeriod", "minReplicaCount", "maxReplicaCount",
                    "fallback", "advanced", "triggers"}, spec.keys())
behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
validate({**hpa, "spec": {**hpa["spec"], "behavior": behavior}})
(trigger,) = spec["triggers"]
check(trigger["type"] == "prometheus" and trigger["metricType"] == "AverageValue")
check(set(trigger["metadata"]) == {"serverAddress", "threshold", "query"})
check(all(isinstance(value, str) for value in trigger["metadata"].values()))
query = trigger["metadata"]["query"]
check(query.count("(") == query.count(")"))
for text in (query, str(hpa)):
    used = set(re.findall(r"winnow_jobs_(\w+)", text))
    check(used and used <= METRICS, used - METRICS)

# The library's defaults are the only ones; these files repeat them.
check(hpa["spec"]["minReplicas"] == spec["minReplicaCount"] == autoscale_default(source, "min_workers"))
check(hpa["spec"]["maxReplicas"] == spec["maxReplicaCount"] == autoscale_default(source, "max_workers"))
check(behavior["scaleDown"]["stabilizationWindowSeconds"] == autoscale_default(source, "stabilisation_s"))
check(behavior["scaleDown"]["policies"][0]["periodSeconds"] == autoscale_default(source, "down_pause_s"))
for term in (f"/ {autoscale_default(source, 'utilisation'):g}", f"/ {autoscale_default(source, 'drain_s'):g}",
             f"[{autoscale_default(source, 'arrivals_window_s') / 60:g}m]",
             f"[{autoscale_default(source, 'stabilisation_s') / 60:g}m]"):
    check(term in query, term)
web = next(resource for resource in of_kind(overlays["hpa"], "HorizontalPodAutoscaler") if name_of(resource) == "winnow-web")
check(web["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] == 100 * autoscale_default(source, "utilisation"))

# And all of it does find mistakes.
deployment = next(resource for resource in overlays["hpa"] if name_of(resource) == "winnow-web" and resource["kind"] == "Deployment")
options = variables_of(overlays["hpa"])


def spoiled(resource, *path, to=None):
    """A copy in which what stands at the path is something else, or gone."""
    copied = copy.deepcopy(resource)
    place = copied
    for step in path[:-1]:
        place = place[step]
    if to is None:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return copied


inside = ("spec", "template", "spec", "containers", 0)
refuses(validate, spoiled(hpa, "spec", "maxReplicas"), kubernetes_validate.ValidationError)
refuses(validate, spoiled(hpa, "spec", "maxReplica", to=3), kubernetes_validate.ValidationError)
refuses(validate, spoiled(deployment, *inside, "lifecycle", "preStop", "sleep", "second", to=5), kubernetes_validate.ValidationError)
refuses(validate, spoiled(deployment, *inside, "startupProbe", "httpGet", "paths", to="/"), kubernetes_validate.ValidationError)
for broken in (spoiled(deployment, *inside, "args", 2, to="--roll"), spoiled(deployment, *inside, "args", 3, to="worker"),
               spoiled(deployment, *inside, "livenessProbe", "httpGet", "path", to="/readyz"),
               spoiled(deployment, *inside, "readinessProbe", "failureThreshold", to=3),
               spoiled(deployment, "spec", "template", "spec", "terminationGracePeriodSeconds", to=30)):
    refuses(lambda resource: check_server(resource, options), broken)
refuses(lambda variables: check_server(deployment, variables), {**options, "WINNOW_SERVE_STORE": "s3://winnow"})
refuses(lambda variables: server.check_start(check_server(deployment, variables), folder / "base/secrets", source),
        {**options, "WINNOW_SERVE_TRUSTED_PROXY": "10.0.0.0/80"})
for broken in (spoiled(deployment, *inside, "securityContext", "capabilities"), spoiled(deployment, *inside, "image", to="winnow-site"),
               spoiled(deployment, *inside, "resources", "limits", "memory")):
    refuses(lambda resource: check_confined(resource["spec"]["template"]), broken)
others = [resource for resource in overlays["hpa"] if resource is not deployment]
check_references([*others, deployment])
refuses(check_references, others)
with tempfile.TemporaryDirectory() as scratch:
    shutil.copytree(folder, scratch, dirs_exist_ok=True)
    kustomization = pathlib.Path(scratch) / "overlays/hpa/kustomization.yaml"
    kustomization.write_text(kustomization.read_text().replace("name: winnow-worker", "name: winnow-works"))
    patched = {name_of(resource): resource for resource in of_kind(resolve(kustomization.parent), "Deployment")}
    check("replicas" in patched["winnow-worker"]["spec"], "the patch that names nobody is applied")
    kustomization.write_text(kustomization.read_text().replace("../../base", "../../bass"))
    refuses(resolve, kustomization.parent, ValueError)
print("kubernetes: every resource is valid, and means what it says")
