"""Writes files of several schemas, and holds a merged file against them as others read both.

usage: evolution_witness.py write DIRECTORY    writes DIRECTORY/together/<case>/<number>.parquet, and pairs that do not
                                               go together: DIRECTORY/apart/<case>.parquet and <case>.other.parquet
       evolution_witness.py judge DIRECTORY    holds DIRECTORY/together/<case>.merged.parquet against its files

`judge` prints a JSON object with a list of sentences for each case: what pyarrow (tables put together by name with
wider types), DuckDB (union_by_name) and polars (diagonal_relaxed) find wrong. Empty lists are what is wanted.
"""

import datetime
import decimal
import json
import pathlib
import sys

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq


def tables():
    """Per case, tables as a writer makes them whose schema changes from day to day."""
    day = [datetime.date(2025, 8, 15), None, datetime.date(1960, 1, 1)]
    point = pa.struct([("x", pa.int32()), ("y", pa.float32())])
    wider = pa.struct([("x", pa.int64()), ("z", pa.string()), ("y", pa.float64())])
    return {
        "new-and-missing": [
            pa.table({"id": pa.array([1, 2], pa.int64()), "old": ["a", None]}),
            pa.table({"id": pa.array([3], pa.int64()), "new": pa.array([[1, None], ][:1], pa.list_(pa.int32()))}),
            pa.table({"new": pa.array([None, [], [7]], pa.list_(pa.int32())), "id": pa.array([4, 5, 6], pa.int64())}),
        ],
        "wider": [
            pa.table({"i": pa.array([-1, None, 2**31 - 1], pa.int32()), "f": pa.array([0.1, -0.0, None], pa.float32())}),
            pa.table({"i": pa.array([2**60], pa.int64()), "f": pa.array([0.1], pa.float64())}),
        ],
        "nested": [
            pa.table({"p": pa.array([{"x": 1, "y": 0.5}, None, {"x": None, "y": None}], point), "d": pa.array(day)}),
            pa.table({"p": pa.array([{"x": 2**40, "z": "z", "y": 1e300}, None], wider)}),
        ],
        "in-lists": [
            pa.table({"l": pa.array([[{"x": 1, "y": 2.0}, None], [], None], pa.list_(point))}),
            pa.table({"l": pa.array([[{"x": 2, "z": "q", "y": 3.0}], None], pa.list_(wider))}),
        ],
        "nullability": [
            pa.table([[1, 2]], schema=pa.schema([pa.field("a", pa.int64(), nullable=False)])),
            pa.table({"a": pa.array([None, 3], pa.int64()), "m": pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int32()))}),
            pa.table({"b": pa.array([True]), "t": pa.array([decimal.Decimal("1.50")], pa.decimal128(9, 2)).cast(pa.decimal128(9, 2))}),
        ],
    }


def apart():
    """Per case, a column of which only Arrow's own schema says what it is: beside a file with another column it must stay."""
    zone = pa.timestamp("us", tz="Europe/Zurich")
    described = pa.field("a", pa.int64(), metadata={"unit": "km/h"})
    columns = {
        "time-zone": pa.array([1, 2], zone),
        "dictionary": pa.array(["x", "y"]).dictionary_encode(),
        "large-string": pa.array(["x", "y"], pa.large_string()),
        "duration": pa.array([1, 2], pa.duration("ms")),
        "fixed-size-list": pa.array([[1, 2], [3, 4]], pa.list_(pa.int32(), 2)),
        "null": pa.nulls(2),
        "seconds": pa.array([1, 2], pa.time32("s")),
        "in-a-struct": pa.array([{"x": b"1"}, None], pa.struct([("x", pa.large_binary())])),
        "in-a-list": pa.array([[1], None], pa.list_(pa.duration("us"))),
    }
    cases = {name: pa.table({"a": column}) for name, column in columns.items()}
    cases["field-metadata"] = pa.table([pa.array([1, 2])], schema=pa.schema([described]))
    return cases


def write(directory):
    (directory / "apart").mkdir(parents=True)
    for case, table in apart().items():
        pq.write_table(table, directory / "apart" / f"{case}.parquet")
        other = table.append_column("b", pa.array([1, 2]))
        pq.write_table(other, directory / "apart" / f"{case}.other.parquet")
    directory = directory / "together"
    for case, parts in tables().items():
        folder = directory / case
        folder.mkdir(parents=True)
        for number, table in enumerate(parts):
            pq.write_table(table, folder / f"{number}.parquet", data_page_version=["1.0", "2.0"][number % 2])


def problems(inputs, merged):
    found = []
    parts = [pq.read_table(path) for path in inputs]
    expected = pa.concat_tables(parts, promote_options="permissive")
    table = pq.read_table(merged)
    if table.schema.names != expected.schema.names:
        found.append(f"pyarrow: columns {expected.schema.names}, found {table.schema.names}")
    elif not table.cast(expected.schema).equals(expected):
        found.append(f"pyarrow: expected {expected.to_pylist()}, found {table.to_pylist()}")
    if [field.type for field in table.schema] != [field.type for field in expected.schema]:
        found.append(f"pyarrow: types {expected.schema}, found {table.schema}")
    found += duckdb_problems(inputs, merged)
    found += polars_problems(inputs, merged)
    return found


def duckdb_problems(inputs, merged):
    names = [str(path) for path in inputs]
    want = duckdb.sql(f"SELECT * FROM read_parquet({names}, union_by_name = true)").fetchall()
    have = duckdb.sql(f"SELECT * FROM read_parquet('{merged}')").fetchall()
    return [] if repr(want) == repr(have) else [f"DuckDB: expected {want}, found {have}"]


def polars_problems(inputs, merged):
    try:
        want = pl.concat([pl.read_parquet(path) for path in inputs], how="diagonal_relaxed")
    except pl.exceptions.PolarsError:
        # It does not put structs of other fields together.
        want = None
    have = pl.read_parquet(merged)
    if want is None or want.equals(have, null_equal=True):
        return []
    return [f"polars: expected {want.rows()}, found {have.rows()}"]


def main():
    what, directory = sys.argv[1], pathlib.Path(sys.argv[2])
    if what == "write":
        write(directory)
        return
    directory = directory / "together"
    cases = {
        case: problems(sorted((directory / case).glob("*.parquet")), directory / f"{case}.merged.parquet")
        for case in tables()
    }
    print(json.dumps(cases))


main()
