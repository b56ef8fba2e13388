#!/usr/bin/env python3
"""Holds deploy/prometheus to promtool's opinion, and to what a rule needs so that somebody who is woken can act.

usage: prometheus_test.py SOURCE_FOLDER PROMTOOL_FOLDER
Ends with 77 where there is no promtool.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

source, tools = map(pathlib.Path, sys.argv[1:])
promtool = shutil.which("promtool", path=tools) or shutil.which("promtool")
if promtool is None:
    print("promtool is not here; scripts/setup.sh could not fetch it")
    sys.exit(77)
folder = source / "deploy/prometheus"
pages = (source / "docs/operating/alerts.md").read_text()
METRIC = re.compile(r"\b(winnow[a-z_0-9:]*|process_[a-z_]+|up)\{|\b(winnow[a-z_0-9:]+|process_[a-z_]+)\b")


def run(*words, good=True):
    finished = subprocess.run([promtool, *map(str, words)], capture_output=True, text=True, cwd=folder)
    assert (finished.returncode == 0) == good, (words, finished.stdout, finished.stderr)


run("check", "config", "--syntax-only", "prometheus.yaml")
run("test", "rules", "alerts_test.yaml", "budgets_test.yaml")

groups = yaml.safe_load((folder / "alerts.yaml").read_text())["groups"]
rules = [rule for group in groups for rule in group["rules"]]
alerts = {rule["alert"]: rule for rule in rules if "alert" in rule}
recorded = {rule["record"]: rule["expr"] for rule in rules if "record" in rule}
assert len(alerts) + len(recorded) == len(rules), "two alerts have one name"

# What is looked at first when the telephone rings.
anchors = {re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in re.findall(r"^##+ (.+)$", pages, re.M)}
for name, rule in alerts.items():
    assert rule["labels"]["severity"] in ("page", "ticket"), name
    annotations = rule["annotations"]
    assert set(annotations) == {"summary", "description", "action", "runbook"}, (name, annotations.keys())
    for kind in ("summary", "description", "action"):
        assert annotations[kind].endswith("."), (name, kind, "is no sentence")
    page, _, anchor = annotations["runbook"].partition("#")
    assert page == "docs/operating/alerts.md" and anchor in anchors, (name, annotations["runbook"])
    assert f"`{name}`" in pages or f"## {name}\n" in pages, f"docs/operating/alerts.md does not speak of {name}"


def metrics_of(expression):
    found = set()
    for first, second in METRIC.findall(expression):
        name = first or second
        found |= metrics_of(recorded[name]) if name in recorded else {name}
    return found


# Every alert is seen to fire, and to stay silent although all that it looks at is there.
fires, silent = set(), set()
for file in ("alerts_test.yaml", "budgets_test.yaml"):
    for test in yaml.safe_load((folder / file).read_text())["tests"]:
        there = {series["series"].partition("{")[0] for series in test["input_series"]}
        for case in test["promql_expr_test"] if "promql_expr_test" in test else []:
            if "ALERTS" not in case["expr"]:
                continue
            now = {name for sample in case["exp_samples"] for name in re.findall(r'alertname="(\w+)"', sample["labels"])}
            assert now <= set(alerts), (test["name"], now - set(alerts))
            fires |= now
            silent |= {name for name, rule in alerts.items() if name not in now and metrics_of(rule["expr"]) <= there}
assert fires == set(alerts), ("never seen to fire", set(alerts) - fires)
assert silent == set(alerts), ("never seen to stay silent", set(alerts) - silent)

# The tests can fail: with a limit that nothing reaches, and with one that everything does.
with tempfile.TemporaryDirectory() as scratch:
    test = (folder / "alerts_test.yaml").read_text()
    pathlib.Path(scratch, "alerts_test.yaml").write_text(test)
    rules_text = (folder / "alerts.yaml").read_text()
    for limit in ("max(winnow_jobs_oldest_seconds) > 9999", "max(winnow_jobs_oldest_seconds) > 1"):
        spoiled = rules_text.replace("max(winnow_jobs_oldest_seconds) > 600", limit)
        assert spoiled != rules_text
        pathlib.Path(scratch, "alerts.yaml").write_text(spoiled)
        run("test", "rules", pathlib.Path(scratch, "alerts_test.yaml"), good=False)
