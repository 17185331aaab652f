"""Runs a command on a pseudo-terminal of 100 columns and prints, as JSON, its exit code, what it wrote there, and what it wrote to a
standard output that is a file. Usage: run_in_terminal.py STDOUT_FILE COMMAND..."""

import fcntl
import json
import os
import pty
import struct
import sys
import termios

stdout_path, command = sys.argv[1], sys.argv[2:]
pid, terminal = pty.fork()
if pid == 0:
    if stdout_path != "-":
        os.dup2(os.open(stdout_path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), 1)
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
seen = b""
while True:
    try:
        piece = os.read(terminal, 65536)
    except OSError:  # the other end is closed
        break
    if not piece:
        break
    seen += piece
_, status = os.waitpid(pid, 0)
json.dump({"exit": os.waitstatus_to_exitcode(status), "seen": seen.decode("utf-8")}, sys.stdout)
