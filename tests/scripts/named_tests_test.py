#!/usr/bin/env python3
"""Is every test that a page names as a proof really there?

usage: named_tests_test.py SOURCE_FOLDER
"""
import fnmatch
import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
there = {f"{suite}.{name}" for file in (source / "tests").rglob("*.cpp")
         for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", file.read_text(), re.M)}
assert len(there) > 500, len(there)


def named_on(text):
    """`Suite.Name`, `Suite.*`, and `.Name` behind one of the same suite."""
    suite = None
    for first, name in re.findall(r"`([A-Z]\w+)?\.([A-Z]\w*\*?|\*)`", text):
        suite = first or suite
        yield f"{suite}.{name}"


def missing(text):
    return [name for name in named_on(text) if not fnmatch.filter(there, name)]


for page in ("docs/operating/security.md", "docs/guide/serve.md"):
    text = (source / page).read_text()
    assert len(list(named_on(text))) > 10, page
    assert not missing(text), f"{page} names tests that are not there: {missing(text)}"
assert missing("`Tls.NoSuchTest`") and missing("`NoSuchSuite.*`")
