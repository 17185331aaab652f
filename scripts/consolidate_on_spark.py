#!/usr/bin/env python3
"""Runs parquet-consolidator with its bins merged on a Spark cluster.

    spark-submit [spark's options] consolidate_on_spark.py [options] -- [flags of parquet-consolidator]

The program itself runs here, beside Spark's driver, with everything that decides: it plans, locks, keeps the journal,
verifies every merged file and replaces the originals. Each bin it hands out is one task of Spark, whose executor starts
`merge-bin`, gives it the task on stdin, a line of JSON, and sends back the line it answers. An executor that dies is done
without: the bin is merged again, into another file.

Standard output is the program's, and so is the exit code.
"""

import argparse
import json
import os
import pathlib
import shlex
import signal
import socket
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

# The program's exit code for what is wrong before anything began.
USAGE = 2

WRAPPER = pathlib.Path(__file__).resolve().parent / "consolidate_telemetry.sh"


def parse(words):
    """The options of this script, and the words for the program."""
    parser = argparse.ArgumentParser(
        prog="consolidate_on_spark.py",
        description="Runs parquet-consolidator with its bins merged on a Spark cluster.",
        usage="spark-submit [options of spark] %(prog)s [options] -- [flags of parquet-consolidator]",
    )
    parser.add_argument(
        "--program", default=shlex.quote(str(WRAPPER)), help="command of the program on this machine [default: %(default)s]"
    )
    parser.add_argument(
        "--worker",
        help="command of the worker on an executor, from its working directory [default: that of --program, and merge-bin]",
    )
    parser.add_argument(
        "--parallel", type=int, help="bins at the same time [default: as many as Spark has cores, at least 2]"
    )
    parser.add_argument(
        "--tries", type=int, help="how often a bin is given to Spark [default: 1, with a master local[N] 4, since it tries once only]"
    )
    border = words.index("--") if "--" in words else len(words)
    options, program = parser.parse_args(words[:border]), words[border + 1 :]
    if not program:
        parser.error("what is to be done stands after --, for instance: -- --date yesterday")
    if any(number is not None and number < 1 for number in (options.parallel, options.tries)):
        parser.error("--parallel and --tries are at least 1")
    options.worker = options.worker or f"{options.program} merge-bin"
    return options, program


def worker_of(command):
    """What an executor does with each task. Needs nothing of this file, which executors do not have."""

    def work(lines):
        import shlex
        import subprocess

        for line in lines:
            words = shlex.split(command)
            done = subprocess.run(words, input=line + "\n", stdout=subprocess.PIPE, encoding="utf-8")
            answers = [answer for answer in done.stdout.split("\n") if answer]
            if done.returncode != 0 or len(answers) != 1:
                raise RuntimeError(
                    f"{words[0]} ended with {done.returncode} and {len(answers)} answers; what it said is in the executor's log"
                )
            yield answers[0]

    return work


class Cluster:
    """Spark, started with the first task: a run that has nothing to do asks for no containers."""

    def __init__(self, options):
        self.options = options
        self.starting = threading.Lock()
        self.context = None
        self.failure = None

    def start(self):
        with self.starting:
            if self.failure is not None:
                raise self.failure
            if self.context is None:
                try:
                    from pyspark import SparkConf, SparkContext

                    conf = SparkConf().setIfMissing("spark.app.name", "parquet-consolidator")
                    self.context = SparkContext.getOrCreate(conf)
                except Exception as error:
                    self.failure = error
                    raise
            return self.context

    def parallel(self):
        return self.options.parallel or max(2, self.start().defaultParallelism)

    def tries(self):
        return self.options.tries or (4 if self.start().master.startswith("local") else 1)

    def merge(self, name, line, is_wanted):
        """The worker's answer to a task; raises when there is none."""
        context = self.start()
        for left in reversed(range(self.tries())):
            # Of the thread, and so of the one job it begins.
            context.setJobGroup(name, f"merge-bin {name}", interruptOnCancel=True)
            try:
                return context.parallelize([line], 1).mapPartitions(worker_of(self.options.worker)).collect()[0]
            except Exception as error:
                if left == 0 or not is_wanted():
                    raise
                say(f"bin {name} is done again: {brief(error)}")

    def cancel(self, name):
        if self.context is not None:
            self.context.cancelJobGroup(name)

    def stop(self):
        if self.context is not None:
            self.context.cancelAllJobs()
            self.context.stop()


class Tasks:
    """What the program hands out over its connection, and what goes back."""

    def __init__(self, connection, cluster):
        self.connection, self.cluster = connection, cluster
        self.writing = threading.Lock()
        self.wanted = set()

    def serve(self):
        """Until the program hangs up; whatever else ends this, the program is told by hanging up here."""
        pool = None
        try:
            for line in self.connection.makefile("r", encoding="utf-8", newline="\n"):
                message = json.loads(line)
                name = message["id"]
                if message.get("cancel"):
                    self.wanted.discard(name)
                    self.cluster.cancel(name)
                    continue
                if pool is None:
                    pool = self.begin()
                self.wanted.add(name)
                pool.submit(self.answer, name, line.rstrip("\n"))
        finally:
            self.wanted.clear()
            if pool is not None:
                pool.shutdown(wait=False, cancel_futures=True)
            self.connection.close()

    def begin(self):
        try:
            return ThreadPoolExecutor(self.cluster.parallel(), thread_name_prefix="bin")
        except Exception as error:
            # Each task says so to the program, which ends as it does when nobody can merge.
            say(f"Spark does not start: {brief(error)}")
            return ThreadPoolExecutor(1)

    def answer(self, name, line):
        if name not in self.wanted:
            return
        try:
            answer = self.cluster.merge(name, line, lambda: name in self.wanted)
        except Exception as error:
            answer = json.dumps({"id": name, "lost": brief(error)})
        self.wanted.discard(name)
        try:
            with self.writing:
                self.connection.sendall((answer + "\n").encode())
        except OSError as error:
            # The program ended meanwhile, and says itself why.
            say(f"the answer of bin {name} comes too late: {error}")


def brief(error):
    """What Spark says, without the stacks of Java and Python."""
    text = str(error)
    causes = [line.strip() for line in text.splitlines() if "Error:" in line or "Exception:" in line]
    return (causes[-1] if causes else text.strip().split("\n")[0])[:500]


class Messages:
    """Standard error. spark-submit makes one stream of a script's standard output and error, and that is its own standard
    output; so what is no data goes through Java, whose standard error is that of spark-submit."""

    def __init__(self):
        self.java = None
        if "PYSPARK_GATEWAY_PORT" in os.environ:
            from pyspark.java_gateway import launch_gateway

            self.java = launch_gateway().jvm.System.err

    def write(self, text):
        if self.java is not None:
            try:
                self.java.print(text)
                return
            except Exception:
                # Java is gone, and whoever listens to it.
                self.java = None
        sys.stderr.write(text)
        sys.stderr.flush()

    def carry(self, stream):
        """Writes what a program says, line by line, until it has ended."""
        for line in stream:
            self.write(line)


def say(sentence):
    messages.write(f"consolidate_on_spark.py: {sentence}\n")


messages = Messages() if __name__ == "__main__" else None


def main():
    options, words = parse(sys.argv[1:])
    cluster = Cluster(options)
    # In YARN's cluster mode an application is given up that has no context after some 100 seconds, or none at its end.
    if "SPARK_YARN_STAGING_DIR" in os.environ:
        cluster.start()
    ours, theirs = socket.socketpair()
    command = [*shlex.split(options.program), *words, "--executors", str(theirs.fileno())]
    try:
        # Of a session of its own: signals reach it once, by the hand below.
        program = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stderr=None if messages.java is None else subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        say(f"cannot start {command[0]}: {error}")
        return USAGE
    theirs.close()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda got, _frame: program.send_signal(got))
    threading.Thread(target=Tasks(ours, cluster).serve, daemon=True).start()
    listener = threading.Thread(target=messages.carry, args=[program.stderr or ()], daemon=True)
    listener.start()
    code = program.wait()
    # What it left running may hold on to its standard error.
    listener.join(timeout=5)
    cluster.stop()
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    ended = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that wait for a Spark that is stopped keep nobody waiting.
    os._exit(ended)
