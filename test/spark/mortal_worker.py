"""A worker whose executor dies in the middle of a bin, once.

usage: mortal_worker.py MARKER NAMENODE USER COMMAND…

Passes a task on to the worker COMMAND. The first time that its file is there and its answer is not, it writes what lies in
the attempts' directory to MARKER, and kills the process that started this one, and itself. Where there is an executor in a
process of its own, that is killed too, and the worker lives on; else the worker is killed.
"""

import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request


def listed(namenode, user, directory):
    url = f"http://{namenode}/webhdfs/v1{urllib.parse.quote(directory)}?op=LISTSTATUS&user.name={user}"
    with urllib.request.urlopen(url, timeout=60) as reply:
        return [status["pathSuffix"] for status in json.load(reply)["FileStatuses"]["FileStatus"]]


def executor():
    """The process of Spark's executor; None where Spark's driver is the executor."""
    pid = os.getppid()
    while pid > 1:
        if b"CoarseGrainedExecutorBackend" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
        pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[1])
    return None


def main():
    marker, namenode, user, *command = sys.argv[1:]
    line = sys.stdin.readline()
    task = json.loads(line)["body"]["task"]
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    worker.stdin.write(line.encode())
    worker.stdin.close()
    while not pathlib.Path(marker).exists() and not select.select([worker.stdout], [], [], 0)[0]:
        found = listed(namenode, user, task["attemptsDirectory"])
        if not any(name.startswith(f"bin-{task['binIndex']}-") for name in found):
            continue
        worker.send_signal(signal.SIGSTOP)
        if select.select([worker.stdout], [], [], 0)[0]:
            worker.send_signal(signal.SIGCONT)
            break
        try:
            # Of several at the same time, one.
            with open(marker, "x", encoding="utf-8") as file:
                json.dump({"id": task["id"], "found": found, "executor": executor()}, file)
        except FileExistsError:
            worker.send_signal(signal.SIGCONT)
            break
        own = executor()
        if own is None:
            worker.kill()
        else:
            worker.send_signal(signal.SIGCONT)
            os.kill(own, signal.SIGKILL)
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    sys.stdout.write(worker.stdout.read().decode())
    return worker.wait()


sys.exit(main())
