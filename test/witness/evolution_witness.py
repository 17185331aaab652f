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
        "one-without-schema": [
            pa.table({"a": pa.array([1, 2]), "l": pa.array([["x"], None])}),
            pa.table({"a": pa.array([3]), "b": pa.array(["x"])}),
        ],
        "arrow-types": arrow_types(),
        "categories": [pa.table({"c": category(n), **extra}) for n, extra in [(0, {}), (1, {"b": [1] * 100}), (2, {})]],
    }


def category(number):
    """100 values in a dictionary with indices of 8 bits, which cannot tell 300 apart."""
    made = pa.array([f"{number}-{i}" for i in range(100)]).dictionary_encode()
    return pa.DictionaryArray.from_arrays(made.indices.cast(pa.int8()), made.dictionary)


def arrow_types():
    """Columns of which only Arrow's own schema says what they are."""
    zone = pa.timestamp("us", tz="Europe/Zurich")
    first = pa.table({
        "ts": pa.array([1, None], zone),
        "cat": pa.array(["x", "y"]).dictionary_encode(),
        "big": pa.array(["x", None], pa.large_string()),
        "dur": pa.array([1, 2], pa.duration("ms")),
        "fsl": pa.array([[1, 2], None], pa.list_(pa.int32(), 2)),
        "i": pa.array([1, 2], pa.int32()),
        "s": pa.array([{"x": b"1", "n": 1}, None], pa.struct([("x", pa.large_binary()), ("n", pa.int32())])),
        "t": pa.array([1, 2], pa.time32("s")),
        "m": pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.duration("us"))),
    })
    described = first.schema.field("dur").with_metadata({"unit": "ms", "für": "Länge"})
    first = first.cast(first.schema.set(3, described))
    fields = [("n", pa.int64()), ("x", pa.large_binary()), ("z", pa.float16())]
    second = pa.table({
        "new": pa.array([[1], None, []], pa.large_list(pa.duration("us"))),
        "i": pa.array([2**40, 2, 3], pa.int64()),
        "s": pa.array([{"n": 2**40, "x": None, "z": 1.5}, None, None], pa.struct(fields)),
        "ts": pa.array([1, None, 3], zone),
        "nul": pa.nulls(3),
        "dec": pa.array([None, None, 1], pa.decimal128(5, 0)),
    })
    return [first, second]


def apart():
    """Per case, two columns whose Parquet types agree and whose Arrow types do not."""
    text = pa.array(["x", "y"])
    instants = pa.array([1, 2], pa.timestamp("us", tz="UTC"))
    cases = {
        "time-zone": (instants, instants.cast(pa.timestamp("us", tz="Europe/Zurich"))),
        "dictionary": (text, text.dictionary_encode()),
        "large-string": (text, text.cast(pa.large_string())),
        "duration": (pa.array([1, 2], pa.duration("ms")), pa.array([1, 2], pa.int64())),
        "unit": (pa.array([1, 2], pa.duration("ms")), pa.array([1, 2], pa.duration("us"))),
        "in-a-list": (pa.array([[1], None], pa.list_(pa.duration("us"))), pa.array([[1], None], pa.list_(pa.int64()))),
    }
    return {name: [pa.table({"a": column}) for column in pair] for name, pair in cases.items()}


def write(directory):
    (directory / "apart").mkdir(parents=True)
    for case, (one, other) in apart().items():
        pq.write_table(one, directory / "apart" / f"{case}.parquet")
        pq.write_table(other.append_column("b", pa.array([1, 2])), directory / "apart" / f"{case}.other.parquet")
    # Only one of these says what its column is, and says it in Arrow's own schema alone.
    durations = pa.table({"a": pa.array([1, 2], pa.duration("ms"))})
    pq.write_table(durations, directory / "apart" / "no-schema.parquet")
    numbers = pa.table({"b": pa.array([1, 2])})
    pq.write_table(numbers, directory / "apart" / "no-schema.other.parquet", store_schema=False)
    directory = directory / "together"
    for case, parts in tables().items():
        folder = directory / case
        folder.mkdir(parents=True)
        for number, table in enumerate(parts):
            stores = case != "one-without-schema" or number == 0
            pq.write_table(
                table,
                folder / f"{number}.parquet",
                data_page_version=["1.0", "2.0"][number % 2],
                store_schema=stores,
            )
    folder = directory / "polars"
    folder.mkdir()
    pl.DataFrame({"a": ["x", None], "c": pl.Series(["k", "l"], dtype=pl.Categorical)}).write_parquet(folder / "0.parquet")
    pl.DataFrame({"b": [["x"], None], "a": ["y", "z"]}).write_parquet(folder / "1.parquet")


def wide(field):
    """A dictionary's indices get 32 bits: files of few values each may have many together."""
    kind = field.type
    if not pa.types.is_dictionary(kind):
        return field
    return field.with_type(pa.dictionary(pa.int32(), kind.value_type, kind.ordered))


def widened(table):
    return table.cast(pa.schema([wide(field) for field in table.schema], metadata=table.schema.metadata))


def problems(inputs, merged):
    found = []
    parts = [widened(pq.read_table(path)) for path in inputs]
    expected = pa.concat_tables(parts, promote_options="permissive")
    table = pq.read_table(merged)
    if not table.schema.equals(expected.schema, check_metadata=True):
        found.append(f"pyarrow: schema {expected.schema}, found {table.schema}")
    # Of equal dictionaries, those of different chunks may have their entries in another order.
    elif not table.combine_chunks().equals(expected.combine_chunks()):
        found.append(f"pyarrow: expected {expected.to_pylist()}, found {table.to_pylist()}")
    found += duckdb_problems(inputs, merged)
    found += polars_problems(inputs, merged)
    return found


def duckdb_problems(inputs, merged):
    names = [str(path) for path in inputs]
    want = duckdb.sql(f"SELECT * FROM read_parquet({names}, union_by_name = true)").to_arrow_table()
    have = duckdb.sql(f"SELECT * FROM read_parquet('{merged}')").to_arrow_table()
    return [] if want.combine_chunks().equals(have.combine_chunks()) else [f"DuckDB: expected {want}, found {have}"]


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
    folders = [folder for folder in directory.iterdir() if folder.is_dir()]
    cases = {
        folder.name: problems(sorted(folder.glob("*.parquet")), directory / f"{folder.name}.merged.parquet")
        for folder in folders
    }
    print(json.dumps(cases))


main()
