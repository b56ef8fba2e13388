"""A chapter in Markdown whose indented blocks are run, and their output pasted back.

    <!-- run [wait=REGEX] [picture=NAME] [title=WORDS] [step=WORDS] [first=N] [last=N] [exit=N] -->

        $ command
        what it printed; replaced by what it prints

    <!-- do COMMAND -->         run, and not shown: what a person does with the mouse, or has already
    <!-- shot NAME -->          has script/shots.py take the picture of that name
    <!-- times -->              the table that follows tells how long the steps took

wait: goes on when the last command has printed this, or what runs in the background has. picture: draws the block as a terminal into
docs/pictures/NAME.png. step: a row of the table. first, last: show so many lines, with "..." for the others. exit: what the last
command has to end with, if not 0.
"""
import re
import shlex

MARK = re.compile(r"<!-- (run|do|shot|times)\b(.*?)-->", re.S)
INDENT = "    "


def options(text):
    return dict(word.split("=", 1) for word in shlex.split(text))


def commands(lines):
    """The commands of a block; one goes on while its lines end in a backslash, or its here-document lasts."""
    found, i = [], 0
    while i < len(lines):
        line = lines[i]
        i += 1
        if not line.startswith("$ "):
            continue
        command = [line[2:]]
        here = re.search(r"<<'?(\w+)'?", line)
        while command[-1].endswith("\\") or (here and command[-1] != here[1]):
            command.append(lines[i])
            i += 1
        found.append("\n".join(command))
    return found


def as_block(steps):
    lines = []
    for command, output in steps:
        first, *more = command.split("\n")
        lines += [f"$ {first}", *more, *output]
    return "\n".join(INDENT + line if line else "" for line in lines) + "\n"


def block_after(text, start):
    """(begin, end) of the indented block that follows the mark."""
    begin = end = re.compile(r"\n*").match(text, start).end()
    for line in text[begin:].splitlines(keepends=True):
        if line.strip() and not line.startswith(INDENT):
            break
        end += len(line)
    return begin, begin + len(text[begin:end].rstrip("\n")) + 1


def table_after(text, start):
    begin = re.compile(r"\n*").match(text, start).end()
    return begin, begin + len(re.compile(r"(\|.*\n)*").match(text, begin)[0])


def shorten(lines, wanted):
    first, last = int(wanted.get("first", 0)), int(wanted.get("last", 0))
    if not (first or last) or len(lines) <= first + last + 1:
        return lines
    return lines[:first] + ["..."] + (lines[-last:] if last else [])


def in_words(seconds):
    if seconds < 1:
        return "less than a second"
    if seconds < 10:
        return f"{round(seconds)} s"
    return f"{round(seconds, -1):.0f} s" if seconds < 100 else f"{round(seconds / 60)} min"


class Chapter:
    def __init__(self, text, session, clean, draw, shoot):
        """clean: gives output lines the look they have in print; draw(name, steps, title); shoot(name)."""
        self.text, self.session, self.clean, self.draw, self.shoot = text, session, clean, draw, shoot
        self.seconds = {}

    def play(self):
        """Returns the chapter as it now has to be."""
        done, rest = "", self.text
        while mark := MARK.search(rest):
            done, start = done + rest[:mark.end()], mark.end()
            kind, words = mark[1], mark[2].strip()
            if kind == "do":
                lines, code, _ = self.session.run(words)
                if code != 0:
                    raise SystemExit(f"guide: {words}: ended with {code}: {lines}")
            elif kind == "shot":
                self.shoot(words)
            else:
                begin, end = (block_after if kind == "run" else table_after)(rest, start)
                done += rest[start:begin] + (self.run(rest[begin:end], options(words)) if kind == "run" else self.times(rest[begin:end]))
                start = end
            rest = rest[start:]
        return done + rest

    def run(self, block, wanted):
        steps, total, code = [], 0, 0
        lines = [line[len(INDENT):] for line in block.splitlines()]
        every = commands(lines)
        for command in every:
            output, code, seconds = self.session.run(command, wanted.get("wait") if command is every[-1] else None)
            total += seconds
            steps.append((command, shorten(self.clean(output), wanted)))
        if code != int(wanted.get("exit", 0)):
            raise SystemExit(f"guide: {steps[-1][0]}: ended with {code}:\n" + "\n".join(steps[-1][1]))
        if "step" in wanted:
            self.seconds[wanted["step"]] = self.seconds.get(wanted["step"], 0) + total
        if "picture" in wanted:
            self.draw(wanted["picture"], steps, wanted.get("title", "terminal"))
        return as_block(steps)

    def times(self, table):
        before = dict(re.findall(r"\| (.*?) \| (.*?) \|", table))
        rows = {step: in_words(seconds) for step, seconds in self.seconds.items()}
        for step, words in rows.items():  # what a machine takes varies: a figure stays until it is wrong
            if step in before and near(before[step], self.seconds[step]):
                rows[step] = before[step]
        return "| step | time |\n|---|---|\n" + "".join(f"| {step} | {words} |\n" for step, words in rows.items())


def near(words, seconds):
    number = re.match(r"(\d+) (s|min)", words)
    if not number:
        return seconds < 1.5
    return .6 < seconds / (int(number[1]) * (60 if number[2] == "min" else 1)) < 1.7
