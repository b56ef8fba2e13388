#!/usr/bin/env python3
"""Runs every command of the guide and takes every picture of these docs anew.

    docs/guide/make.py [--check] [CHAPTER ...]      (as root; `make guide` builds and sets up first)

The chapters say themselves what is run and shown (script/chapter.py), each in a folder of its own below build/guide, on a
machine of their own (script/world.py) on which the first one installs build/packages. --check changes nothing in docs, and ends
with 1 where a chapter says something else than the commands do.
"""
import argparse
import difflib
import os
import pathlib
import re
import shutil
import subprocess
import sys

GUIDE = pathlib.Path(__file__).resolve().parent
ROOT = GUIDE.parent.parent
sys.path.insert(0, str(GUIDE / "script"))
import world  # noqa: E402

CHAPTERS = ["docs/guide/first-site.md", "docs/guide/labels.md", "docs/guide/makefile.md", "docs/guide/serve.md",
            "docs/guide/jobs.md", "docs/guide/offline.md", "docs/guide/troubles.md", "docs/tools/curate.md",
            "docs/tools/train.md"]


def drawn():
    """Apples, leaves and mushrooms with mistakes among them; drawing them takes longer than anything else here."""
    folder, script = ROOT / "build/drawn", ROOT / "docs/pictures/draw.py"
    if not folder.exists() or folder.stat().st_mtime < script.stat().st_mtime:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, script, f"{folder}.part", "--mistakes"], check=True)
        pathlib.Path(f"{folder}.part").rename(folder)
        folder.touch()
    return folder


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("chapters", nargs="*", default=CHAPTERS)
    arguments = parser.parse_args()
    world.enter()

    import looks
    import shots
    from browser import Browser
    from chapter import Chapter
    from session import Session, environment

    work = ROOT / "build/guide"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    world.set_up(work)
    internet = world.connect(work, ROOT / ".deps/pictures/assets")
    pictures = work / "pictures" if arguments.check else ROOT / "docs/pictures"
    pictures.mkdir(exist_ok=True)

    def clean(lines):
        """Output with what differs from run to run made equal, and without what apt thinks of this machine's settings."""
        text = "\n".join(line for line in lines if not line.startswith("N: ")).replace(str(home), "~")
        text = re.sub(r"\b[0-9a-f]{32}\b", "4f1c2a...", text)
        text = re.sub(r"notAfter=.*", "notAfter=Dec 22 01:38:20 2026 GMT", text)
        return re.sub(r"^[\d/]+ [\d:]+ (\[\w+\]) \d+#\d+", r"2026/11/22 01:38:20 \1 370#370", text, flags=re.M).splitlines()

    if arguments.chapters[0] != CHAPTERS[0]:  # whose reader installs them
        world.shell(f"apt-get install -y {ROOT}/build/packages/*.deb")
    browser = Browser()
    stale = []
    for name in arguments.chapters:
        path = ROOT / name
        print(f"guide: {name}", flush=True)
        home = work / path.stem
        home.mkdir()
        session = Session(home, environment(home, "/usr/sbin:/usr/bin:/sbin:/bin"))
        session.run(f"PACKAGES={ROOT}/build/packages DRAWN={drawn()} GUIDE={GUIDE} PYTHON={sys.executable}")
        chapter = Chapter(
            path.read_text(), session, clean,
            draw=lambda picture, steps, title: looks.save(looks.terminal(browser, steps, title), pictures / f"{picture}.png", 96),
            shoot=lambda shot: shots.take(shot, browser, home, pictures))
        before, after = chapter.text, chapter.play()
        session.close()
        if after != before and arguments.check:
            stale.append(name)
            sys.stdout.writelines(difflib.unified_diff(before.splitlines(True), after.splitlines(True), name, f"{name} (run)"))
        elif after != before:
            path.write_text(after)
    browser.close()
    internet.kill()
    model = work / "serve/drawn.onnx"  # of the chapter on servers; this one has no commands of its own
    if model.exists() and not arguments.check:
        subprocess.run([sys.executable, GUIDE / "browser/picture.py", model, pictures, drawn() / "leaf/000.jpg",
                        drawn() / "apple/001.jpg"], check=True)
    if stale:
        sys.exit(f"guide: out of date: {', '.join(stale)}; run make guide")


if __name__ == "__main__":
    main()
