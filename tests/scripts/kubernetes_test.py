#!/usr/bin/env python3
"""Holds deploy/kubernetes to the schemas of Kubernetes, to the metrics there are, and to the defaults of the library.

usage: kubernetes_test.py SOURCE_FOLDER
"""
import pathlib
import re
import sys

import kubernetes_validate
import yaml

METRICS = {
    "enqueued_total", "completed_total", "backlog", "oldest_seconds", "inflight", "service_seconds_total", "ready",
    "wanted_workers"}

source = pathlib.Path(sys.argv[1])
files = {path.name: path.read_text() for path in sorted((source / "deploy/kubernetes").glob("*.yaml"))}
documents = {name: yaml.safe_load(text) for name, text in files.items()}
assert set(files) == {"hpa.yaml", "keda.yaml"}, files.keys()

# The validator does find mistakes.
hpa = documents["hpa.yaml"]
kubernetes_validate.validate(hpa, "1.30", strict=True)
for spoil in (lambda spec: spec.update(maxReplica=3), lambda spec: spec.update(maxReplicas="many"),
              lambda spec: spec.pop("maxReplicas")):
    spoiled = yaml.safe_load(files["hpa.yaml"])
    spoil(spoiled["spec"])
    try:
        kubernetes_validate.validate(spoiled, "1.30", strict=True)
    except kubernetes_validate.ValidationError:
        continue
    raise AssertionError("the validator accepts anything")

# What KEDA hands to the autoscaler is of the same schema; the rest are the fields that it names.
keda = documents["keda.yaml"]
assert (keda["apiVersion"], keda["kind"]) == ("keda.sh/v1alpha1", "ScaledObject")
spec = keda["spec"]
assert set(spec) <= {"scaleTargetRef", "pollingInterval", "cooldownPeriod", "minReplicaCount", "maxReplicaCount",
                     "fallback", "advanced", "triggers"}, spec.keys()
behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
kubernetes_validate.validate({**hpa, "spec": {**hpa["spec"], "behavior": behavior}}, "1.30", strict=True)
(trigger,) = spec["triggers"]
assert trigger["type"] == "prometheus" and trigger["metricType"] == "AverageValue"
assert set(trigger["metadata"]) == {"serverAddress", "threshold", "query"}
assert all(isinstance(value, str) for value in trigger["metadata"].values())
query = trigger["metadata"]["query"]
assert query.count("(") == query.count(")")

for name, text in files.items():
    used = set(re.findall(r"winnow_jobs_(\w+)", text))
    assert used and used <= METRICS, (name, used - METRICS)

# The library's defaults are the only ones; these files repeat them.
header = (source / "lib/jobs/include/winnow/jobs/autoscale.hpp").read_text()


def default(member):
    return float(re.search(rf"\b{member} = ([\d.]+);", header)[1])


assert hpa["spec"]["minReplicas"] == spec["minReplicaCount"] == default("min_workers")
assert hpa["spec"]["maxReplicas"] == spec["maxReplicaCount"] == default("max_workers")
assert behavior["scaleDown"]["stabilizationWindowSeconds"] == default("stabilisation_s")
assert behavior["scaleDown"]["policies"][0]["periodSeconds"] == default("down_pause_s")
assert f"/ {default('utilisation'):g}" in query
assert f"/ {default('drain_s'):g}" in query
assert f"[{default('arrivals_window_s') / 60:g}m]" in query
assert f"[{default('stabilisation_s') / 60:g}m]" in query
