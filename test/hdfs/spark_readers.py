"""Spark as a reader of partitions that are being consolidated: three loops that read whatever is current, over and over.

usage: spark_readers.py   (one request a line on stdin, one reply a line on stdout, both JSON)

{"do": "expect", "base": uri, "date": D}: reads the partition once, undisturbed; its count, sums and hash over all columns
are what every later pass must find. {"do": "list", "base": uri, "date": D}: lists the partition, and {"do": "read listed", …}: reads what was listed, by then perhaps
replaced; the reply says whether that was right, wrong, or which error it gave. {"do": "read", "base": uri, "date": D}: the loops go on with this partition.
{"do": "go through"}: replies once each loop has begun and ended a pass. {"do": "end"}: they end; the reply has for each loop the passes that were right, what was silently wrong, and how often
which error came.
"""

import collections
import json
import os
import pathlib
import re
import sys
import threading
import time

os.environ["TZ"] = "UTC"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from spark_session import session

# What a failed read is called by Spark, Hadoop or parquet-java.
NAMES = re.compile(r"\[([A-Z][A-Z_.]+[A-Z])\]|\b(\w+(?:Exception|Error))\b|(is not a Parquet file)")


def start():
    return session(
        2,
        {
            "spark.sql.adaptive.enabled": "false",
            # Small splits: files are cut by the lengths that were listed.
            "spark.sql.files.maxPartitionBytes": "8k",
            "spark.sql.files.openCostInBytes": "0",
            "spark.log.level": "OFF",
        },
    )


def totals(frame):
    """Count, sum of a key, and the sum of a hash over all columns."""
    hashed = ", ".join(f"`{name}`" for name in sorted(frame.columns) if name != "date")
    row = frame.selectExpr(
        "count(*)", "sum(policy_id)", f"cast(sum(cast(xxhash64({hashed}) as decimal(38, 0))) as string)"
    ).collect()[0]
    return list(row)


def of_partition(spark, base, date):
    """Lists the partition's directory and reads it."""
    return totals(spark.read.parquet(f"{base}/date={date}"))


def of_dataset(spark, base, date):
    """Lists the whole dataset, `_consolidation` beside the partitions, and reads one date of it."""
    return totals(spark.read.parquet(base).where(f"date = '{date}'"))


def with_old_listing(spark, base, date):
    """Lists, and reads some time later."""
    frame = spark.read.parquet(f"{base}/date={date}")
    time.sleep(0.3)
    return totals(frame)


READERS = {"partition": of_partition, "dataset": of_dataset, "old listing": with_old_listing}


def name_of(error):
    names = [next(filter(None, match)) for match in NAMES.findall(str(error))]
    specific = [name for name in names if name not in ("SparkException", "Py4JJavaError")]
    return (specific or names or [str(error)[:80]])[0]


class Loop(threading.Thread):
    def __init__(self, spark, read, shared):
        super().__init__(daemon=True)
        self.spark, self.read, self.shared = spark, read, shared
        self.tries, self.passes, self.wrong, self.loud = 0, 0, [], collections.Counter()

    def run(self):
        while (target := self.shared["target"]) is not None:
            try:
                found = self.read(self.spark, *target)
            except Exception as error:
                self.loud[name_of(error)] += 1
                continue
            finally:
                self.tries += 1
            if found == self.shared["expected"]:
                self.passes += 1
            else:
                self.wrong.append(f"{target[1]}: expected {self.shared['expected']}, found {found}")


def reply(answer):
    print(json.dumps(answer), flush=True)


def main():
    spark = start()
    shared = {"target": None, "expected": None}
    loops = {}
    held = None
    reply({"spark": spark.version})
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "end":
                shared["target"] = None
                for loop in loops.values():
                    loop.join()
                reply(
                    {
                        name: {"passes": loop.passes, "wrong": loop.wrong, "loud": dict(loop.loud)}
                        for name, loop in loops.items()
                    }
                )
                continue
            if request["do"] == "go through":
                # A pass that is under way may have begun long ago: the one after it counts.
                before = {name: loop.tries for name, loop in loops.items()}
                while any(loop.tries < before[name] + 2 for name, loop in loops.items()):
                    time.sleep(0.05)
                reply({})
                continue
            target = (request["base"], request["date"])
            if request["do"] == "expect":
                shared["expected"] = of_partition(spark, *target)
                reply({"rows": shared["expected"][0], "sum": shared["expected"][1]})
                continue
            if request["do"] == "list":
                held = spark.read.parquet(f"{target[0]}/date={target[1]}")
                reply({})
                continue
            if request["do"] == "read listed":
                try:
                    found = totals(held)
                    reply({"found": "right" if found == shared["expected"] else f"wrong: {found}"})
                except Exception as error:
                    reply({"found": name_of(error)})
                continue
            shared["target"] = target
            if not loops:
                loops = {name: Loop(spark, read, shared) for name, read in READERS.items()}
                for loop in loops.values():
                    loop.start()
            reply({})
        except Exception as error:
            reply({"problem": str(error)[:2000]})
    spark.stop()


main()
