"""A shell on a terminal of its own: commands go in one after another, what the terminal shows comes back."""
import codecs
import fcntl
import os
import pty
import re
import select
import shlex
import struct
import subprocess
import termios
import time

COLUMNS = 110
END = re.compile(r"\x1e(\d+)\x1e")


def shown(raw):
    """What stands on a terminal after this text: progress that was wiped away is gone."""
    lines, line, column = [], "", 0
    for piece in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+", raw):
        if piece == "\n":
            lines.append(line.rstrip())
            line, column = "", 0
        elif piece == "\r":
            column = 0
        elif piece == "\x1b[K":
            line = line[:column]
        elif not piece.startswith("\x1b"):
            line = line[:column] + piece + line[column + len(piece):]
            column += len(piece)
    return lines + ([line.rstrip()] if line.strip() else [])


class Session:
    """bash, its commands over a pipe and its output on a pseudo-terminal, so that programs speak as they do to people."""

    def __init__(self, folder, environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, COLUMNS, 0, 0))
        self.shell = subprocess.Popen(["bash", "--norc", "--noprofile"], cwd=folder, env=environment, stdin=subprocess.PIPE,
                                      stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pending = ""

    def run(self, command, wait_for=None, limit=300):
        """Returns (lines on the terminal, exit code, seconds). With wait_for, waits for that in the output, too."""
        start = time.monotonic()
        self.shell.stdin.write(f"{{\n{command}\n}} </dev/null\nprintf '\\036%d\\036' $?\n".encode())
        self.shell.stdin.flush()
        while not END.search(self.pending) or (wait_for and not re.search(wait_for, END.sub("", self.pending))):
            if not self._read(start + limit - time.monotonic()):
                raise SystemExit(f"guide: no end of: {command}\n{self.pending}")
        code = int(END.search(self.pending)[1])
        text, self.pending = END.sub("", self.pending), ""
        return shown(text), code, time.monotonic() - start

    def _read(self, seconds):
        if seconds <= 0 or not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            self.pending += self.decoder.decode(os.read(self.master, 65536))
        except OSError:  # the shell is gone
            return False
        return True

    def close(self):
        """Ends the shell, and what it left in the background."""
        self.shell.stdin.write(b"kill $(jobs -p) 2>/dev/null; wait; exit\n")
        self.shell.stdin.close()
        try:
            self.shell.wait(30)
        except subprocess.TimeoutExpired:
            self.shell.kill()
        os.close(self.master)


def environment(home, path):
    """As of a newcomer who has just logged in; nothing of whoever runs the script."""
    return {"HOME": str(home), "PATH": path, "TERM": "xterm", "LANG": "C.UTF-8", "USER": "you", "SHELL": "/bin/bash",
            "TZ": "UTC", "DEBIAN_FRONTEND": "noninteractive", "COLUMNS": str(COLUMNS), "MAKEFLAGS": "--no-print-directory"}


def quote(*words):
    return shlex.join(str(word) for word in words)
