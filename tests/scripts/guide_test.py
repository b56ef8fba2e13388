#!/usr/bin/env python3
"""The docs and their pictures fit together, and what runs the guide reads chapters and terminals as it should."""
import pathlib
import re
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "docs/guide/script"))
import chapter  # noqa: E402
import session  # noqa: E402

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURES = ROOT / "docs/pictures"


class Session:
    """Answers every command with the same lines."""

    def __init__(self, lines, code=0):
        self.lines, self.code, self.asked = lines, code, []

    def run(self, command, wait_for=None):
        self.asked.append(command)
        return self.lines, self.code, 12.0


def play(text, session):
    return chapter.Chapter(text, session, clean=lambda lines: lines, draw=None, shoot=None).play()


class Docs(unittest.TestCase):
    def test_every_picture_is_there_and_shown(self):
        shown = set()
        for page in PAGES:
            for target in re.findall(r"!\[[^\]]*\]\(([^)]+\.png)\)|<img src=\"([^\"]+\.png)\"", page.read_text()):
                path = (page.parent / (target[0] or target[1])).resolve()
                self.assertTrue(path.exists(), f"{page.name} shows {path.name}, which is not there")
                shown.add(path.name)
        self.assertEqual(sorted({path.name for path in PICTURES.glob("*.png")} - shown), [])

    def test_every_picture_is_taken_by_a_script(self):
        marks = [mark for page in PAGES for mark in chapter.MARK.finditer(page.read_text())]
        taken = {mark[2].strip() for mark in marks if mark[1] == "shot"}
        taken |= {chapter.options(mark[2]).get("picture") for mark in marks if mark[1] == "run"}
        scripts = "".join(path.read_text() for path in (ROOT / "docs/guide").rglob("*.py"))
        self.assertEqual([path.name for path in sorted(PICTURES.glob("*.png"))
                          if path.stem not in taken and path.name not in scripts], [])

    def test_pictures_are_small(self):
        self.assertLess(sum(path.stat().st_size for path in PICTURES.glob("*.png")), 2_500_000)


class Chapters(unittest.TestCase):
    def test_output_takes_the_place_of_what_stood_there(self):
        text = "Before.\n\n<!-- run -->\n\n    $ one\n    old\n\n    older\n    $ two\n\nAfter.\n"
        session = Session(["new"])
        self.assertEqual(play(text, session), "Before.\n\n<!-- run -->\n\n    $ one\n    new\n    $ two\n    new\n\nAfter.\n")
        self.assertEqual(session.asked, ["one", "two"])

    def test_commands_go_on_over_lines(self):
        self.assertEqual(chapter.commands(["$ a \\", "  b", "$ cat <<END", "x", "END"]), ["a \\\n  b", "cat <<END\nx\nEND"])

    def test_another_exit_code_ends_it(self):
        text = "<!-- run -->\n\n    $ one\n"
        with self.assertRaises(SystemExit):
            play(text, Session([], 1))
        with self.assertRaises(SystemExit):
            play(text.replace("run", "run exit=1"), Session([], 0))

    def test_blocks_without_a_mark_are_left_alone(self):
        text = "    $ rm -rf /\n"
        session = Session([])
        self.assertEqual(play(text, session), text)
        self.assertEqual(session.asked, [])

    def test_times_stay_until_they_are_wrong(self):
        text = "<!-- run step=Learn -->\n\n    $ one\n\n<!-- times -->\n\n| step | time |\n|---|---|\n| Learn | {} |\n"
        self.assertIn("| Learn | 10 s |", play(text.format("10 s"), Session([])))
        self.assertIn("| Learn | 10 s |", play(text.format("3 min"), Session([])))

    def test_long_output_is_cut_in_the_middle(self):
        lines = [str(number) for number in range(9)]
        self.assertEqual(chapter.shorten(lines, {"first": "1", "last": "2"}), ["0", "...", "7", "8"])
        self.assertEqual(chapter.shorten(lines, {}), lines)


class Terminals(unittest.TestCase):
    def test_progress_that_was_wiped_away_is_gone(self):
        self.assertEqual(session.shown("curating 5/9\r\x1b[Kdone\r\n\r\nend"), ["done", "", "end"])
        self.assertEqual(session.shown("abc\rX\n"), ["Xbc"])
        self.assertEqual(session.shown("\x1b[1mbold\x1b[0m\n"), ["bold"])


if __name__ == "__main__":
    unittest.main()
