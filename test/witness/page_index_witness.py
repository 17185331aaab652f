"""Asks readers that skip row groups and pages for rows of a merged file, and holds the answers against the inputs.

usage: page_index_witness.py DIRECTORY OUT   (the inputs are DIRECTORY/*.parquet in name order)

DataFusion goes by page index and Bloom filters, DuckDB by Bloom filters and the statistics of row groups, polars and pyarrow
by the latter. Every reader answers each
question twice: from the merged file, and from the rows of the inputs in memory, where nothing can be skipped. Prints one
line of JSON with how much was asked and skipped; exits with 1 and a sentence at the first difference.
"""

import json
import pathlib
import random
import re
import sys
import warnings

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

try:
    import datafusion
except ImportError:
    datafusion = None  # it does not install on every Python that the others do

LITERALS_PER_COLUMN = 4


def literal(value):
    """A value as SQL that DataFusion and DuckDB read alike."""
    kind = value.type
    text = value.as_py()
    if pa.types.is_string(kind):
        return "'" + text.replace("'", "''") + "'"
    if pa.types.is_floating(kind):
        return f"CAST('{text!r}' AS DOUBLE)"
    if pa.types.is_decimal(kind):
        return f"CAST('{text}' AS DECIMAL({kind.precision}, {kind.scale}))"
    if pa.types.is_timestamp(kind):
        return f"TIMESTAMP '{text.isoformat(sep=' ')}'"
    if pa.types.is_date(kind):
        return f"DATE '{text.isoformat()}'"
    if pa.types.is_boolean(kind):
        return "true" if text else "false"
    return str(text)


def picked(column, rng):
    """Some values of a column, its least and greatest among them."""
    present = column.drop_null().combine_chunks()
    if pa.types.is_floating(present.type):
        present = present.filter(pc.invert(pc.is_nan(present)))
    if len(present) == 0:
        return []
    rows = [rng.randrange(len(present)) for _ in range(LITERALS_PER_COLUMN)]
    found = [present[row] for row in rows]
    if not pa.types.is_binary(present.type):
        found += [pc.min(present), pc.max(present)]
    return found


def conditions(table, rng):
    for field in table.schema:
        name = f'"{field.name}"'
        yield f"{name} IS NULL"
        yield f"{name} IS NOT NULL"
        if pa.types.is_binary(field.type):
            continue
        values = [literal(value) for value in picked(table[field.name], rng)]
        for value in values:
            for operator in ("=", "<", ">=", "<>"):
                yield f"{name} {operator} {value}"
        if len(values) >= 2:
            yield f"{name} BETWEEN {values[0]} AND {values[1]}"
            yield f"{name} IN ({values[0]}, {values[1]})"
            yield f"{name} = {values[0]} AND n % 3 = 1"
            yield f"{name} > {values[1]} OR near IS NULL"


def same(reader, condition, expected, found):
    if expected != found:
        lost = sorted(set(expected) - set(found))
        more = sorted(set(found) - set(expected))
        sys.exit(f"{reader}: WHERE {condition}: lost rows {lost[:9]}, has too many {more[:9]}")


def ask_datafusion(table, out, asked):
    config = datafusion.SessionConfig(
        {
            "datafusion.execution.parquet.enable_page_index": "true",
            "datafusion.execution.parquet.pushdown_filters": "true",
            "datafusion.execution.parquet.reorder_filters": "true",
            "datafusion.execution.parquet.bloom_filter_on_read": "true",
        }
    )
    context = datafusion.SessionContext(config)
    context.register_parquet("merged", out)
    context.register_record_batches("inputs", [table.to_batches()])

    def rows(name, condition):
        result = context.sql(f"SELECT n FROM {name} WHERE {condition}").to_pydict()
        return sorted(result["n"])

    skipped = 0
    for condition in asked:
        same("DataFusion", condition, rows("inputs", condition), rows("merged", condition))
        if condition.startswith(('"near" =', '"text" =', '"down" =')):
            plan = context.sql(f"EXPLAIN ANALYZE SELECT n FROM merged WHERE {condition}").to_pydict()
            pages = re.search(r"page_index_pages_pruned=(\d+) total → (\d+) matched", str(plan))
            skipped += pages is not None and int(pages[1]) > int(pages[2])
    return skipped


def ask_duckdb(table, out, asked):
    connection = duckdb.connect()
    # A table of its own: what it is asked must not be answered by statistics of the inputs' files.
    connection.register("arrow", table)
    connection.execute("CREATE TABLE inputs AS SELECT * FROM arrow")

    def rows(name, condition):
        return sorted(n for (n,) in connection.execute(f"SELECT n FROM {name} WHERE {condition}").fetchall())

    for condition in asked:
        same("DuckDB", condition, rows("inputs", condition), rows(f"read_parquet('{out}')", condition))
    probed = 0
    for stranger in range(-1000, -900):
        probe = f"SELECT count(*) FROM parquet_bloom_probe('{out}', 'near', {stranger * 7919}) WHERE bloom_filter_excludes"
        probed += connection.execute(probe).fetchone()[0] > 0
    return probed


def ask_arrays(table, out, rng):
    """pyarrow and polars, by expressions of their own."""
    count = 0
    frame = pl.from_arrow(table)
    scan = pl.scan_parquet(out)
    for field in table.schema:
        for value in picked(table[field.name], rng):
            column = pc.field(field.name)
            for name, condition in (("==", column == value), ("<=", column <= value), (">", column > value)):
                question = f"{field.name} {name} {value.as_py()!r}"
                found = pq.read_table(out, columns=["n"], filters=condition)["n"].to_pylist()
                same("pyarrow", question, table.filter(condition)["n"].to_pylist(), found)
                other = pl.lit(pl.from_arrow(pa.array([value.as_py()], field.type))[0], frame.schema[field.name])
                theirs = {"==": pl.col(field.name) == other, "<=": pl.col(field.name) <= other}
                expression = theirs.get(name, pl.col(field.name) > other)
                expected = frame.filter(expression)["n"].to_list()
                same("polars", question, expected, scan.filter(expression).select("n").collect()["n"].to_list())
                count += 2
    return count


def main():
    directory, out = sys.argv[1:]
    warnings.simplefilter("ignore")
    rng = random.Random(out)
    inputs = sorted(pathlib.Path(directory).glob("*.parquet"))
    table = pa.concat_tables([pq.ParquetFile(path).read() for path in inputs])
    asked = list(conditions(table, rng))
    facts = {"rows": table.num_rows, "predicates": len(asked) + ask_arrays(table, out, rng)}
    facts["excludedByBloomFilters"] = ask_duckdb(table, out, asked)
    if datafusion is not None:
        facts["questionsThatSkippedPages"] = ask_datafusion(table, out, asked)
        facts["predicates"] += len(asked)
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
