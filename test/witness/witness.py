"""Reads a merged file with pyarrow, DuckDB and polars and holds it against the files it was made of.

usage: witness.py DIRECTORY OUT [DIRECTORY OUT ...]   (the inputs are DIRECTORY/*.parquet in name order)

Checks that all of them find the same rows in the same order (by bits, see columns.py), the same schema down to
field ids, the inputs' key-value metadata, statistics that are true, and that no predicate loses a row.
Prints one line of JSON with what was compared for each file; exits with 1 and a sentence at the first difference.
"""

import decimal
import json
import pathlib
import random
import sys
import warnings

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from columns import digest

STAMP = b"parquet-consolidator.stamp"


def arrow_table(result):
    # DuckDB before 2.0 has the older name only, DuckDB 2.0 the newer one, with a warning about an extra copy.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fetch = getattr(result, "to_arrow_table", None) or result.fetch_arrow_table
        return fetch()


def same(what, expected, found):
    if expected != found:
        sys.exit(f"{what}: expected {expected}, found {found}")


def same_rows(reader, expected, found):
    same(f"{reader}: columns", expected.column_names, found.column_names)
    same(f"{reader}: rows", expected.num_rows, found.num_rows)
    for name in expected.column_names:
        same(f"{reader}: type of {name}", expected[name].type, found[name].type)
        if digest(expected[name]) != digest(found[name]):
            sys.exit(f"{reader}: values of {name} differ; {first_difference(expected[name], found[name])}")


def first_difference(expected, found):
    for row, (want, have) in enumerate(zip(expected, found)):
        if repr(want) != repr(have):
            return f"first in row {row}: expected {want!r}, found {have!r}"
    return "in bits only"


def without_stamp(metadata):
    return {key: value for key, value in (metadata or {}).items() if key != STAMP}


def check_pyarrow(inputs, out):
    first, merged = pq.ParquetFile(inputs[0]), pq.ParquetFile(out)
    same("pyarrow: Parquet schema", str(first.schema).split("\n")[1:], str(merged.schema).split("\n")[1:])
    if not first.schema.equals(merged.schema):
        sys.exit("pyarrow: the Parquet schemas differ")
    same("pyarrow: metadata", without_stamp(first.metadata.metadata), without_stamp(merged.metadata.metadata))
    if STAMP not in (merged.metadata.metadata or {}):
        sys.exit("pyarrow: the merged file does not carry its stamp")
    expected = pa.concat_tables([pq.ParquetFile(path).read() for path in inputs])
    found = merged.read()
    for want, have in zip(expected.schema, found.schema):
        if not want.equals(have, check_metadata=True):
            sys.exit(f"pyarrow: field {want} {want.metadata} became {have} {have.metadata}")
    same_rows("pyarrow", expected, found)
    return expected, merged


def check_duckdb(connection, inputs, out):
    described = "SELECT * EXCLUDE (file_name) FROM parquet_schema(?)"
    same(
        "DuckDB: schema",
        connection.execute(described, [inputs[0]]).fetchall(),
        connection.execute(described, [out]).fetchall(),
    )
    metadata = "SELECT key, value FROM parquet_kv_metadata(?) ORDER BY key"
    same(
        "DuckDB: metadata",
        connection.execute(metadata, [inputs[0]]).fetchall(),
        [pair for pair in connection.execute(metadata, [out]).fetchall() if pair[0] != STAMP],
    )
    # A table of its own, so that what it is asked later is not answered by anybody's statistics.
    read = "SELECT * FROM read_parquet(?, hive_partitioning = false)"
    connection.execute(f"CREATE TABLE inputs AS {read}", [inputs])
    expected = arrow_table(connection.execute("SELECT * FROM inputs"))
    same_rows("DuckDB", expected, arrow_table(connection.execute(read, [out])))


def check_polars(inputs, out):
    """Returns what polars reads of the inputs, for its own questions."""
    # As it gives Arrow data away to old readers: without views, which the digest does not know.
    oldest = pl.CompatLevel.oldest()
    read = lambda path: pl.read_parquet(path, hive_partitioning=False)
    expected = pl.concat([read(path) for path in inputs], rechunk=True)
    same_rows("polars", expected.to_arrow(compat_level=oldest), read(out).to_arrow(compat_level=oldest))
    return expected


def check_statistics(merged):
    """Null counts exact, extremes never inside the values; returns how many chunks had extremes."""
    bounded = 0
    for number in range(merged.num_row_groups):
        group = merged.metadata.row_group(number)
        table = merged.read_row_group(number)
        for index in range(group.num_columns):
            chunk = group.column(index)
            path = chunk.path_in_schema
            if chunk.statistics is None or path not in table.column_names:
                continue
            values = table[path]
            same(f"nulls of {path} in row group {number}", values.null_count, chunk.statistics.null_count)
            if not chunk.statistics.has_min_max:
                continue
            bounded += 1
            least, greatest = extremes(values)
            stated = (stated_value(chunk, chunk.statistics.min_raw), stated_value(chunk, chunk.statistics.max_raw))
            if not (stated[0] <= least and greatest <= stated[1]):
                sys.exit(f"{path} in row group {number}: {stated} does not hold {least} to {greatest}")
    return bounded


def extremes(values):
    """Least and greatest value as Python compares them: NaN left out, times and days as integers, text as bytes."""
    kind = values.type
    if pa.types.is_float16(kind):
        numbers = values.drop_null().to_numpy().astype(np.float32)
        return float(np.nanmin(numbers)), float(np.nanmax(numbers))
    if pa.types.is_floating(kind):
        values = values.filter(pc.invert(pc.is_nan(values)))
    elif pa.types.is_temporal(kind):
        values = values.cast(pa.int32() if kind.bit_width == 32 else pa.int64())
    elif pa.types.is_boolean(kind):
        values = values.cast(pa.uint8())
    elif pa.types.is_string(kind):
        values = values.cast(pa.binary())
    found = pc.min_max(values).as_py()
    return found["min"], found["max"]


def stated_value(chunk, raw):
    """A statistic as it stands in the footer, as a value that compares with what `extremes` gives."""
    logical = str(chunk.statistics.logical_type)
    if "Decimal" in logical:
        unscaled = int.from_bytes(raw, "big", signed=True) if isinstance(raw, bytes) else raw
        scale = int(logical.split("scale=")[1].rstrip(")"))
        with decimal.localcontext() as context:
            context.prec = 40
            return decimal.Decimal(unscaled).scaleb(-scale)
    if "Float16" in logical:
        return float(np.frombuffer(raw, np.float16)[0])
    if "isSigned=false" in logical and raw < 0:
        return raw + (2**64 if chunk.physical_type == "INT64" else 2**32)
    return raw


def literals(column):
    """A few values of a column to ask for, as an array of its type: some at random, the extremes where there are any."""
    present = column.drop_null().combine_chunks()
    if len(present) == 0:
        return present
    rng = random.Random(len(present))
    picked = [rng.randrange(len(present)) for _ in range(4 if len(present) < 50_000 else 1)]
    for find in (pc.min, pc.max):
        try:
            picked.append(pc.index(present, find(present)).as_py())
        except pa.ArrowNotImplementedError:
            continue
    return present.take(pa.array([row for row in picked if row >= 0]))


def ask_pyarrow(table, out):
    """What the inputs satisfy so many times, the merged file satisfies as often; returns how much was asked."""
    asked = 0
    for field in table.schema:
        if pa.types.is_nested(field.type):
            continue
        values = table.select([field.name]).combine_chunks()
        for scalar in literals(table[field.name]):
            column = pc.field(field.name)
            try:
                for condition in (column == scalar, column <= scalar):
                    expected = values.filter(condition).num_rows
                    found = pq.read_table(out, columns=[field.name], filters=condition).num_rows
                    same(f"pyarrow: rows where {condition}", expected, found)
                    asked += 1
            except pa.ArrowNotImplementedError:
                break  # pyarrow cannot compare values of this type
    return asked


def ask_duckdb(connection, table, out):
    """The same of DuckDB, by its own reading of the inputs."""
    asked = 0
    for field in table.schema:
        if pa.types.is_nested(field.type):
            continue
        name = f'"{field.name}"'
        conditions = [f"{name} IS NULL", f"{name} IS NOT NULL"]
        # As text, so that they stand in the query as constants: those are what row groups are skipped by.
        picked = f"""
            SELECT CAST(v AS VARCHAR), typeof(v) FROM (
                SELECT min({name}) AS v FROM inputs UNION SELECT max({name}) FROM inputs
                UNION (SELECT {name} FROM inputs WHERE rowid % 97 = 13 AND {name} IS NOT NULL LIMIT 3)
            ) WHERE v IS NOT NULL"""
        for text, kind in connection.execute(picked).fetchall():
            quoted = text.replace("'", "''")
            conditions += [f"{name} {operator} CAST('{quoted}' AS {kind})" for operator in ("=", ">=")]
        for condition in conditions:
            query = f"SELECT count(*) FROM {{}} WHERE {condition}"
            expected = connection.execute(query.format("inputs")).fetchall()
            found = connection.execute(query.format(f"read_parquet('{out}')")).fetchall()
            same(f"DuckDB: rows where {condition}", expected, found)
            asked += 1
    return asked


def ask_polars(expected, out):
    """The same of polars, lazily, so that it may skip by statistics."""
    asked = 0
    for name, kind in expected.schema.items():
        if kind.is_nested() or kind == pl.Null:
            continue
        column = pl.col(name)
        present = expected[name].drop_nulls()
        conditions = [column.is_null(), column.is_not_null()]
        for row in range(0, len(present), max(1, len(present) // 3)):
            try:
                value = present[row]
            except (ValueError, OverflowError):
                continue  # a year that Python cannot say
            conditions += [column == pl.lit(value, kind), column >= pl.lit(value, kind)]
        for condition in conditions:
            want = expected.lazy().filter(condition).select(pl.len()).collect().item()
            found = pl.scan_parquet(out, hive_partitioning=False).filter(condition).select(pl.len()).collect().item()
            same(f"polars: rows where {condition}", want, found)
            asked += 1
    return asked


def judge(directory, out):
    inputs = sorted(str(path) for path in pathlib.Path(directory).glob("*.parquet"))
    connection = duckdb.connect()
    connection.execute("SET preserve_insertion_order = true")
    table, merged = check_pyarrow(inputs, out)
    check_duckdb(connection, inputs, out)
    frame = check_polars(inputs, out)
    bounded = check_statistics(merged)
    asked = ask_pyarrow(table, out) + ask_duckdb(connection, table, out) + ask_polars(frame, out)
    facts = {
        "files": len(inputs),
        "rows": table.num_rows,
        "columns": merged.metadata.num_columns,
        "rowGroups": merged.num_row_groups,
        "boundedChunks": bounded,
        "predicates": asked,
    }
    print(json.dumps(facts))


def main():
    for directory, out in zip(sys.argv[1::2], sys.argv[2::2]):
        judge(directory, out)


if __name__ == "__main__":
    main()
