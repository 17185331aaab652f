"""What ours is raced against: the shortest way a person would merge a directory of Parquet files with each library.

usage: peers.py duckdb|pyarrow|polars DIRECTORY OUT    merges
       peers.py facts OUT                              prints rows, row groups and bytes as JSON
       peers.py measure COMMAND…                       runs a command, prints wall, CPU and peak memory as JSON
"""

import json
import os
import sys
import threading
import time


def duckdb(directory, out):
    import duckdb

    duckdb.sql(
        f"COPY (SELECT * FROM read_parquet('{directory}/*.parquet', hive_partitioning = false)) "
        f"TO '{out}' (FORMAT parquet, COMPRESSION snappy, ROW_GROUP_SIZE 50000)"
    )


def pyarrow(directory, out):
    """Streams, as one does who has to mind memory."""
    import pyarrow.dataset

    files = sorted(f"{directory}/{name}" for name in os.listdir(directory) if name.endswith(".parquet"))
    format = pyarrow.dataset.ParquetFileFormat()
    pyarrow.dataset.write_dataset(
        pyarrow.dataset.dataset(files, format="parquet"),
        f"{out}.parts",
        format=format,
        file_options=format.make_write_options(compression="snappy"),
        min_rows_per_group=50_000,
        max_rows_per_group=50_000,
        preserve_order=True,
    )
    os.rename(f"{out}.parts/part-0.parquet", out)
    os.rmdir(f"{out}.parts")


def pyarrow_table(directory, out):
    """Takes everything into memory at once."""
    import pyarrow.dataset
    import pyarrow.parquet

    files = sorted(f"{directory}/{name}" for name in os.listdir(directory) if name.endswith(".parquet"))
    table = pyarrow.dataset.dataset(files, format="parquet").to_table()
    pyarrow.parquet.write_table(table, out, compression="snappy", row_group_size=50_000)


def polars(directory, out):
    import polars

    frame = polars.scan_parquet(f"{directory}/*.parquet", hive_partitioning=False)
    frame.sink_parquet(out, compression="snappy", row_group_size=50_000)


def facts(out):
    import pyarrow.parquet

    metadata = pyarrow.parquet.ParquetFile(out).metadata
    print(json.dumps({"rows": metadata.num_rows, "rowGroups": metadata.num_row_groups, "sizeBytes": os.path.getsize(out)}))


def measure(*command):
    """Wall from fork to exit; CPU of all threads and of the first, user and system; peak resident memory of the child."""
    null = os.open(os.devnull, os.O_RDWR)
    started = time.perf_counter()
    child = os.fork()
    if child == 0:
        os.dup2(null, 0)
        os.dup2(null, 1)
        os.execvp(command[0], command)
    first = {}
    is_done = threading.Event()
    watcher = threading.Thread(target=watch_first_thread, args=(child, first, is_done))
    watcher.start()
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    is_done.set()
    watcher.join()
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}")
    # Linux counts kilobytes, macOS bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps({"wallSeconds": wall, "cpuSeconds": cpu, "peakBytes": usage.ru_maxrss * unit, **first}))


def watch_first_thread(child, found, is_done):
    """Looks again and again, since nobody tells when it has ended."""
    ticks = os.sysconf("SC_CLK_TCK")
    while not is_done.wait(0.02):
        try:
            with open(f"/proc/{child}/task/{child}/stat") as stat:
                fields = stat.read().rpartition(")")[2].split()
        except OSError:
            return
        used = (int(fields[11]) + int(fields[12])) / ticks
        # What has ended is there until it is waited for, with nothing.
        found["firstThreadCpuSeconds"] = max(used, found.get("firstThreadCpuSeconds", 0))


if __name__ == "__main__":
    {call.__name__: call for call in (duckdb, pyarrow, pyarrow_table, polars, facts, measure)}[sys.argv[1]](*sys.argv[2:])
