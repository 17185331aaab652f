"""Spark (and with it parquet-java) as a writer and a reader of Parquet files: one session for everything that is asked.

usage: spark_witness.py   (one request a line on stdin, one reply a line on stdout, both JSON)

{"do": "write", "directory": D}: writes the cases of spark_inputs.py, each into a directory of its own below D; the
reply names them. {"do": "compare", "inputs": [paths], "out": path}: reads the merged file with the vectorised reader
and without, and holds rows, order and schema against those of the inputs. {"do": "ask", "inputs": [paths], "out": path}:
counts the rows of the merged file under many conditions, which Spark pushes down to parquet-java's filters by
statistics, column indexes and dictionaries, and of the inputs without any. A reply has "problem" where something is wrong.
"""

import datetime
import functools
import json
import os
import pathlib
import random
import shutil
import sys

# Python and the JVM must mean the same instant by a datetime.
os.environ["TZ"] = "UTC"
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from pyspark.sql import functions as f, types as t
from spark_session import session

from spark_inputs import CASES, SEED, rows_of, schema_of

ROW_METADATA = "org.apache.spark.sql.parquet.row.metadata"
VECTORISED = ["spark.sql.parquet.enableVectorizedReader", "spark.sql.parquet.enableNestedColumnVectorizedReader"]


class Wrong(Exception):
    pass


def start():
    return session(
        2,
        {
            "spark.sql.adaptive.enabled": "false",
            "spark.sql.parquet.compression.codec": "snappy",
            # A file is one task, so that its rows come in their order.
            "spark.sql.files.maxPartitionBytes": "1g",
            "spark.sql.files.openCostInBytes": "1g",
            "spark.log.level": "ERROR",
        },
    )


def write(spark, directory):
    """Three files a case: 211, 0 and 90 rows, so that one has no row group."""
    for name, columns, settings, options in CASES:
        for key, value in settings.items():
            spark.conf.set(key, value)
        rng = random.Random(SEED)
        target = pathlib.Path(directory, name)
        target.mkdir(parents=True)
        schema = schema_of(columns)
        first = 0
        for number, count in enumerate([211, 0, 90]):
            frame = spark.createDataFrame(rows_of(columns, rng, first, count), schema).coalesce(1)
            part = target / "part"
            frame.write.options(**options).parquet(str(part))
            written = sorted(part.glob("*.parquet"))
            if len(written) != 1:
                raise Wrong(f"{name}: Spark wrote {len(written)} files")
            written[0].rename(target / f"part-{number:05d}.parquet")
            shutil.rmtree(part)
            first += count
        for key in settings:
            spark.conf.unset(key)
    return {"cases": [case[0] for case in CASES]}


def same(what, expected, found):
    if expected != found:
        raise Wrong(f"{what}: expected {expected!r}, found {found!r}")


def use_vectorised_reader(spark, is_used):
    for key in VECTORISED:
        spark.conf.set(key, "true" if is_used else "false")


def rows(frame):
    """By repr: NaN is NaN there, and -0.0 is not 0.0."""
    return [repr(row) for row in frame.collect()]


@functools.cache
def expected_of(spark, inputs):
    """Schema and rows of files, one after the other."""
    frames = [spark.read.parquet(path) for path in inputs]
    schemas = {frame.schema.json() for frame in frames}
    same(f"schemas of {inputs[0]} and those beside it", 1, len(schemas))
    return schemas.pop(), [row for frame in frames for row in rows(frame)]


def compare(spark, inputs, out):
    use_vectorised_reader(spark, True)
    # A schema comes from the file's own row metadata where it has some, comments included.
    schema = spark.read.parquet(out).schema
    expected_schema, expected = expected_of(spark, tuple(inputs))
    same(f"schema of {out}", expected_schema, schema.json())
    for is_vectorised in (True, False):
        use_vectorised_reader(spark, is_vectorised)
        found = rows(spark.read.schema(schema).parquet(out))
        what = f"{out} ({'vectorised' if is_vectorised else 'not vectorised'})"
        same(f"number of rows of {what}", len(expected), len(found))
        for number, (want, have) in enumerate(zip(expected, found)):
            same(f"row {number} of {what}", want, have)
    comments = sum("comment" in field.metadata for field in schema.fields)
    return {"rows": len(expected), "columns": len(schema.fields), "comments": comments}


def conditions(expected, rng):
    """Comparisons of every column with values that are there, a few for each: each is a scan."""
    made = []
    for field in expected.schema.fields:
        column, kind = f.col(f"`{field.name}`"), field.dataType
        is_float = isinstance(kind, (t.FloatType, t.DoubleType))
        made.append(column.isNull())
        if isinstance(kind, (t.ArrayType, t.MapType, t.StructType)):
            continue
        present = [row[0] for row in expected.select(column).where(column.isNotNull()).collect()]
        if not present:
            continue
        values = [bytes(one) if isinstance(one, bytearray) else one for one in rng.sample(present, min(4, len(present)))]
        if is_float:
            # parquet-java's filter by dictionaries takes -0.0 for a value of its own, in files of Spark too: nobody
            # should ask for it. Asked for 0.0 it must find both.
            values = [one + 0.0 for one in values]
        literals = [f.lit(one).cast(kind) for one in values]
        made += [column == literals[0], column < literals[1 % len(values)], column >= literals[-1]]
        made.append(column.isin(literals))
        if isinstance(kind, t.StringType):
            made.append(column.startswith("row 1"))
        if is_float:
            # Zeros and NaN are where readers and writers of statistics differ.
            made += [column == f.lit(0.0).cast(kind), column > f.lit(0.0).cast(kind), f.isnan(column)]
    return made


def ask(spark, inputs, out):
    expected = spark.read.parquet(*inputs).cache()
    asked = conditions(expected, random.Random(SEED))
    # All at once over what is in memory already: nothing is skipped there.
    counts = list(expected.agg(*(f.count_if(condition) for condition in asked)).collect()[0])
    for is_vectorised in (True, False):
        use_vectorised_reader(spark, is_vectorised)
        merged = spark.read.schema(expected.schema).parquet(out)
        # A scan of its own for each, with its own filters; one job for many, as a job costs more than a scan.
        found = []
        for start in range(0, len(asked), 40):
            scans = [merged.where(condition).agg(f.count("*")) for condition in asked[start : start + 40]]
            found += [row[0] for row in functools.reduce(lambda one, other: one.union(other), scans).collect()]
        for condition, want, have in zip(asked, counts, found):
            same(f"rows of {out} where {condition} ({'' if is_vectorised else 'not '}vectorised)", want, have)
    expected.unpersist()
    return {"conditions": len(asked)}


def answer(spark, request):
    try:
        if request["do"] == "write":
            return write(spark, request["directory"])
        if request["do"] == "compare":
            return compare(spark, request["inputs"], request["out"])
        return ask(spark, request["inputs"], request["out"])
    except Exception as problem:  # Told to whoever asked, who ends the test with it.
        return {"problem": f"{type(problem).__name__}: {problem}"[:4000]}


def main():
    # Whatever else prints must not get between the replies.
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    started = datetime.datetime.now()
    spark = start()
    parquet_java = spark.sparkContext._jvm.org.apache.parquet.Version.VERSION_NUMBER
    seconds = (datetime.datetime.now() - started).total_seconds()
    print(json.dumps({"spark": spark.version, "parquetJava": parquet_java, "startSeconds": round(seconds, 1)}), file=replies, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(spark, json.loads(line))), file=replies, flush=True)
    spark.stop()


if __name__ == "__main__":
    main()
