#!/usr/bin/env python3
"""Are all metrics that dashboards, alerts and autoscalers ask for there, and all that are there described?

usage: metric_names_test.py SOURCE_FOLDER METRICS_FILE
METRICS_FILE is what a running winnow-serve has said at /metrics.
"""
import pathlib
import re
import sys

source, metrics = map(pathlib.Path, sys.argv[1:])
families = dict(re.findall(r"^# TYPE (\S+) (\S+)$", metrics.read_text(), re.M))
exposed = set(families)
for name, kind in families.items():
    if kind == "histogram":
        exposed |= {f"{name}_{part}" for part in ("bucket", "sum", "count")}
assert len(families) > 20, families


def used_in(path):
    # Not the names that recording rules make, which have colons.
    return set(re.findall(r"(?<![\w:.-])(winnow_[a-z_0-9]+|process_[a-z_]+)(?![\w:])", path.read_text()))


def check(path, known):
    unknown = used_in(path) - known
    assert not unknown, f"{path}: winnow-serve does not expose {sorted(unknown)}"


files = [source / "deploy/grafana/winnow.json", *sorted((source / "deploy/prometheus").glob("alerts*.yaml")),
         source / "deploy/prometheus/budgets_test.yaml"]
for file in files:
    assert used_in(file), file
    check(file, exposed)

# The table of docs/operating/observing.md names every family, and no other.
described = set(re.findall(r"^\| `((?:winnow|process)_[a-z_]+)", (source / "docs/operating/observing.md").read_text(), re.M))
assert described == set(families), described ^ set(families)

# It does find mistakes.
try:
    check(files[0], exposed - {"winnow_ready"})
except AssertionError:
    pass
else:
    raise AssertionError("it finds nothing")
