#!/usr/bin/python3
"""terminal.py DIRECTORY COLUMNS ROWS WORD…: runs a program in a terminal of its own, for terminal.lua.

Commands come through DIRECTORY/keys, a pipe with a JSON array a line. After each change what a person
would see is in DIRECTORY/screen, as JSON; all bytes the program wrote are in DIRECTORY/written.
The end of the program is no end of this one: the screen stays.
"""

import base64
import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios

import pyte

PASTE_MODE = 2004 << 5


class Terminal:
    def __init__(self, directory, columns, rows, words):
        self.directory = directory
        self.screen = pyte.HistoryScreen(columns, rows, history=5000, ratio=0.5)
        self.stream = pyte.ByteStream(self.screen)
        self.written = open(directory + "/written", "ab", buffering=0)
        self.status = None
        self.handled = 0  # commands
        self.pid, self.fd = self.start(columns, rows, words)

    def start(self, columns, rows, words):
        own, theirs = pty.openpty()
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
        pid = os.fork()
        if pid == 0:
            os.close(own)
            self.take(theirs)
            os.execvp(words[0], words)
        os.close(theirs)
        return pid, own

    @staticmethod
    def take(fd):
        os.setsid()
        fcntl.ioctl(fd, termios.TIOCSCTTY, 0)
        for number in range(3):
            os.dup2(fd, number)
        os.close(fd)

    # -- what comes in

    def read(self):
        """Takes what the program wrote. Returns False at the end."""
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            data = b""
        if not data:
            return False
        self.written.write(data)
        self.stream.feed(data)
        return True

    def do(self, command, argument=None, more=None):
        if command == "send":
            self.send(base64.b64decode(argument))
        elif command == "paste":
            text = base64.b64decode(argument)
            is_marked = PASTE_MODE in self.screen.mode
            self.send(b"\x1b[200~" + text + b"\x1b[201~" if is_marked else text)
        elif command == "resize":
            self.screen.resize(more, argument)
            fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", more, argument, 0, 0))
        elif command == "signal":
            os.kill(self.pid, getattr(signal, "SIG" + argument))
        self.handled += 1

    def send(self, data):
        while data:  # takes what the program writes meanwhile, or both would wait
            readable, writable, _ = select.select([self.fd], [self.fd], [])
            if readable and not self.read():
                return
            if writable:
                data = data[os.write(self.fd, data[:512]):]

    # -- what is seen

    def row(self, line):
        return "".join(line[x].data for x in range(self.screen.columns)).rstrip()

    def tty(self):
        try:
            flags = termios.tcgetattr(self.fd)[3]
        except termios.error:
            return None
        return {name.lower(): bool(flags & getattr(termios, name)) for name in ("ICANON", "ECHO", "ISIG")}

    def show(self):
        seen = {
            "above": [self.row(line) for line in self.screen.history.top],
            "lines": [self.row(self.screen.buffer[y]) for y in range(self.screen.lines)],
            "row": self.screen.cursor.y + 1,
            "column": self.screen.cursor.x + 1,
            "pid": self.pid,
            "status": self.status,
            "tty": self.tty(),
            "paste": PASTE_MODE in self.screen.mode,
            "handled": self.handled,
        }
        seen = {name: value for name, value in seen.items() if value is not None}
        path = self.directory + "/screen"
        with open(path + ".new", "w") as file:
            json.dump(seen, file)
        os.rename(path + ".new", path)

    def reap(self):
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid != 0:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code


def main():
    directory, columns, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    os.mkfifo(directory + "/keys")
    keys = os.open(directory + "/keys", os.O_RDWR | os.O_NONBLOCK)
    terminal = Terminal(directory, columns, rows, sys.argv[4:])
    pending, watched = b"", [keys, terminal.fd]
    while True:
        terminal.reap()
        terminal.show()
        ready = select.select(watched, [], [], None if terminal.status is not None else 0.1)[0]
        if terminal.fd in ready and not terminal.read():
            watched.remove(terminal.fd)
        if keys in ready:
            pending += os.read(keys, 65536)
            *lines, pending = pending.split(b"\n")
            for line in lines:
                terminal.do(*json.loads(line))


main()
