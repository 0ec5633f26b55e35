"""A command in a pseudo-terminal, and the screen that a person would see.

The screen knows what our commands may send: text, line ends, a few movements, erasures and colours.
Anything else is an error, so that a test notices what could upset a terminal."""

import contextlib
import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

SEQUENCE = re.compile(rb"\x1b\[(\??)([0-9;]*)([A-Za-z])")


def width_of(character):
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class Screen:
    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.lines, self.row, self.column = [[]], 0, 0
        self.colours = 0  # sequences seen
        self.pending = b""

    def feed(self, data):
        data = self.pending + data
        self.pending = b""
        while data:
            if data[:1] == b"\x1b":
                found = SEQUENCE.match(data)
                if not found:
                    if len(data) < 16:
                        self.pending = data
                        return
                    raise AssertionError(f"unknown sequence: {data[:16]!r}")
                self.obey(*found.groups())
                data = data[found.end():]
            elif data[:1] == b"\r":
                self.column, data = 0, data[1:]
            elif data[:1] == b"\n":
                self.next_line()
                data = data[1:]
            elif data[0] < 0x20 or data[0] == 0x7F:
                raise AssertionError(f"unknown control character: {data[:1]!r}")
            else:
                size = 1 + sum(data[0] >= first for first in (0xC0, 0xE0, 0xF0))
                if len(data) < size:
                    self.pending = data
                    return
                self.put(data[:size].decode())
                data = data[size:]

    def obey(self, private, numbers, verb):
        if private:
            assert (numbers, verb) in ((b"2026", b"h"), (b"2026", b"l")), (numbers, verb)
        elif verb == b"m":
            self.colours += 1
        elif verb == b"A":
            self.row = max(self.row - int(numbers or b"1"), 0)
        elif verb == b"J" and numbers in (b"", b"0"):
            del self.lines[self.row + 1:]
            del self.lines[self.row][self.column:]
        else:
            raise AssertionError(f"unknown sequence: {numbers!r}{verb!r}")

    def put(self, character):
        width = width_of(character)
        if self.column + width > self.columns:
            self.column = 0
            self.next_line()
        line = self.lines[self.row]
        while len(line) < self.column:
            line.append(" ")
        line[self.column:self.column + width] = [character] + [""] * (width - 1)
        self.column += width

    def next_line(self):
        self.row += 1
        if self.row == len(self.lines):
            self.lines.append([])

    @property
    def text(self):
        return "\n".join("".join(line).rstrip() for line in self.lines).rstrip("\n")


class Terminal:
    """Leaves no process behind when used in a `with`."""

    def __init__(self, arguments, environment, columns=100, rows=30):
        self.screen = Screen(columns, rows)
        self.raw = b""
        self.status = None
        self.master, slave = pty.openpty()
        self.resize(columns, rows, tell=False)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in (0, 1, 2):
                os.dup2(slave, descriptor)
            os.closerange(3, 256)
            os.execve(arguments[0], arguments, environment)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.status is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)
        os.close(self.slave)

    def resize(self, columns, rows, tell=True):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if tell:
            self.screen.columns, self.screen.rows = columns, rows

    def type(self, keys):
        os.write(self.master, keys.encode())

    def read(self, seconds):
        """What comes within so many seconds; False when nothing does."""
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.raw += data
        self.screen.feed(data)
        return bool(data)

    def wait_for(self, text, seconds=60):
        """Until the text (or one that matches the pattern) is on the screen."""
        pattern = text if isinstance(text, re.Pattern) else re.compile(re.escape(text))
        deadline = time.monotonic() + seconds
        while not pattern.search(self.screen.text):
            left = deadline - time.monotonic()
            if left <= 0 or self.ended():
                self.read(0.2)
                if pattern.search(self.screen.text):
                    return
                raise AssertionError(f"no {text!r} on the screen:\n{self.screen.text}")
            self.read(min(left, 0.2))

    def ended(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def end(self, seconds=60):
        """The exit code."""
        deadline = time.monotonic() + seconds
        while not self.ended():
            if time.monotonic() > deadline:
                raise AssertionError(f"it does not end:\n{self.screen.text}")
            self.read(0.1)
        while self.read(0.1):
            pass
        return self.status

    def wait_stopped(self):
        """As Ctrl-Z leaves it, with all that it wrote before."""
        _, status = os.waitpid(self.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
        while self.read(0):
            pass

    def go_on(self):
        os.kill(self.pid, signal.SIGCONT)

    def modes_are_back(self):
        return termios.tcgetattr(self.slave) == self.before
