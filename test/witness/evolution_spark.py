"""Spark writes files whose schema changes, and reads a merged file like the files together.

usage: evolution_spark.py write DIRECTORY    writes DIRECTORY/in/<number>.parquet
       evolution_spark.py judge DIRECTORY    holds DIRECTORY/merged.parquet against them

`judge` prints a JSON list of sentences about what differs: rows, in their order, and Spark's own schema. What is wanted is an empty
list.
"""

import json
import os
import pathlib
import shutil
import sys

# Python and the JVM must mean the same instant by a datetime.
os.environ["TZ"] = "UTC"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from spark_session import session

PARTS = [
    "SELECT CAST(id AS INT) AS id, IF(id = 1, NULL, named_struct('x', CAST(id AS FLOAT))) AS s FROM range(3)",
    "SELECT id, named_struct('x', CAST(id AS DOUBLE), 'y', array(named_struct('k', 'v'))) AS s, DATE'1582-01-01' AS d FROM range(2)",
    "SELECT map('a', id) AS m, id, CAST(1.5 AS DECIMAL(7,2)) AS c, TIMESTAMP'1900-01-01 00:00:00' AS t FROM range(2)",
]


def start():
    return session(
        1,
        {
            "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
        },
    )


def write(spark, directory):
    (directory / "in").mkdir()
    for number, query in enumerate(PARTS):
        out = directory / f"part-{number}"
        spark.sql(query).coalesce(1).write.parquet(str(out))
        [file] = out.glob("*.parquet")
        shutil.copy(file, directory / "in" / f"{number}.parquet")


def judge(spark, directory):
    found = []
    want_schema = {
        "id": "bigint",
        "s": "struct<x:double,y:array<struct<k:string>>>",
        "d": "date",
        "m": "map<string,bigint>",
        "c": "decimal(7,2)",
        "t": "timestamp",
    }
    merged = spark.read.parquet(str(directory / "merged.parquet"))
    schema = {field.name: field.dataType.simpleString() for field in merged.schema}
    if list(schema.items()) != list(want_schema.items()):
        found.append(f"expected the schema {want_schema}, found {schema}")
    rows = [row.asDict(recursive=True) for row in merged.collect()]
    expected = []
    for file in sorted((directory / "in").glob("*.parquet")):
        for row in spark.read.parquet(str(file)).collect():
            expected.append(widened({**dict.fromkeys(want_schema), **row.asDict(recursive=True)}))
    if rows != expected:
        found.append(f"expected {expected}, found {rows}")
    return found


def widened(row):
    if row["s"] is not None:
        row["s"] = {"x": None, "y": None, **row["s"]}
    return row


def main():
    spark = start()
    directory = pathlib.Path(sys.argv[2])
    if sys.argv[1] == "write":
        write(spark, directory)
    else:
        print(json.dumps(judge(spark, directory)))
    spark.stop()


main()
