"""Holds merged files with copied chunks against their inputs, as three readers and those that skip pages see them.

usage: copied_witness.py DIRECTORY   (inputs are DIRECTORY/<writer>/*.parquet in name order, DIRECTORY/<writer>.parquet is merged)
"""

import json
import pathlib
import random
import sys
import warnings

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from page_index_inputs import SCHEMA
from page_index_witness import ask_datafusion, ask_duckdb, conditions, datafusion

QUESTIONS = 60


def equal(reader, writer, expected, found):
    if expected != found:
        sys.exit(f"{reader}: the rows of {writer} are not those of its inputs")


def main():
    directory = pathlib.Path(sys.argv[1])
    warnings.simplefilter("ignore")
    facts = {}
    for folder in sorted(path for path in directory.iterdir() if path.is_dir()):
        writer = folder.name
        inputs = [str(path) for path in sorted(folder.glob("*.parquet"))]
        merged = str(directory / f"{writer}.parquet")
        table = pa.concat_tables([pq.ParquetFile(path).read() for path in inputs])
        # NaN is not equal to itself, its text is.
        equal("pyarrow", writer, repr(table.to_pylist()), repr(pq.ParquetFile(merged, page_checksum_verification=True).read().to_pylist()))
        equal("polars", writer, repr(pl.read_parquet(inputs).rows()), repr(pl.read_parquet(merged).rows()))
        rows = [duckdb.sql(f"SELECT * FROM read_parquet({paths!r}) ORDER BY n").fetchall() for paths in (inputs, [merged])]
        equal("DuckDB", writer, repr(rows[0]), repr(rows[1]))
        # Some give text and bytes types of their own.
        table = table.cast(SCHEMA)
        rng = random.Random(writer)
        asked = rng.sample(list(conditions(table, rng)), QUESTIONS)
        ask_duckdb(table, merged, asked)
        if datafusion is not None:
            ask_datafusion(table, merged, asked)
        facts[writer] = {"rows": table.num_rows, "asked": len(asked)}
    print(json.dumps(facts))


if __name__ == "__main__":
    main()
