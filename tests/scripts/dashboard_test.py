#!/usr/bin/env python3
"""Holds deploy/grafana/winnow.json to Grafana's own schema, to promtool's grammar, and to a layout without holes.

usage: dashboard_test.py SOURCE_FOLDER PROMTOOL_FOLDER
"""
import copy
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

source, tools = map(pathlib.Path, sys.argv[1:])
promtool = shutil.which("promtool", path=tools) or shutil.which("promtool")
dashboard = json.loads((source / "deploy/grafana/winnow.json").read_text())
plugins.register_default_plugins()
# Fields that Grafana writes and reads, and its library leaves out.
NOT_IN_THE_LIBRARY = {"builtIn", "definition", "titleFormat", "textFormat", "step", "showColorScale", "mode"}


def differences(ours, theirs, where=""):
    """What the library does not know, or understands otherwise."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for key, value in ours.items():
            if key in theirs:
                yield from differences(value, theirs[key], f"{where}/{key}")
            elif key not in NOT_IN_THE_LIBRARY:
                yield f"{where}/{key}"
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for number, pair in enumerate(zip(ours, theirs)):
            yield from differences(*pair, f"{where}/{number}")
    elif ours != theirs:
        yield where


def faults(board):
    found = list(differences(board, json.loads(JSONEncoder().encode(Dashboard.from_json(copy.deepcopy(board))))))
    panels = board["panels"]
    if len({panel["id"] for panel in panels}) != len(panels):
        found.append("two panels have one id")
    taken = {}
    for panel in panels:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                if x >= 24 or (x, y) in taken:
                    found.append(f"{panel['title']} lies over {taken.get((x, y), 'the edge')}")
                taken[x, y] = panel["title"]
        if panel["type"] == "row":
            continue
        if not panel.get("description", "").endswith("."):
            found.append(f"{panel['title']} says nothing of itself")
        if panel["type"] != "heatmap" and not panel["fieldConfig"]["defaults"].get("unit"):
            found.append(f"{panel['title']} has no unit")
        for target in panel["targets"]:
            if target["datasource"]["uid"] != "${datasource}" or 'job=~"$job"' not in target["expr"]:
                found.append(f"{panel['title']} does not heed what is chosen above")
    height = max(y for _, y in taken) + 1
    if len(taken) != 24 * height:
        found.append("the layout has holes")
    return found


def parses(expressions):
    if promtool is None:
        return True
    with tempfile.TemporaryDirectory() as scratch:
        rules = [{"record": "panel:x", "expr": expression, "labels": {"n": str(number)}} for number, expression in enumerate(expressions)]
        file = pathlib.Path(scratch, "rules.json")  # JSON is YAML
        file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
        return subprocess.run([promtool, "check", "rules", file], capture_output=True).returncode == 0


def expressions_of(board):
    found = [target["expr"] for panel in board["panels"] for target in panel.get("targets", [])]
    found += [note["expr"] for note in board["annotations"]["list"] if "expr" in note]
    filled = [re.sub(r"\$__rate_interval", "5m", text).replace("$job", "x").replace("$instance", "y") for text in found]
    assert all("$" not in text for text in filled), filled
    return filled


assert faults(dashboard) == [], faults(dashboard)
expressions = expressions_of(dashboard)
assert len(expressions) > 30 and parses(expressions)
assert (dashboard["uid"], dashboard["title"]) == ("winnow", "winnow")

# All of this does find mistakes.
assert promtool is None or not parses(["sum(rate(winnow_requests_total[5m])"])
for spoil in (lambda board: board["panels"][1].update(tittle="x"), lambda board: board["panels"][1].update(description=""),
              lambda board: board["panels"][2].update(id=board["panels"][1]["id"]), lambda board: board["panels"].pop(),
              lambda board: board["panels"][2]["gridPos"].update(x=0),
              lambda board: board["panels"][1]["fieldConfig"]["defaults"].update(unitt="s"),
              lambda board: board["panels"][1]["targets"][0].update(expr="sum(winnow_ready)")):
    spoiled = copy.deepcopy(dashboard)
    spoil(spoiled)
    assert faults(spoiled), "nothing is wrong, it says"
if promtool is None:
    print("promtool is not here: the expressions have not been parsed")
